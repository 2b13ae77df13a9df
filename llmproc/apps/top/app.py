"""`llmproc top`: look, show, then wait for the next look, a key or a signal.

    look --view--> screen            steering <--keys-- keyboard
      ^                                  |
      +---- interval, key, signal -------+

The terminal is restored whatever ends the loop: a key, a signal, an error.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import sys
import time
from collections.abc import Sequence

from llmproc.apps.exits import exit_code_of
from llmproc.apps.top.keys import Keyboard
from llmproc.apps.top.options import TopOptions, parse_options
from llmproc.files.streams import OutputLostError, forget_stdout, need_stdout
from llmproc.monitor.live import LiveMonitor, LiveView
from llmproc.monitor.runtimedir import places
from llmproc.monitor.steering import Steering
from llmproc.processes.patience import wait_readable
from llmproc.processes.signalfd import SignalFd
from llmproc.report.live_screens import JsonStream, LiveScreen, TableStream, terminal_screen

_FIRST_S = 0.3  # the second look comes sooner: it brings the first rates
_MESSAGE_S = 5.0
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


def main(arguments: Sequence[str], prog: str = "python -m llmproc top") -> int:
    """Run the command; return its exit code."""

    def shown() -> int:
        options = parse_options(prog, arguments)
        need_stdout()
        try:
            return _run(options)
        except BrokenPipeError:
            raise
        except OSError as error:
            if error.errno != errno.EIO:
                raise OutputLostError(f"stdout: cannot be written: {error.strerror}") from None
            forget_stdout()
            return 128 + signal.SIGHUP  # the terminal has been closed

    return exit_code_of(shown)


def _run(options: TopOptions) -> int:
    where = f"no instance of llmproc is running (looked in {', '.join(map(str, places()))})"
    keyboard: Keyboard | None = None
    screen: LiveScreen
    if options.json:
        screen = JsonStream(where)
    elif options.once or not sys.stdout.isatty():
        screen = TableStream(where)
    else:
        screen = terminal_screen(options.interval_s, where, options.plain)
        keyboard = Keyboard(0) if os.isatty(0) else None
    stopping = (signal.SIGTSTP, signal.SIGWINCH) if screen.first_view else ()
    with SignalFd([*_ENDING, *stopping]) as signals:
        return TopLoop(options.interval_s, options.once, screen, keyboard, signals).run()


class TopLoop:
    """The main loop; a key, a signal, or with `--once` the first table ends it."""

    def __init__(
        self,
        interval_s: float,
        once: bool,
        screen: LiveScreen,
        keyboard: Keyboard | None,
        signals: SignalFd,
        look: LiveMonitor | None = None,
        steering: Steering | None = None,
    ) -> None:
        self._interval_s, self._once = interval_s, once
        self._screen, self._keyboard, self._signals = screen, keyboard, signals
        self._look, self._steering = look or LiveMonitor(), steering or Steering()
        self._view = LiveView(0.0, ())
        self._message, self._message_until = "", 0.0
        self._code: int | None = None

    def run(self) -> int:
        """Loop until the end; return the exit code. The terminal is restored by then."""
        try:
            self._enter()
            self._draw(first=True)
            due = time.monotonic() + (min(_FIRST_S, self._interval_s) if self._screen.first_view else self._interval_s)
            while True:
                self._wait(due)
                if self._code is not None:
                    return self._code
                self._draw()
                if time.monotonic() >= due:
                    due = max(due + self._interval_s, time.monotonic())
                    if self._once:
                        return 0
        finally:
            self._leave()

    def _draw(self, first: bool = False) -> None:
        self._view = self._look.view()
        self._steering.follow(self._view)
        if time.monotonic() >= self._message_until:
            self._message = ""
        if not first or self._screen.first_view:
            self._screen.show(self._view, self._steering.selected, self._message)

    def _wait(self, due: float) -> None:
        """Wait for `due`, a key or a signal, whichever comes first."""
        sources: list[SignalFd | int] = [self._signals]
        if self._keyboard is not None:
            sources.append(self._keyboard.fd)
        ready = wait_readable(sources, max(0.0, due - time.monotonic()))
        if self._signals in ready:
            for caught in self._signals.read():
                self._signal(caught.number)
        if self._keyboard is not None and self._keyboard.fd in ready:
            keys = self._keyboard.read()
            if keys is None:  # the terminal has been closed
                self._end(128 + signal.SIGHUP)
            for key in keys or ():
                self._press(key)

    def _press(self, key: str) -> None:
        if key == "q":
            self._end(0)
        elif said := self._steering.press(key, self._view):
            self._message, self._message_until = said, time.monotonic() + _MESSAGE_S

    def _signal(self, number: int) -> None:
        if number == signal.SIGTSTP:
            self._stop_and_continue()
        elif number != signal.SIGWINCH:  # resized: drawing asks for the size each time
            self._end(128 + number)

    def _end(self, code: int) -> None:
        self._code = code if self._code is None else self._code

    def _stop_and_continue(self) -> None:
        """Handle Ctrl-Z: return the terminal to the shell, stop, and take it again after `fg`."""
        self._leave()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTSTP])
        os.kill(os.getpid(), signal.SIGTSTP)  # default action: the process stops here
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTSTP])
        self._enter()

    def _enter(self) -> None:
        if self._keyboard is not None:
            self._keyboard.take()
        self._screen.enter()

    def _leave(self) -> None:
        try:
            with contextlib.suppress(OSError):  # the terminal has been closed
                self._screen.leave()
        finally:
            if self._keyboard is not None:
                self._keyboard.restore()
