"""JSON from outside, and what is wrong with it in words of our own: libraries and their versions word it differently.

Used by readers of rows, prompts, sidecars and saved sessions. Never in it: what the fields mean.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec


class JsonError(ValueError):
    """A text that is not JSON. Its words continue a sentence: `not UTF-8 at byte 7`, `not JSON at line 3, column 2`."""


def read_json(data: bytes | str) -> Any:
    """Return the value that `data` holds; JsonError when it is not UTF-8, not JSON, or nested too deeply."""
    try:
        text = data.decode() if isinstance(data, bytes) else data
    except UnicodeDecodeError as error:
        raise JsonError(f"not UTF-8 at byte {error.start}") from None
    try:
        return msgspec.json.decode(text)
    except RecursionError:
        raise JsonError("not JSON: nested too deeply") from None
    except (msgspec.MsgspecError, ValueError):  # ValueError: a lone surrogate in a str
        raise JsonError(f"not JSON{_place(text)}") from None


def _place(text: str) -> str:
    """Return where the text stops being JSON, by the standard library's reader; "" when that one takes it."""
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        line = f"line {error.lineno}, " if "\n" in text.strip() else ""
        return f" at {line}column {error.colno}"
    except (ValueError, RecursionError):
        pass
    return ""
