"""A streamed completion as its client saw it: what came, and when. Pure: the clock has stopped when this runs.

    Received (bytes of the body, each with its moment) --read_answer--> StreamedAnswer --failure--> None, or why not

An answer is complete if its framing ended, a finish reason was told, [DONE] came last, and it has the tokens that were
asked for: by `usage` where the server tells it; else the finish reason has to be "length", and tokens are counted by
chunks with text, as `counted` says. Source of the framing: the HTML standard, server-sent events.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

_LINE_ENDS = re.compile(rb"\r\n\r\n|\n\n")
_DONE = "[DONE]"


@dataclass(frozen=True, slots=True)
class Received:
    """One exchange. Moments in seconds since any moment, the same for all exchanges of a run."""

    status: int  # 0: no response
    sent: float
    parts: Sequence[tuple[float, bytes]]  # of the body
    whole: bool  # the response ended as its framing says
    error: str = ""  # of the connection


@dataclass(frozen=True, slots=True)
class StreamedAnswer:
    """One exchange as it was. Seconds since the request was sent; gaps between parts that brought text."""

    status: int
    whole: bool
    finish: str | None
    done: bool
    prompt_tokens: int | None
    new_tokens: int
    counted: str  # "usage" or "chunks": how new_tokens are known
    first_s: float | None
    gaps_s: Sequence[float]
    total_s: float
    text: str
    error: str


def events_of(parts: Iterable[tuple[float, bytes]]) -> Iterator[tuple[float, str]]:
    """Yield the data of each server-sent event with the moment at which it was complete; comments have none."""
    pending = b""
    for moment, data in parts:
        *events, pending = _LINE_ENDS.split(pending + data)
        for event in events:
            lines = [line[5:].strip() for line in event.splitlines() if line.startswith(b"data:")]
            if lines:
                yield moment, b"\n".join(lines).decode("utf-8", "replace")


def read_answer(received: Received) -> StreamedAnswer:
    """Read what came."""
    moments: list[float] = []
    texts: list[str] = []
    finish, done, usage, error = None, False, dict[str, Any](), received.error
    if received.status != 200:
        error = error or _told(b"".join(data for _, data in received.parts))
    else:
        for moment, data in events_of(received.parts):
            done = data == _DONE
            chunk = {} if done else _object(data)
            error = error or _error_of(chunk)
            usage = chunk.get("usage") or usage
            for choice in chunk.get("choices") or ():
                finish = choice.get("finish_reason") or finish
                if choice.get("text"):
                    moments.append(moment)
                    texts.append(choice["text"])
    return StreamedAnswer(
        status=received.status,
        whole=received.whole,
        finish=finish,
        done=done,
        prompt_tokens=usage.get("prompt_tokens"),
        new_tokens=usage.get("completion_tokens", len(texts)),
        counted="usage" if "completion_tokens" in usage else "chunks",
        first_s=moments[0] - received.sent if moments else None,
        gaps_s=[after - before for before, after in itertools.pairwise(moments)],
        total_s=max((moment for moment, _ in received.parts), default=received.sent) - received.sent,
        text="".join(texts),
        error=error,
    )


def failure(answer: StreamedAnswer, prompt_tokens: int, new_tokens: int) -> str | None:
    """Return why an answer is not the complete one that was asked for; None if it is.

    A prompt may have one token more than its text: some models have one that begins every text.
    """
    told = (None, prompt_tokens, prompt_tokens + 1)
    rules = (
        (not answer.error, answer.error),
        (answer.status == 200, f"status {answer.status}"),
        (answer.whole, "the stream was cut"),
        (answer.finish is not None, "without a finish reason"),
        (answer.done, "without [DONE] at its end"),
        (answer.first_s is not None, "without text"),
        (answer.prompt_tokens in told, f"the prompt was {answer.prompt_tokens} tokens"),
        (
            answer.new_tokens == new_tokens if answer.counted == "usage" else answer.finish == "length",
            f"{answer.new_tokens} tokens, by {answer.counted}; finish reason {answer.finish}",
        ),
    )
    return next((words for holds, words in rules if not holds), None)


def _object(data: str) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except ValueError:
        return {"error": f"an event is not JSON: {data[:40]!r}"}
    return found if isinstance(found, dict) else {"error": f"an event is not an object: {data[:40]!r}"}


def _error_of(chunk: dict[str, Any]) -> str:
    error = chunk.get("error")
    return str(error.get("message", error) if isinstance(error, dict) else error or "")


def _told(body: bytes) -> str:
    """Return what a refusal says."""
    text = body.decode("utf-8", "replace").strip()
    return _error_of(_object(text)) if text.startswith("{") else text[:200]
