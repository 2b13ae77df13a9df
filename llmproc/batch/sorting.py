"""The end of a run: the .part file's rows in input order, as a whole or not at all.

Used by the app. Bounded memory: rows are copied one by one by their places. The results file appears by an atomic
rename, after its bytes are on the disk; until then the .part file has everything.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from llmproc.batch.journal import Journal
from llmproc.batch.source import StoppedError
from llmproc.errors import LlmprocError
from llmproc.files.replacing import replacing


def finish(journal: Journal, target: Path, rows: int, stopped: Callable[[], bool] = lambda: False) -> None:
    """Make `target` of the journal's rows 0 to `rows` - 1, and remove the journal.

    Raises LlmprocError when a row is missing or the disk refuses, StoppedError when asked to stop; the .part file is
    whole then.
    """
    try:
        with replacing(target, mode=0o644, temporary=f".{target.name}.sorting") as file:
            _write(journal, file, rows, stopped)
    except OSError as error:
        words = f"{target}: cannot be written: {error.strerror}; every result is in {journal.path}"
        raise LlmprocError(words) from None
    journal.remove()


def _write(journal: Journal, file: BinaryIO, rows: int, stopped: Callable[[], bool]) -> None:
    for index in range(rows):
        place = journal.index.get(index)
        data = b"" if place is None else os.pread(journal.fd, place.length, place.offset)
        if place is None or len(data) != place.length or not data.endswith(b"\n"):
            raise LlmprocError(f"{journal.path}: row {index} is missing")
        file.write(data)
        if stopped():
            raise StoppedError
