"""The folder of files and batches: its lock, and a record for each. One server at a time has it.

    lock                                     locked while a server has the folder
    files/file-ID.json    FileObject         written last: a file without it is not there
    files/file-ID.data    its bytes
    batches/batch_ID.json StoredBatch        replaced as a whole at each change of status
    batches/batch_ID.part                    results so far (`results`)

Records are kept in memory, too; names on the disk are ids that were made here, never what a client sent. What is
damaged is told and left alone. What writes is called in threads, one call for a name at a time. Used by the endpoints
and `course`.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, TypeVar

import msgspec

from llmproc.errors import LlmprocError, UsageError
from llmproc.files.reading import UnreadableFileError, read_bounded
from llmproc.files.replacing import replace_file, replacing
from llmproc.server.batches.lifecycle import FOLLOWS
from llmproc.server.batches.limits import BatchLimits
from llmproc.server.batches.records import FileObject, Purpose, StoredBatch
from llmproc.server.refusals import RefusedError

_RECORD_BYTES = 1 << 20
_NAME = re.compile(r"(file-|batch_)[0-9a-f]{24}")
_Record = TypeVar("_Record", FileObject, StoredBatch)


class BatchFolder:
    """The folder, locked and read. `close()` it."""

    def __init__(self, path: Path, limits: BatchLimits, notice: Callable[[str], None]) -> None:
        """Make or open it. UsageError when another server has it or the disk refuses; `notice` is told of damage."""
        self.path, self._limits = path, limits
        try:
            for name in ("files", "batches"):
                (path / name).mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock = os.open(path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise UsageError(f"{path}: cannot be used for batches: {error.strerror}") from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.files = dict(self._read("files", FileObject, lambda record: record.id, notice))
            self.batches = dict(self._read("batches", StoredBatch, lambda record: record.batch.id, notice))
            self._forget_remains()
        except BaseException as error:
            os.close(self._lock)
            if isinstance(error, BlockingIOError):
                raise UsageError(f"{path}: another server uses this folder; --batch-dir names another") from None
            raise

    def close(self) -> None:
        """Let another server have it."""
        os.close(self._lock)

    # -- files --------------------------------------------------------------------------------------------------------

    def file(self, name: str) -> FileObject:
        """Return a file's record. RefusedError 404."""
        found = self.files.get(name)
        if found is None:
            raise RefusedError(f"the file {name[:100]!r} does not exist", 404, code="file_not_found")
        return found

    def content(self, name: str) -> Path:
        """Return where the bytes of a file lie; `name` is that of a record."""
        assert _NAME.fullmatch(name)
        return self.path / "files" / f"{name}.data"

    def check_room(self) -> None:
        """Refuse an upload when there are as many files as there may be, or as many bytes. RefusedError."""
        stored = sum(file.bytes for file in list(self.files.values()))
        if len(self.files) >= self._limits.files or stored >= self._limits.stored_bytes:
            words = f"{len(self.files)} files with {stored} bytes are stored: delete some first"
            raise RefusedError(words, code="storage_full")

    def writing(self, name: str) -> contextlib.AbstractContextManager[BinaryIO]:
        """Return a block that writes the bytes of a file, all or nothing; `add_file` makes them one."""
        return replacing(self.content(name), mode=0o600)

    def add_file(self, name: str, filename: str, purpose: Purpose, now: int) -> FileObject:
        """Write the record of a file whose bytes are there, and return it."""
        size = self.content(name).stat().st_size
        record = FileObject(id=name, bytes=size, created_at=now, filename=filename, purpose=purpose)
        self._write("files", name, record)
        self.files[name] = record
        return record

    def delete_file(self, name: str) -> None:
        """Remove a file. RefusedError 404, or 400 while a batch needs it."""
        self.file(name)
        for stored in list(self.batches.values()):
            if stored.batch.input_file_id == name and FOLLOWS[stored.batch.status]:
                raise RefusedError(
                    f"the file is the input of {stored.batch.id}, which has not ended", code="file_in_use"
                )
        del self.files[name]
        for suffix in ("json", "data"):
            (self.path / "files" / f"{name}.{suffix}").unlink(missing_ok=True)

    # -- batches ------------------------------------------------------------------------------------------------------

    def batch(self, name: str) -> StoredBatch:
        """Return a batch's record. RefusedError 404."""
        found = self.batches.get(name)
        if found is None:
            raise RefusedError(f"the batch {name[:100]!r} does not exist", 404, code="batch_not_found")
        return found

    def journal(self, name: str) -> Path:
        """Return where the results of a batch are kept until it ends."""
        assert _NAME.fullmatch(name)
        return self.path / "batches" / f"{name}.part"

    def save(self, stored: StoredBatch) -> None:
        """Write the record of a batch, new or changed."""
        self._write("batches", stored.batch.id, stored)
        self.batches[stored.batch.id] = stored
        ended = [one.batch.id for one in list(self.batches.values()) if not FOLLOWS[one.batch.status]]
        for name in ended[: max(0, len(self.batches) - self._limits.kept)]:
            del self.batches[name]
            (self.path / "batches" / f"{name}.json").unlink(missing_ok=True)

    # -- the disk -----------------------------------------------------------------------------------------------------

    def _write(self, kind: str, name: str, record: msgspec.Struct) -> None:
        assert _NAME.fullmatch(name)
        try:
            replace_file(self.path / kind / f"{name}.json", msgspec.json.encode(record) + b"\n", mode=0o600)
        except OSError as error:
            raise LlmprocError(f"{self.path}: cannot be written: {error.strerror}") from None

    def _read(
        self, kind: str, record: type[_Record], name_of: Callable[[_Record], str], notice: Callable[[str], None]
    ) -> Iterator[tuple[str, _Record]]:
        """Yield what there is, the oldest first."""
        found = []
        for path in (self.path / kind).glob("*.json"):
            try:
                one = msgspec.json.decode(read_bounded(path, _RECORD_BYTES, own=True), type=record)
                if not _NAME.fullmatch(path.stem) or name_of(one) != path.stem:
                    raise ValueError
            except UnreadableFileError as error:
                notice(f"{path}: {error}: it is left out")
            except (msgspec.MsgspecError, ValueError, RecursionError):
                notice(f"{path}: is not a record of this server: it is left out")
            else:
                found.append(one)
        found.sort(key=lambda one: (_created(one), name_of(one)))
        return ((name_of(one), one) for one in found)

    def _forget_remains(self) -> None:
        """Remove what a kill left in the middle of an upload."""
        for path in (self.path / "files").iterdir():
            name = path.name.removeprefix(".").partition(".")[0]
            whole = (self.path / "files" / f"{name}.json").exists() and not path.name.startswith(".")
            if _NAME.fullmatch(name) and not whole:
                path.unlink(missing_ok=True)


def new_file_name() -> str:
    """Return an id for a new file."""
    return f"file-{secrets.token_hex(12)}"


def new_batch_name() -> str:
    """Return an id for a new batch."""
    return f"batch_{secrets.token_hex(12)}"


def result_file_name(batch: str, kind: str) -> str:
    """Return the id of a batch's output or error file: always the same, so that writing it again replaces it."""
    return f"file-{hashlib.sha256(f'{batch} {kind}'.encode()).hexdigest()[:24]}"


def _created(record: FileObject | StoredBatch) -> int:
    return record.created_at if isinstance(record, FileObject) else record.batch.created_at
