"""Files a user names: read within bounds, written whole or not at all, and conversations kept in them.

Used by the prompt loop (/read, /save, /load) and the Python API. Every failure is an LlmprocError of one line that
names the file. What a saved conversation holds is said in `session/turns.py`.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import msgspec

from llmproc.errors import LlmprocError, UsageError
from llmproc.files.reading import UnreadableFileError, read_bounded
from llmproc.files.replacing import IrregularFileError, replace_file
from llmproc.session.turns import SavedConversation, read_saved

MAX_FILE = 16 << 20


def user_path(name: str | os.PathLike[str]) -> Path:
    """Return the path a user means, with `~`. UsageError for what cannot be one."""
    name = os.fspath(name)
    if not name:
        raise UsageError("a file name is missing")
    if "\0" in name:
        raise UsageError("a file name cannot hold the byte 0")
    try:
        return Path(name).expanduser()
    except RuntimeError:
        raise UsageError(f"{name}: no such user") from None


def read_file(name: str | os.PathLike[str]) -> bytes:
    """Return the bytes of a regular file of at most MAX_FILE bytes."""
    path = user_path(name)
    try:
        return read_bounded(path, MAX_FILE)
    except UnreadableFileError as error:
        raise LlmprocError(f"{path}: {error}") from None


def read_session(name: str | os.PathLike[str]) -> SavedConversation:
    """Read a saved conversation and check its form; whether it fits a model is seen when it is restored."""
    return read_saved(read_file(name), os.fspath(name))


def write_session(name: str | os.PathLike[str], saved: SavedConversation) -> Path:
    """Write it beside the file first, so that the file is never half a conversation. Returns the path."""
    path = user_path(name)
    text = json.dumps(msgspec.to_builtins(saved), ensure_ascii=False, indent=1) + "\n"
    try:
        replace_file(path, text.encode("utf-8", "replace"))  # a prompt may hold bytes that are not UTF-8
    except IrregularFileError:
        raise UsageError(f"{path}: is not a regular file") from None
    except OSError as error:
        raise LlmprocError(f"{path}: cannot be written: {error.strerror}") from None
    return path
