"""The results of a batch: kept one by one in a journal, and in the end written into its files.

    BatchResults.keep  --> journal, in the order in which rows end (`llmproc.batch.journal`: torn lines, one writer)
    BatchResults.write --> output file: rows with status 200; error file: the others, and those that were not asked

A line of the journal is that of the file with what the journal needs beside it. Used by `course`.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from typing import BinaryIO, Literal

import msgspec

from llmproc.batch.index import RowPlace
from llmproc.batch.journal import open_journal
from llmproc.batch.provenance import FirstLine
from llmproc.server.batches.folder import BatchFolder, result_file_name
from llmproc.server.batches.in_process import InProcessReply
from llmproc.server.batches.lifecycle import BatchOutcome
from llmproc.server.batches.lines import InputRow, input_lines
from llmproc.server.batches.records import BatchObject, RequestCounts, RowError, RowResponse, RowResult
from llmproc.server.one_line import one_line


class BatchFirstLine(FirstLine, frozen=True, kw_only=True):
    """The first line of a batch's journal."""

    llmproc_server_batch: str  # its id
    fingerprint: str


class KeptRow(msgspec.Struct):
    """One line of the journal: a result, and the fields by which the journal knows its rows."""

    index: int
    status: Literal["ok", "error"]
    key: str
    result: msgspec.Raw
    text: str = ""


class _CustomId(msgspec.Struct):
    """The part of an input line that a result repeats."""

    custom_id: str


_KEPT, _CUSTOM_ID = msgspec.json.Decoder(KeptRow), msgspec.json.Decoder(_CustomId)


class BatchResults:
    """The open journal of one batch, and its way into files. `close()` or `remove()` it."""

    def __init__(self, folder: BatchFolder, batch: BatchObject, fingerprint: str) -> None:
        """Open it, as a kill left it. LlmprocError when the disk refuses."""
        self._folder, self._batch = folder, batch
        first = BatchFirstLine(llmproc_server_batch=batch.id, fingerprint=fingerprint)
        self._journal = open_journal(folder.journal(batch.id), first, resume=True, force=False)

    @property
    def counts(self) -> RequestCounts:
        """Return the rows that have a result."""
        index = self._journal.index
        return RequestCounts(self._batch.request_counts.total, index.rows - index.failed, index.failed)

    def has(self, index: int) -> bool:
        """Return whether a row has a result."""
        return self._journal.index.get(index) is not None

    def keep(self, row: InputRow, reply: InProcessReply) -> None:
        """Append the result of a row: one write into the page cache, which a kill of this process does not lose."""
        response = RowResponse(reply.status, f"req_{secrets.token_hex(12)}", msgspec.Raw(reply.body))
        result = RowResult(_row_name(), row.custom_id, response, None)
        failed = reply.status != 200
        key = hashlib.sha256(row.body).hexdigest()[:16]
        line = one_line(KeptRow(row.index, "error" if failed else "ok", key, msgspec.Raw(one_line(result))))
        self._journal.append(row.index, line + b"\n", failed)

    def write(self, unasked: RowError, now: int) -> BatchOutcome:
        """Write the files, in the order of the input, and return what they hold. The same again after a kill.

        `unasked`: what rows without a result are told.
        """
        batch, folder = self._batch, self._folder
        output, errors = (result_file_name(batch.id, kind) for kind in ("output", "error"))
        completed = failed = 0
        with folder.writing(output) as good, folder.writing(errors) as bad:
            if batch.in_progress_at is not None:
                for index, (_, data) in enumerate(input_lines(folder.content(batch.input_file_id))):
                    place = self._journal.index.get(index)
                    if place is not None and not place.failed:
                        completed += self._copy(place, good)
                    else:
                        failed += self._copy(place, bad) if place else _tell(unasked, data, bad)
        return BatchOutcome(
            RequestCounts(batch.request_counts.total, completed, failed),
            self._file(output, "output", completed, now),
            self._file(errors, "error", failed, now),
        )

    def close(self) -> None:
        """Keep the results so far."""
        self._journal.close()

    def remove(self) -> None:
        """Forget them: they are in the files."""
        self._journal.remove()

    def _copy(self, place: RowPlace, file: BinaryIO) -> int:
        kept = _KEPT.decode(os.pread(self._journal.fd, place.length, place.offset))
        file.write(bytes(kept.result) + b"\n")
        return 1

    def _file(self, name: str, kind: str, lines: int, now: int) -> str | None:
        """Make what was written a file; None for an empty one, which is removed."""
        if not lines:
            self._folder.content(name).unlink(missing_ok=True)
            return None
        self._folder.add_file(name, f"{self._batch.id}_{kind}.jsonl", "batch_output", now)
        return name


def _tell(unasked: RowError, data: bytes, file: BinaryIO) -> int:
    custom_id = _CUSTOM_ID.decode(data).custom_id
    file.write(one_line(RowResult(_row_name(), custom_id, None, unasked)) + b"\n")
    return 1


def _row_name() -> str:
    return f"batch_req_{secrets.token_hex(12)}"


def unasked_because(words: str, code: str) -> RowError:
    """Return what rows are told that were not asked before a batch ended."""
    return RowError(code, f"this request was not answered before {words}")
