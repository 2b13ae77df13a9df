"""One line of JSON, and what is wrong with it in a user's words.

The decoder's own words are not shown: they change with its version. What is wrong is found by looking again, with the
standard library's decoder, which knows the place. Used by `formats`.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

import msgspec

NOT_UTF8 = "is not UTF-8"
_TOO_DEEP = "is not JSON that can be read: it is nested too deeply"


class _NotANumberError(ValueError):
    """NaN or Infinity, which JSON does not have."""


def decode_object(data: bytes) -> tuple[dict[str, Any] | None, str]:
    """Return the object in a line, or None and what is wrong with the line (it goes on "is ...")."""
    try:
        found = msgspec.json.decode(data)
    except RecursionError:
        return None, _TOO_DEEP
    except (msgspec.MsgspecError, ValueError):
        return None, _fault(data)
    if not isinstance(found, dict):
        return None, "is not a JSON object"
    return found, ""


def _fault(data: bytes) -> str:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return NOT_UTF8
    try:
        json.loads(text, parse_constant=_refuse)
    except _NotANumberError as error:
        return f"is not JSON: {error} is not a JSON value: null is"
    except json.JSONDecodeError as error:
        quotes = ": names and texts stand in double quotes" if text.lstrip().startswith("{'") else ""
        return f"is not JSON: column {error.colno}{quotes}"
    except RecursionError:
        return _TOO_DEEP
    if any(0xD800 <= ord(character) < 0xE000 for character in json.dumps(json.loads(text), ensure_ascii=False)):
        return "is not JSON: an escape from \\ud800 to \\udfff is half a character, and its other half is missing"
    return "is not JSON: a number is too large"


def _refuse(name: str) -> NoReturn:
    raise _NotANumberError(name)
