"""Standard streams that exist and never raise for a character, and writing on them for a user.

Used by every entry point and verb. Imported before anything slow, so it imports nothing of the project but errors.
"""

from __future__ import annotations

import codecs
import contextlib
import io
import os
import sys
from typing import TextIO

from llmproc.errors import LlmprocError
from llmproc.files.escaping import escape_bytes

_closed: set[int] = set()  # standard descriptors that the starting process had closed


class OutputLostError(LlmprocError):
    """Stdout or stderr cannot be written any more: a full disk, a closed terminal. A closed pipe is BrokenPipeError."""


def open_standard_streams() -> None:
    """Make descriptors 0 to 2 exist: the number of a closed one would go to the next file that is opened.

    Text that the locale's encoding does not know is shown with `?`. A locale of ASCII alone (LC_ALL=C) says nothing
    about other characters: they are written as UTF-8.
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
            if not os.environ.get("PYTHONIOENCODING") and codecs.lookup(stream.encoding).name == "ascii":
                stream.reconfigure(encoding="utf-8")
            stream.reconfigure(errors="surrogateescape" if fd == 0 else "replace")


def was_closed(fd: int) -> bool:
    """Return whether a standard descriptor was closed at the start and now reads and writes nothing."""
    return fd in _closed


def put(stream: TextIO, text: str) -> None:
    """Write text at once. OutputLostError, or BrokenPipeError."""
    try:
        stream.write(escape_bytes(text))
        stream.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _lost(stream, error) from None


def put_exactly(stream: TextIO, text: str) -> None:
    """Write text as UTF-8 at once, bytes that it holds as surrogates (PEP 383) as they are. Raises as `put`."""
    put(stream, "")
    try:
        stream.buffer.write(text.encode("utf-8", "surrogateescape"))
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _lost(stream, error) from None
    put(stream, "")


def need_stdout() -> None:
    """Check, before any work, that stdout is open. OutputLostError when it is not."""
    if was_closed(1):
        raise OutputLostError("stdout: cannot be written: it is closed")


def print_result(text: str) -> None:
    """Write what a verb was asked for on stdout. OutputLostError when the disk refuses, BrokenPipeError."""
    put(sys.stdout, text)


def forget_stdout() -> None:
    """Send stdout to /dev/null, so that the interpreter's last flush cannot fail."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC), 1)


def write_rest() -> bool:
    """Write what the standard streams still hold; False when stdout refuses. Nothing is left for the interpreter.

    Its own last flush would turn the exit code into 120: the terminal may have gone in the middle of an answer.
    """
    found = True
    for fd, stream in ((1, sys.stdout), (2, sys.stderr)):
        try:
            if not stream.closed:
                stream.flush()
        except OSError:
            found = found and fd != 1
            with contextlib.suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC), fd)
    return found


def _lost(stream: TextIO, error: OSError) -> OutputLostError:
    name = "stdout" if stream is sys.stdout else "stderr"
    return OutputLostError(f"{name}: cannot be written: {error.strerror}")
