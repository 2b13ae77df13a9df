"""OpenAI's error shape."""

from __future__ import annotations

import msgspec


def error_body(message: str, kind: str, param: str | None, code: str | None) -> bytes:
    """Return the JSON body: {"error": {"message", "type", "param", "code"}}."""
    return msgspec.json.encode({"error": {"message": message, "type": kind, "param": param, "code": code}})
