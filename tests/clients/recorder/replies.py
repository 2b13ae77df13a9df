"""One answer of the stand-in server, and the words that every answer is made of."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

MODEL = "recorder-1"
CREATED = 1_900_000_000  # seconds; always the same, so that two recordings are the same
WORDS = ("Hello", " there", ",", " how", " are", " you", "?", " Fine", ".")


@dataclass(frozen=True)
class Reply:
    """A whole body, or events, each of which becomes one chunk of a chunked body."""

    status: int = 200
    body: bytes = b""
    events: tuple[bytes, ...] = ()
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)


def compact(value: Any) -> bytes:
    """JSON on one line without spaces."""
    return json.dumps(value, separators=(",", ":")).encode()


def as_json(value: Any, status: int = 200) -> Reply:
    return Reply(status, compact(value))


def tokens(limit: int | None) -> list[str]:
    """The words of an answer: `limit` of them, repeated if there are fewer."""
    count = min(limit or len(WORDS), 512)
    return [WORDS[i % len(WORDS)] for i in range(count)]
