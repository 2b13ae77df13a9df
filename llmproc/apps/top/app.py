"""`llmproc top`: look, show, wait for the next look, a key or a signal.

    look --view--> screen            steering <--keys-- keyboard
      ^                                  |
      +---- interval, key, signal -------+

The terminal is put back whatever ends the loop: a key, a signal, an error.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import os
import select
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from llmproc.apps.exits import exit_code_of
from llmproc.apps.parser import OneLineParser
from llmproc.apps.top.keys import Keyboard
from llmproc.apps.top.screens import Json, Screen, Stream, terminal_screen
from llmproc.apps.top.steering import Steering
from llmproc.apps.top.view import Look, View
from llmproc.errors import UsageError
from llmproc.files.streams import OutputLostError, forget_stdout, need_stdout
from llmproc.monitor.runtimedir import places
from llmproc.processes.signalfd import SignalFd

_FIRST_S = 0.3  # the second look comes sooner: it brings the first rates
_MESSAGE_S = 5.0
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
_EXAMPLES = """columns: S state (R runs, S sleeps, D waits for a disk, T stopped, Z ended, X gone), policy, nice value,
  the core it last ran on (=1: it may run on core 1 only), %USER %SYS %WAIT of one core (WAIT: ready to run, but
  waiting in the run queue), PSS (shared pages divided by their users), context switches, tokens per second, sequences
  running, requests queued, steals from other workers. Instances of the same user are shown, from when they start.

examples:
  python -m llmproc top
  python -m llmproc top --once
  python -m llmproc top --json --interval 0.5 >top.jsonl
"""


@dataclass(frozen=True, slots=True)
class TopOptions:
    """What the command line says."""

    interval_s: float
    once: bool
    json: bool
    plain: bool


def parse_options(prog: str, arguments: Sequence[str]) -> TopOptions:
    """Raises UsageError."""
    parser = OneLineParser(
        prog=prog,
        description="Every process of every running instance, live: what the kernel sees, and what it is at.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--once", action="store_true", help="print one table, of the first interval, and end")
    parser.add_argument("--json", action="store_true", help="one JSON object per look, one line each")
    parser.add_argument("--interval", type=float, default=1.0, metavar="SECONDS", help="between two looks (1)")
    parser.add_argument("--plain", action="store_true", help="no colours, no rich, even where it is installed")
    given = parser.parse_args(arguments)
    if not 0.1 <= given.interval <= 3600:
        raise UsageError(f"--interval is {given.interval}: must be from 0.1 to 3600 seconds")
    return TopOptions(given.interval, given.once, given.json, given.plain)


def main(arguments: Sequence[str], prog: str = "python -m llmproc top") -> int:
    """Returns the exit code."""

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
            return 128 + signal.SIGHUP  # a terminal that has gone

    return exit_code_of(shown)


def _run(options: TopOptions) -> int:
    where = f"no instance of llmproc is running (looked in {', '.join(map(str, places()))})"
    keyboard: Keyboard | None = None
    screen: Screen
    if options.json:
        screen = Json(where)
    elif options.once or not sys.stdout.isatty():
        screen = Stream(where)
    else:
        screen = terminal_screen(options.interval_s, where, options.plain)
        keyboard = Keyboard(0) if os.isatty(0) else None
    stopping = (signal.SIGTSTP, signal.SIGWINCH) if screen.first_view else ()
    with SignalFd([*_ENDING, *stopping]) as signals:
        return Loop(options.interval_s, options.once, screen, keyboard, signals).run()


class Loop:
    """Until a key or a signal ends it, or after the first table of `--once`."""

    def __init__(
        self,
        interval_s: float,
        once: bool,
        screen: Screen,
        keyboard: Keyboard | None,
        signals: SignalFd,
        look: Look | None = None,
        steering: Steering | None = None,
    ) -> None:
        self._interval_s, self._once = interval_s, once
        self._screen, self._keyboard, self._signals = screen, keyboard, signals
        self._look, self._steering = look or Look(), steering or Steering()
        self._view = View(0.0, ())
        self._message, self._message_until = "", 0.0
        self._code: int | None = None

    def run(self) -> int:
        """Returns the exit code; the terminal is as it was then."""
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
        """Until `due`, a key or a signal, whichever comes first."""
        sources: list[SignalFd | int] = [self._signals]
        if self._keyboard is not None:
            sources.append(self._keyboard.fd)
        ready = select.select(sources, [], [], max(0.0, due - time.monotonic()))[0]
        if self._signals in ready:
            for caught in self._signals.read():
                self._signal(caught.number)
        if self._keyboard is not None and self._keyboard.fd in ready:
            keys = self._keyboard.read()
            if keys is None:  # the terminal has gone
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
        elif number != signal.SIGWINCH:  # a new size: the next drawing asks for it
            self._end(128 + number)

    def _end(self, code: int) -> None:
        self._code = code if self._code is None else self._code

    def _stop_and_continue(self) -> None:
        """Ctrl-Z: the shell gets its terminal back, and `fg` gives it to us again."""
        self._leave()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTSTP])
        os.kill(os.getpid(), signal.SIGTSTP)  # its default action: here we stand still
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTSTP])
        self._enter()

    def _enter(self) -> None:
        if self._keyboard is not None:
            self._keyboard.take()
        self._screen.enter()

    def _leave(self) -> None:
        try:
            with contextlib.suppress(OSError):  # a terminal that has gone
                self._screen.leave()
        finally:
            if self._keyboard is not None:
                self._keyboard.restore()
