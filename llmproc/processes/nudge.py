"""Signals that readline would sleep through: its reader prints the prompt, and only then begins to wait for a key.

Used by the prompt loop's readline source. Python's handlers run in the main thread, when its wait is interrupted. A
signal that comes between the prompt and the wait interrupts nothing: Ctrl-C typed at the first glimpse of `>>> ` would
be heard with the next key only. So for each signal a thread interrupts the main thread a few times more, by SIGURG,
which means nothing here.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading

_PAUSES_S = (
    0.02,
    0.1,
    0.5,
)  # the main thread is between prompt and wait for microseconds, a busy machine's for longer


class Nudge:
    """A thread that interrupts the main thread's wait after each signal. Made and closed by the main thread."""

    def __init__(self) -> None:
        """Begin. What used the signals' wakeup descriptor before has it back at `close`."""
        self._read, self._write = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(self._write, False)
        self._old_handler = signal.signal(signal.SIGURG, lambda number, frame: None)
        self._old_fd = signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        self._closed = threading.Event()
        self._main = threading.main_thread().ident or 0
        self._thread = threading.Thread(target=self._run, name="nudge", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread; twice is fine."""
        if self._closed.is_set():
            return
        self._closed.set()
        signal.set_wakeup_fd(self._old_fd)
        os.write(self._write, b"\0")
        self._thread.join()
        signal.signal(signal.SIGURG, self._old_handler)
        for fd in (self._read, self._write):
            os.close(fd)

    def _run(self) -> None:
        while not self._closed.is_set():
            if set(os.read(self._read, 64)) - {0, signal.SIGURG}:
                for pause in _PAUSES_S:
                    if self._closed.wait(pause):
                        return
                    with contextlib.suppress(ProcessLookupError):
                        signal.pthread_kill(self._main, signal.SIGURG)
