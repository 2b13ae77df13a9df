"""Answers as bytes: compact JSON on one line, times as clients parse them, and the numbers of an answer's end.

Pure. Used by `stream`, `dialects`, `pages` and `refusals`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from msgspec import UNSET, UnsetType

from llmproc.engine.shaping import Likely
from llmproc.grammars.functions import FunctionCall
from llmproc.server.asking import Ended
from llmproc.server.ollama.answers import (
    OllamaAnswer,
    OllamaAnsweredCall,
    OllamaAnswerMessage,
    OllamaCallDetails,
    OllamaLogprob,
    OllamaTokenLogprob,
)
from llmproc.server.one_line import one_line

_REASONS: dict[str, str] = {"end": "stop", "stop": "stop", "length": "length", "context": "length"}
LEAST_LOGPROB = -9999.0  # JSON has no infinity


def stamp(seconds: float) -> str:
    """Return a moment, in seconds since 1970, as 2026-11-29T18:00:00.123456Z: Go's clients need the zone."""
    second = math.floor(seconds)
    return f"{_second(second)}.{int((seconds - second) * 1e6):06d}Z"


@lru_cache(maxsize=4)
def _second(second: int) -> str:
    """Return the part of a moment that the lines of one second have in common."""
    return datetime.fromtimestamp(second, UTC).isoformat()[:19]


def line(value: Any) -> bytes:
    """Return one line of NDJSON."""
    return one_line(value) + b"\n"


def said(chat: bool, text: str, reasoning: str, calls: Sequence[FunctionCall] = ()) -> dict[str, Any]:
    """Return the fields that hold an answer's text, or a piece of it, and the calls of a chat."""
    thinking = reasoning or UNSET
    if chat:
        called = [OllamaAnsweredCall(details) for details in map(_called, range(len(calls)), calls) if details]
        message = OllamaAnswerMessage(role="assistant", content=text, thinking=thinking, tool_calls=called or UNSET)
        return {"message": message}
    return {"response": text, "thinking": thinking}


def failure(ended: Ended) -> str | None:
    """Return what to tell a client of an answer that did not end by itself; None if it did."""
    result = ended.result
    if result.error is None and result.finish_reason in _REASONS:
        return None
    return result.error or f"the answer was {result.finish_reason}"


def ending(ended: Ended) -> dict[str, Any]:
    """Return the fields of the last line, as they were measured; the model was loaded before the server listened."""
    result, timings = ended.result, ended.result.timings
    return {
        "done_reason": _REASONS[result.finish_reason],
        "total_duration": _nanoseconds(timings.total_s),
        "load_duration": 0,
        "prompt_eval_count": result.prompt_tokens,
        "prompt_eval_duration": _nanoseconds(timings.prefill_s),
        "eval_count": result.new_tokens,
        "eval_duration": _nanoseconds(timings.decode_s),
        "seed": ended.seed,
        "timings": timings,
        "resources": ended.bill,
    }


def logprobs(
    ids: Sequence[int], likely: Sequence[Likely], piece: Callable[[int], bytes], tops: int
) -> list[OllamaLogprob] | UnsetType:
    """Return how likely ids were, with the `tops` likeliest at each place; UNSET without any."""
    found = [
        OllamaLogprob(
            **_entry(token, one.logprob, piece),
            top_logprobs=[OllamaTokenLogprob(**_entry(*pair, piece)) for pair in one.top[:tops]] if tops else UNSET,
        )
        for token, one in zip(ids, likely, strict=False)
    ]
    return found or UNSET


def answer(
    chat: bool,
    model: str,
    moment: float,
    text: str,
    reasoning: str,
    calls: Sequence[FunctionCall] = (),
    **fields: Any,
) -> OllamaAnswer:
    """Return an answer, or a line of it, of that moment."""
    return OllamaAnswer(model=model, created_at=stamp(moment), **said(chat, text, reasoning, calls), **fields)


def _called(index: int, call: FunctionCall) -> OllamaCallDetails | None:
    """Return a call with its arguments as an object; None for one that was cut."""
    try:
        arguments = json.loads(call.arguments)
    except ValueError:
        return None
    return OllamaCallDetails(index, call.name, arguments)


def _entry(token: int, logprob: float, piece: Callable[[int], bytes]) -> dict[str, Any]:
    data = piece(token)
    return {"token": data.decode("utf-8", "replace"), "logprob": max(logprob, LEAST_LOGPROB), "bytes": list(data)}


def _nanoseconds(seconds: float) -> int:
    return max(0, round(seconds * 1e9))
