"""Writing for a user, and how a verb ends when nobody takes it: one line at most, and an exit code.

Serves every verb. Imported before anything slow, so it imports nothing of the project but errors and `startup`.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable
from typing import TextIO

from llmproc.apps.startup import INTERRUPTED, complain, was_closed
from llmproc.errors import LlmprocError

CLOSED_STDOUT = 141  # as the shell says it of a program that SIGPIPE ended


class OutputLostError(LlmprocError):
    """Stdout or stderr takes no more: a full disk, a terminal that has gone. A closed pipe is a BrokenPipeError."""


def put(stream: TextIO, text: str) -> None:
    """Write it, at once. OutputLostError, or BrokenPipeError."""
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        name = "stdout" if stream is sys.stdout else "stderr"
        raise OutputLostError(f"{name}: cannot be written: {error.strerror}") from None


def need_stdout() -> None:
    """For a verb whose result goes there and nowhere else: before any work. OutputLostError when it is closed."""
    if was_closed(1):
        raise OutputLostError("stdout: cannot be written: it is closed")


def print_result(text: str) -> None:
    """What a verb was asked for, on stdout. OutputLostError when the disk refuses, BrokenPipeError."""
    put(sys.stdout, text)


def exit_code_of(verb: Callable[[], int]) -> int:
    """Run it; the one place where what ends a verb early becomes an exit code."""
    try:
        return verb()
    except LlmprocError as error:
        if isinstance(error, OutputLostError):
            forget_stdout()
        complain(error)
        return error.exit_code
    except BrokenPipeError:
        forget_stdout()
        return CLOSED_STDOUT
    except KeyboardInterrupt:
        return INTERRUPTED


def forget_stdout() -> None:
    """Nobody takes what we write: let the interpreter's last flush go nowhere."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC), 1)
