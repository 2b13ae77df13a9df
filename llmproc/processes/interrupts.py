"""What a signal means to the prompt loop. Handlers set a flag, write a wakeup byte (cancel) or, while idle, raise.

SIGINT while idle                        ends the program
SIGINT while generating                  cancels the answer; a second one ends the program (--course: the first)
SIGTERM, SIGHUP                          end the program
ignored from the start                   stays so: nohup, or a job that a script put into the background
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupts:
    """Signal handlers for the life of the loop; `ended_by` is the signal that ends the program, 0 while none did."""

    def __init__(self, first_ends: bool, ctrl_c_anyhow: bool = False) -> None:
        """Install the handlers. `ctrl_c_anyhow`: handle SIGINT even if the parent process had set it to be ignored."""
        self._first_ends = first_ends
        self._cancel: Callable[[], None] | None = None
        self._cancelled = False
        self._idle = False
        self.ended_by = 0
        self.again = False  # a signal came after the one that ends the program
        taken = (signal.SIGINT,) if ctrl_c_anyhow else ()
        wanted = [n for n in _ENDING if n in taken or signal.getsignal(n) is not signal.SIG_IGN]
        self._old = {number: signal.signal(number, self._handle) for number in wanted}

    def restore(self) -> None:
        """Put the former handlers back."""
        for number, handler in self._old.items():
            signal.signal(number, handler)

    def idle(self, on: bool) -> None:
        """Say whether the loop waits for input. A signal that ended the program in between raises here."""
        self._idle = on
        if on and self.ended_by:
            raise KeyboardInterrupt

    def generating(self, cancel: Callable[[], None] | None) -> None:
        """Set how to cancel the answer being made; None when there is none."""
        self._cancel, self._cancelled = cancel, False
        if self.ended_by:
            self._cancel_once()

    def interrupted(self) -> None:
        """End the program as SIGINT would: a terminal's reader took Ctrl-C as a key, so no signal came."""
        self.ended_by = self.ended_by or signal.SIGINT

    def end_from_thread(self) -> None:
        """Wake the loop if it waits for input: another thread has found that the program must end."""
        if self._idle:
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self.again = self.again or bool(self.ended_by)
        first = self._cancel is not None and not self._cancelled
        if number != signal.SIGINT or self._idle or self._first_ends or not first:
            self.ended_by = self.ended_by or number
        self._cancelled = True
        if self._idle:
            self._idle = False
            raise KeyboardInterrupt
        self._cancel_once()

    def _cancel_once(self) -> None:
        """Cancel once only: it takes a lock, and a second signal may come while the first one's handler holds it."""
        cancel, self._cancel = self._cancel, None
        if cancel:
            cancel()
