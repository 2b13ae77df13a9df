"""Requests as the service and the engine take them, with values that most tests do not care about."""

from __future__ import annotations

from typing import Any

from llmproc.service.messages import Generate


def order(ids: list[int], tokens: int = 60, temperature: float = 0.8, **changes: Any) -> Generate:
    """Return a request: seed 42, top_p 0.9, no end token, unless `changes` say otherwise."""
    values: dict[str, Any] = {
        "ids": ids, "max_tokens": tokens, "end_tokens": [], "temperature": temperature,
        "top_p": 0.9, "seed": 42, "draws": 0, "closing": None,
    }  # fmt: skip
    return Generate(**{**values, **changes})
