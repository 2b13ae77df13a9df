"""JSON that is one line for every reader: in a stream of events or of lines, a line break ends a message.

JSON may hold U+0085, U+2028 and U+2029 as they are, and `str.splitlines` breaks lines there; so does httpx's reader of
lines (its LineDecoder follows `str.splitlines`), which many clients read streams with. They are written as \\u0085,
\\u2028 and \\u2029 here. Used by all that writes a stream. Pure.
"""

from __future__ import annotations

from typing import Any

import msgspec

_encode = msgspec.json.Encoder().encode
_BREAKS = tuple((mark.encode(), b"\\u%04x" % ord(mark)) for mark in "\x85\u2028\u2029")  # in UTF-8, and escaped


def one_line(value: Any) -> bytes:
    """Return a value as compact JSON on one line; half of a surrogate pair in a text becomes U+FFFD."""
    try:
        data = _encode(value)
    except UnicodeEncodeError:
        data = _encode(_whole(value))
    return data if data.isascii() else _escaped(data)


def _escaped(data: bytes) -> bytes:
    """Escape in whole JSON: outside of its texts there is nothing but ASCII."""
    for mark, escape in _BREAKS:
        data = data.replace(mark, escape)
    return data


def _whole(value: Any) -> Any:
    """Return plain data without lone surrogates."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_whole(name): _whole(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_whole(item) for item in value]
    return value if isinstance(value, (int, float, type(None))) else _whole(msgspec.to_builtins(value))
