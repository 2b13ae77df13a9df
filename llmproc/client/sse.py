"""Server-sent events from bytes that may be split anywhere. Pure.

Source: the HTML standard, section 9.2.6 (interpreting an event stream). Lines end with LF, CRLF or CR; one space after
the colon is dropped; comments and unknown fields are skipped; an event that no blank line ended is discarded.
"""

from __future__ import annotations

from dataclasses import dataclass

MOST_BYTES = 1 << 24  # of one line or of the data of one event
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class SseEvent:
    """One event. `name`: its `event` field, "" without one; `data`: its `data` lines, joined by line feeds."""

    data: str
    name: str = ""


class SseError(ValueError):
    """A stream that no reader can hold: a line or an event of more than MOST_BYTES."""


class SseReader:
    """Reads one stream."""

    def __init__(self) -> None:
        self._pending = bytearray()  # of a line that has not ended
        self._skip_line_feed = False  # the last byte was a CR, which ended its line
        self._first = True
        self._name = ""
        self._data: list[bytes] = []
        self._held = 0  # bytes of _data

    def feed(self, data: bytes) -> list[SseEvent]:
        """Return the events that these bytes complete. SseError."""
        if self._skip_line_feed and data:
            data, self._skip_line_feed = data.removeprefix(b"\n"), False
        if b"\r" in data:
            self._skip_line_feed = data.endswith(b"\r")
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        self._pending += data
        if b"\n" not in data:
            self._check_size(len(self._pending))
            return []
        *lines, rest = bytes(self._pending).split(b"\n")
        self._pending = bytearray(rest)
        found: list[SseEvent] = []
        for line in lines:
            self._read_line(line, found)
        self._check_size(len(rest))
        return found

    def _read_line(self, line: bytes, found: list[SseEvent]) -> None:
        if self._first:
            self._first, line = False, line.removeprefix(_BOM)
        if not line:
            if self._data:
                found.append(SseEvent(b"\n".join(self._data).decode("utf-8", "replace"), self._name))
            self._data, self._held, self._name = [], 0, ""
            return
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            self._held += len(value) + 1
            self._check_size(self._held)
            self._data.append(value)
        elif field == b"event":
            self._name = value.decode("utf-8", "replace")

    @staticmethod
    def _check_size(count: int) -> None:
        if count > MOST_BYTES:
            raise SseError(f"an event of the stream has more than {MOST_BYTES} bytes")
