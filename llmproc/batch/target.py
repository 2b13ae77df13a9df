"""Where the results of a run go: a file by way of its .part file, a stream in input order, or nowhere.

Used by `apps.batch`, which opens it before anything is started: what is wrong with a name is said at once.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from llmproc.batch import sorting
from llmproc.batch.journal import Journal, open_journal
from llmproc.batch.options import BatchOptions
from llmproc.batch.provenance import Provenance
from llmproc.batch.source import Source
from llmproc.batch.writer import InOrder, Nowhere, Sink
from llmproc.errors import UsageError


class ResultTarget(Protocol):
    """The place where results go; `close` it in any case."""

    @property
    def journal(self) -> Journal | None:
        """Return the .part file, if there is one."""

    @property
    def sink(self) -> Sink:
        """Return what the writer writes to."""

    def finish(self, rows: int, stopped: Callable[[], bool]) -> None:
        """Complete the results: `rows` of them."""

    def stop(self) -> None:
        """Stop waiting for the reader of the results."""

    def close(self) -> None:
        """Keep what is to be kept."""


class NoTarget:
    """Results that are only counted."""

    journal: Journal | None = None
    sink: Sink = Nowhere()

    def finish(self, rows: int, stopped: Callable[[], bool]) -> None:
        """Do nothing, like every method here."""

    def stop(self) -> None: ...

    def close(self) -> None: ...


class FileTarget:
    """A results file that appears when it is complete."""

    def __init__(self, path: Path, journal: Journal) -> None:
        self._path, self._journal = path, journal
        self._open = True

    @property
    def journal(self) -> Journal | None:
        """Return the .part file."""
        return self._journal

    @property
    def sink(self) -> Sink:
        """Return the .part file again: the writer appends to it."""
        return self._journal

    def finish(self, rows: int, stopped: Callable[[], bool]) -> None:
        """Sort the rows into the results file; a finished file to which nothing was added stays as it is."""
        if self._journal.adopted and not self._journal.appended and self._journal.index.rows == rows:
            return
        sorting.finish(self._journal, self._path, rows, stopped)
        self._open = False

    def stop(self) -> None:
        """Do nothing: a file takes what it is given."""

    def close(self) -> None:
        """Close the .part file. It stays for a resume, unless it is of no use."""
        if self._open:
            self._open = False
            self._journal.close()


class StreamTarget:
    """A descriptor: stdout, or a pipe or device by name."""

    journal: Journal | None = None

    def __init__(self, fd: int, name: str, owned: bool) -> None:
        self._fd, self._owned = fd, owned
        self._rows = InOrder(fd, name)
        self.sink: Sink = self._rows

    def finish(self, rows: int, stopped: Callable[[], bool]) -> None:
        """Do nothing: every row is written already."""

    def stop(self) -> None:
        """Write no more than what is accepted at once."""
        self._rows.stop()

    def close(self) -> None:
        """Close the descriptor if it was opened here."""
        self._rows.close()
        if self._owned:
            os.close(self._fd)


def part_file(path: Path) -> Path:
    """Return where the results of `path` are until they are complete."""
    return path.with_name(f"{path.name}.part")


def open_target(options: BatchOptions, provenance: Provenance, source: Source) -> ResultTarget:
    """Open the target of a run. UsageError naming the file and what stands in the way."""
    if options.output is None:
        return StreamTarget(1, "stdout", owned=False) if options.rows_on_stdout else NoTarget()
    path = options.output
    if path.is_symlink():
        path = Path(os.path.realpath(path))  # it stays one: the file behind it is replaced
    found = _stat(path)
    if found is not None and not stat.S_ISREG(found.st_mode):
        return _open_stream(path, found, options)
    if not path.name or not path.parent.is_dir():
        raise UsageError(f"{options.output}: must be a file in a folder that exists")
    part = part_file(path)
    for file in (path, part):
        if (there := _stat(file)) is not None and (there.st_dev, there.st_ino) == source.identity:
            raise UsageError(f"{file}: is the input: results need another file")
    if found is not None and not (options.force or options.resume):
        raise UsageError(f"{options.output}: exists: --force replaces it, --resume asks only what is missing in it")
    journal = open_journal(part, provenance, options.resume, options.force, options.retry_failed)
    try:
        if options.resume and found is not None and not journal.index.rows:
            journal.adopt(path, options.retry_failed)
    except BaseException:
        journal.remove()
        raise
    return FileTarget(path, journal)


def _open_stream(path: Path, found: os.stat_result, options: BatchOptions) -> ResultTarget:
    if stat.S_ISDIR(found.st_mode):
        raise UsageError(f"{options.output}: is a folder: must be a file")
    if options.resume or options.force:
        raise UsageError(f"{options.output}: is not a regular file: --resume and --force need one")
    try:
        return StreamTarget(os.open(path, os.O_WRONLY | os.O_CLOEXEC | os.O_NOCTTY), str(options.output), owned=True)
    except OSError as error:
        raise UsageError(f"{options.output}: cannot be written: {error.strerror}") from None


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from None
