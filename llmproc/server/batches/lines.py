"""What a line of an input file asks, or what is wrong with it. Pure but for reading the file.

    line --BatchLine--> custom_id, body --the path's own dialect--> InputRow, or BatchError

A body is judged by the same reader as that of a single request; what only an answer can tell (a prompt that is too long
for the context) becomes a failed row. Used by `course`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from llmproc.batch.source import Source
from llmproc.errors import LlmprocError
from llmproc.server.asking import Asked
from llmproc.server.batches.limits import BatchLimits
from llmproc.server.batches.records import BatchError, BatchLine
from llmproc.server.refusals import RefusedError
from llmproc.server.validating import BodyReader

_BREAKS = {"custom_id": "duplicate_custom_id", "url": "invalid_url"}


@dataclass(frozen=True, slots=True)
class InputRow:
    """One request of an input. `index`: its place among them; `choices`: answers that it asks for."""

    index: int
    custom_id: str
    body: bytes
    choices: int


class _Body(msgspec.Struct):
    """The part of a line that is passed on as it stands."""

    body: msgspec.Raw


_BODY = msgspec.json.Decoder(_Body)


class LineJudge:
    """Judges the lines of one input."""

    def __init__(self, endpoint: str, read: Callable[[bytes], Asked], body_bytes: int) -> None:
        """Take the path that rows ask, and what reads its bodies. `body_bytes`: of a body at most."""
        self._endpoint, self._read, self._body_bytes = endpoint, read, body_bytes
        self._lines = BodyReader(BatchLine)
        self._seen: set[str] = set()

    def row(self, index: int, data: bytes) -> InputRow:
        """Return what a line asks. RefusedError that names the field."""
        try:
            line = self._lines.read(data)
        except RefusedError as error:
            if error.code != "invalid_json":
                raise
            words = error.message.replace("the body is", "the line is", 1)
            raise RefusedError(words, code="invalid_json_line") from None
        if line.url != self._endpoint:
            raise _refused("url", f"is {line.url[:100]!r}: must be {self._endpoint!r}, the batch's endpoint")
        if line.custom_id in self._seen:
            raise _refused("custom_id", f"{line.custom_id[:100]!r} stands in an earlier line: must be unique")
        self._seen.add(line.custom_id)
        body = bytes(_BODY.decode(data).body)
        if len(body) > self._body_bytes:
            raise _refused("body", f"has more than {self._body_bytes} bytes")
        try:
            asked = self._read(body)
        except RefusedError as error:
            path = f"body.{error.param}" if error.param else "body"
            raise RefusedError(f"body: {error.message}", param=path, code=error.code) from None
        if asked.stream:
            raise _refused("body.stream", "is true: must be false in a batch")
        return InputRow(index, line.custom_id, body, len(asked.prompts) * asked.sampling.n)


def judge_input(
    path: Path, judge: LineJudge, limits: BatchLimits, stop: Callable[[], bool]
) -> tuple[int, list[BatchError]]:
    """Return the rows of an input file and what is wrong with its lines, as far as `limits` go.

    `stop`: asked before each line; what is returned then means nothing.
    """
    total, errors = 0, list[BatchError]()
    try:
        with contextlib.closing(input_lines(path)) as lines:
            for number, data in lines:
                if stop() or len(errors) >= limits.errors:
                    break
                total += 1
                if total > limits.lines:
                    errors.append(BatchError("too_many_lines", number, f"more than {limits.lines} requests", None))
                    break
                try:
                    judge.row(total - 1, data)
                except RefusedError as error:
                    errors.append(BatchError(error.code or "invalid_value", number, error.message, error.param))
    except LlmprocError as error:  # not UTF-8 at all
        errors.append(BatchError("invalid_file", None, str(error).removeprefix(f"{path}: "), None))
    if not total and not errors:
        errors.append(BatchError("empty_file", None, "the input file has no requests", None))
    return total, errors


def input_rows(path: Path, judge: LineJudge, done: Callable[[int], bool]) -> Generator[InputRow, None, None]:
    """Yield the rows of an input file that was judged before, without those that are done."""
    with contextlib.closing(input_lines(path)) as lines:
        for index, (_, data) in enumerate(lines):
            if not done(index):
                yield judge.row(index, data)


def input_lines(path: Path) -> Generator[tuple[int, bytes], None, None]:
    """Yield the number and bytes of every line that is not blank. LlmprocError when it cannot be read.

    A line beyond what is kept of one comes as its beginning, which is not JSON.
    """
    source = Source(str(path))
    try:
        for line in source.lines():
            if line.data.strip():
                yield line.number, line.data
    finally:
        source.close()


def _refused(name: str, problem: str) -> RefusedError:
    return RefusedError(f"{name} {problem}", param=name, code=_BREAKS.get(name, "invalid_value"))
