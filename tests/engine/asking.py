"""Requests to an engine, as tests of its steps make them."""

from __future__ import annotations

from llmproc.engine.sequence import SequenceRequest

PROMPT = tuple(range(5, 25))


def request(number: int = 1, tokens: tuple[int, ...] = PROMPT, max_tokens: int = 10, **more) -> SequenceRequest:
    return SequenceRequest(number, tokens, max_tokens, **{"temperature": 0.8, "top_p": 0.9, **more})
