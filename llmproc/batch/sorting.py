"""The end of a run: the .part file's rows in input order, as a whole or not at all.

Serves the app. Bounded memory: rows are copied one by one by their places. The results file appears by an atomic
rename, after its bytes are on the disk; until then the .part file has everything.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

from llmproc.batch.journal import Journal
from llmproc.batch.source import StoppedError
from llmproc.errors import LlmprocError

_BUFFER = 1 << 20


def finish(journal: Journal, target: Path, rows: int, stopped: Callable[[], bool] = lambda: False) -> None:
    """Make `target` of the journal's rows 0 to `rows` - 1, and remove the journal.

    Raises LlmprocError when a row is missing or the disk refuses, StoppedError when asked to stop; the .part file is
    whole then.
    """
    temporary = target.with_name(f".{target.name}.sorting")
    try:
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()  # of a run that was killed while it sorted: nobody else's, as the .part file is locked
        try:
            _write(journal, temporary, rows, stopped)
            os.replace(temporary, target)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
        _sync(target.parent)
    except OSError as error:
        words = f"{target}: cannot be written: {error.strerror}; every result is in {journal.path}"
        raise LlmprocError(words) from None
    journal.remove()


def _write(journal: Journal, path: Path, rows: int, stopped: Callable[[], bool]) -> None:
    with open(path, "xb", buffering=_BUFFER, opener=lambda name, flags: os.open(name, flags, 0o644)) as file:
        for index in range(rows):
            place = journal.index.get(index)
            data = b"" if place is None else os.pread(journal.fd, place.length, place.offset)
            if place is None or len(data) != place.length or not data.endswith(b"\n"):
                raise LlmprocError(f"{journal.path}: row {index} is missing")
            file.write(data)
            if stopped():
                raise StoppedError
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    """So that the new name survives a power cut too; a file system that cannot has done what it can."""
    with contextlib.suppress(OSError):
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
