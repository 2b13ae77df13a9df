"""One HTTP/1.1 response, read as its bytes come: status, headers, and the body without its framing. Pure.

Used by the client that makes load, for which a general HTTP library would be most of the cost: it shares the machine
with the server that is measured. Source of the framing: RFC 9112, sections 6 and 7.
"""

from __future__ import annotations

from llmproc.errors import LlmprocError

_MOST_HEAD = 1 << 16


class BadResponseError(LlmprocError):
    """The bytes that a server sent are not an HTTP/1.1 response."""


class ResponseReader:
    """Reads one response; bytes after its end are not asked for."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}  # names in lower case
        self.ended = False  # by its framing
        self._pending = b""
        self._left = -1  # bytes of the body or of its chunk that are still to come; -1: a line comes first
        self._chunked = self._trailer = False

    @property
    def keeps_open(self) -> bool:
        """Return whether the connection may be used again."""
        return self.ended and self.headers.get("connection", "").lower() != "close"

    def feed(self, data: bytes) -> bytes:
        """Return what these bytes bring of the body. BadResponseError."""
        self._pending += data
        if not self.status and not self._read_head():
            return b""
        if not self._chunked:
            return self._read_plain()
        parts: list[bytes] = []
        while not self.ended and self._read_chunk(parts):
            pass
        return b"".join(parts)

    def close(self) -> None:
        """Take the end of the connection: it ends a body that tells no length."""
        if self.status and not self._chunked and self._left < 0:
            self.ended = True

    def _read_head(self) -> bool:
        head, found, rest = self._pending.partition(b"\r\n\r\n")
        if not found:
            if len(head) > _MOST_HEAD:
                raise BadResponseError("a response's headers do not end")
            return False
        lines = head.decode("latin-1").split("\r\n")
        words = lines[0].split(" ", 2)
        if len(words) < 2 or not words[0].startswith("HTTP/1.") or not (words[1].isdecimal() and words[1].isascii()):
            raise BadResponseError(f"a response begins with {lines[0][:40]!r}")
        pairs = (line.partition(":") for line in lines[1:])
        self.headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
        self.status, self._pending = int(words[1]), rest
        self._chunked = self.headers.get("transfer-encoding", "").lower() == "chunked"
        length = self.headers.get("content-length", "")
        self._left = -1 if self._chunked or not length else _number(length, 10)
        return True

    def _read_plain(self) -> bytes:
        data, self._pending = self._pending, b""
        if self._left >= 0:
            data = data[: self._left]
            self._left -= len(data)
            self.ended = self._left == 0
        return data

    def _read_chunk(self, parts: list[bytes]) -> bool:
        """Read a size line, or what is here of a chunk; return whether there may be more to read."""
        if self._left < 0:
            line, found, rest = self._pending.partition(b"\r\n")
            if not found:
                return False
            self._pending = rest
            if self._trailer:
                self.ended = not line
            else:
                self._left = _number(line.partition(b";")[0].decode("latin-1").strip(), 16)
                self._trailer = self._left == 0
                self._left = -1 if self._trailer else self._left + 2  # a line end follows the data
            return True
        data = self._pending[: self._left]
        self._pending = self._pending[len(data) :]
        parts.append(data[: max(0, self._left - 2)])
        self._left -= len(data)
        if self._left == 0:
            self._left = -1
            return True
        return False


def _number(text: str, base: int) -> int:
    if not text.isalnum() or not text.isascii():
        raise BadResponseError(f"a length is {text[:20]!r}")
    try:
        return int(text, base)
    except ValueError:
        raise BadResponseError(f"a length is {text[:20]!r}") from None
