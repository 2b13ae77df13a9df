"""What every entry point does first: standard streams that exist and never raise for a character, a quiet Ctrl-C.

Imported before anything slow, so it imports nothing of the project but errors.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import signal
import sys
from types import FrameType
from typing import NoReturn

from llmproc.errors import UsageError

INTERRUPTED = 128 + int(signal.SIGINT)
_closed: set[int] = set()  # standard descriptors that whoever started us had closed


class OneLineParser(argparse.ArgumentParser):
    """argparse, but what it refuses is a UsageError: one line without the whole usage."""

    def error(self, message: str) -> NoReturn:
        """Called by argparse."""
        raise UsageError(f"{message} (--help lists the options)")


def prepare_process() -> None:
    """Call first. Until somebody installs a handler of his own, Ctrl-C then ends the program without a traceback."""
    open_standard_streams()
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _leave_at_once)


def leave(code: int) -> NoReturn:
    """Exit. What is pressed from now on must not end an interpreter that is ending, with another status."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(code)


def open_standard_streams() -> None:
    """Descriptors 0 to 2 exist afterwards: the number of a closed one would go to the next file that is opened.

    Text that the locale's encoding does not know, or a file name that is no UTF-8, is shown with `?`.
    """
    for fd, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(fd)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
            _closed.add(fd)
        if getattr(sys, name) is None:
            setattr(sys, name, open(fd, "r" if fd == 0 else "w", closefd=False))  # noqa: SIM115
        stream = getattr(sys, name)
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="surrogateescape" if fd == 0 else "replace")


def was_closed(fd: int) -> bool:
    """Whether a standard descriptor is a stand-in that gives and keeps nothing."""
    return fd in _closed


def complain(error: object) -> None:
    """The one line of an error that ends the program; a stderr that takes nothing is no further error."""
    with contextlib.suppress(OSError):
        print(f"llmproc: {error}", file=sys.stderr, flush=True)


def interruptible() -> None:
    """For a verb that cleans up after itself: from here on Ctrl-C is a KeyboardInterrupt."""
    if signal.getsignal(signal.SIGINT) is _leave_at_once:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _leave_at_once(number: int, frame: FrameType | None) -> NoReturn:
    """No exception: some extension modules do not survive one while they are imported."""
    os._exit(INTERRUPTED)
