"""The three formats of an input: lines become records, each a set of named fields or what is wrong with it.

    text    one prompt a line                                    jsonl   one JSON object a line
    csv     a header, then rows; a quoted field may hold lines   tsv     the same with tabs

Blank lines are skipped, and so are CSV rows of empty fields. What the fields mean is `rows`' business. Pure: lines in,
records out.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

import msgspec

from llmproc.batch.json_lines import NOT_UTF8, decode_object
from llmproc.batch.source import MAX_LINE, SourceLine
from llmproc.errors import UsageError
from llmproc.session.option_texts import NUMBERS, WHOLE_NUMBERS, value_of

FORMATS = ("text", "jsonl", "csv", "tsv")
_SUFFIXES = {".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".tsv": "tsv"}
_UNNAMED = "unnamed"
_TOO_LONG = f"is longer than {MAX_LINE} bytes"


@dataclass(frozen=True, slots=True)
class Record:
    """One row of the input as it stands there: `fields`, or the `error` in a user's words."""

    line: int  # where it begins, from 1
    end: int  # bytes of the input up to and with it
    raw: bytes  # what its key is made of; a CSV header's bytes too
    fields: dict[str, Any] | None
    error: str = ""


def format_of(name: str) -> str:
    """Return the format by the file's suffix, `text` for an unknown one. UsageError for one that must be a mistake."""
    suffix = PurePath(name).suffix.lower()
    if suffix in (".json", ".parquet", ".xlsx", ".gz", ".zst", ".bz2", ".xz", ".zip"):
        raise UsageError(f"{name}: {suffix} cannot be read: --format says which of {', '.join(FORMATS)} it is")
    return _SUFFIXES.get(suffix, "text")


def records(lines: Iterable[SourceLine], format: str) -> Iterator[Record]:
    """Return an iterator over the records of an input. UsageError for a CSV header that cannot be used."""
    if format == "text":
        return _text(lines)
    if format == "jsonl":
        return _jsonl(lines)
    return _csv(lines, "\t" if format == "tsv" else ",")


def _text(lines: Iterable[SourceLine]) -> Iterator[Record]:
    for line in lines:
        if not line.whole:
            yield Record(line.number, line.end, line.data, None, _TOO_LONG)
        elif line.data.strip():
            prompt = line.data.decode("utf-8", "surrogateescape")  # as the prompt loop: the tokenizer takes any byte
            yield Record(line.number, line.end, line.data, {"prompt": prompt})


def _jsonl(lines: Iterable[SourceLine]) -> Iterator[Record]:
    for line in lines:
        if not line.whole:
            yield Record(line.number, line.end, line.data, None, _TOO_LONG)
        elif line.data.strip():
            fields, error = decode_object(line.data)
            yield Record(line.number, line.end, line.data, fields, error)


class _Feed:
    """Lines as the csv module wants them, and what it has taken since the last record."""

    def __init__(self, lines: Iterable[SourceLine]) -> None:
        self._lines = iter(lines)
        self.taken: list[SourceLine] = []
        self.error = ""

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.taken.append(line)
        if not line.whole:
            self.error = self.error or _TOO_LONG
            return "\n"
        try:
            return line.data.decode("utf-8") + "\n"
        except UnicodeDecodeError:
            self.error = self.error or NOT_UTF8
            return line.data.decode("utf-8", "replace") + "\n"

    def fault(self) -> str:
        """Say what is wrong with the lines taken: the csv module's own words change with its version."""
        if sum(len(line.data) + 1 for line in self.taken) > MAX_LINE:
            return f"a field is longer than {MAX_LINE} bytes"
        return "a quote is not closed, or text follows a closing quote"

    def record(self, header: bytes, fields: dict[str, Any] | None, error: str = "") -> Record:
        """Return the record of the lines taken, and forget them."""
        taken, error = self.taken, self.error or error
        self.taken, self.error = [], ""
        raw = b"\n".join([header, *(line.data for line in taken)])
        return Record(taken[0].number, taken[-1].end, raw, None if error else fields, error)


def _csv(lines: Iterable[SourceLine], delimiter: str) -> Iterator[Record]:
    csv.field_size_limit(MAX_LINE)  # of an unclosed quote no more than this is held
    feed = _Feed(lines)
    reader = csv.reader(feed, delimiter=delimiter, strict=True)
    names: list[str] | None = None
    header = b""
    while True:
        try:
            values = next(reader, None)
        except csv.Error:
            if names is None:
                raise UsageError(f"the header is not CSV: {feed.fault()}") from None
            yield feed.record(header, None, f"is not CSV: {feed.fault()}")
            continue
        if values is None:
            return
        if not any(value.strip() for value in values) and not feed.error:
            feed.taken = []
        elif names is None:
            names = _header(values, feed.error)
            header, feed.taken = b"\n".join(line.data for line in feed.taken), []
        elif len(values) != len(names):
            yield feed.record(header, None, f"has {len(values)} fields: the header has {len(names)}")
        else:
            fields = {name: _cell(name, value) for name, value in zip(names, values, strict=True) if value != ""}
            yield feed.record(header, fields)


def _header(values: list[str], error: str) -> list[str]:
    names = [value.strip() for value in values]
    if error:
        raise UsageError(f"the header {error}")
    if names[0] == "" and "" not in names[1:]:
        names[0] = _UNNAMED  # pandas' to_csv writes its row numbers so
    if "" in names or len(set(names)) < len(names):
        raise UsageError(f"the header is {', '.join(names)}: every column must have a name of its own")
    if not {"prompt", "messages"} & set(names):
        raise UsageError(f"the header is {', '.join(names)}: must have a column prompt or messages")
    return names


def _cell(name: str, value: str) -> Any:
    """Return a cell as JSON would have it; what cannot be that stays text, to be judged with the rest."""
    try:
        if name == "messages":
            return msgspec.json.decode(value)
        if name in NUMBERS or name in WHOLE_NUMBERS:
            return float(value) if any(sign in value.lower() for sign in ".en") else int(value)
        if name == "logit_bias":
            return {str(token): bias for token, bias in value_of(name, value).items()}
        if name in ("stop", "ignore_eos"):
            return value_of(name, value)
    except (ValueError, msgspec.MsgspecError, RecursionError, UsageError):
        pass
    return value
