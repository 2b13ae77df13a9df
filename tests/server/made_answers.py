"""Answers without a model: pieces, ends and a tokenizer of a few words, for tests of what clients are told."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from llmproc.config import SamplingParams
from llmproc.engine.shaping import Likely
from llmproc.server.asking import About, Asked, Bill, Ended, Event, Piece
from llmproc.server.dialect import Dialect, StreamWriter
from llmproc.server.openai.dialects import ChatDialect, CompletionDialect, ResponseDialect
from llmproc.server.openai.fresh import Fresh
from llmproc.service.messages import FinishReason
from llmproc.session.result import Result, Timings

ABOUT = About("stories", "stories-1a2b-0.1-avx2", 512)
FRESH = Fresh(word=lambda: "abc", now=lambda: 1700000000.9, seed=lambda: 77)
WORDS = (b"", b"A", b" pipe", b" is", b" a", b" buffer", b".", b"\xe2\x82", b"\xac", b"\n")
TIMINGS = Timings(0.25, 0.5, 1.0, 1.75, 3.0)
BILL = Bill(1.5, 0.25, 0.125, 4096)


class WordTokens:
    """A vocabulary of WORDS."""

    vocab_size = len(WORDS)

    def piece(self, token: int) -> bytes:
        return WORDS[token]


RESPONSE = ResponseDialect(WordTokens(), FRESH)
CHAT, TEXT = ChatDialect(WordTokens(), FRESH), CompletionDialect(WordTokens(), FRESH)


def asked(prompts: int = 1, **options: Any) -> Asked:
    """A streamed request to `prompts` prompts; options of Asked, the others of SamplingParams."""
    own = {name: options.pop(name) for name in ("include_usage", "continuous_usage", "echo") if name in options}
    return Asked(("Hi",) * prompts, SamplingParams(**{"seed": 77, **options}), stream=True, **own)


def piece(token: int, choice: int = 0, *, likely: Sequence[Likely] = (), prompt_tokens: int = 0) -> Piece:
    return Piece(choice, WORDS[token].decode("utf-8", "ignore"), [token], likely, prompt_tokens=prompt_tokens)


def ended(choice: int = 0, reason: FinishReason = "end", text: str = "A pipe", **more: Any) -> Ended:
    reasoning, reasoning_tokens = more.pop("reasoning", ""), more.pop("reasoning_tokens", 0)
    counts = {"prompt_tokens": 5, "new_tokens": 3, "cached_tokens": 2, **more}
    result = Result("Hi", text, (1, 2, 0), reason, timings=TIMINGS, **counts)
    return Ended(choice, result, BILL, 77 + choice, text, reasoning, reasoning_tokens)


def written(writer: StreamWriter, events: Iterable[Event]) -> list[bytes]:
    """All writes of one stream, in order; its end included."""
    found: list[bytes] = []
    last: dict[int, Ended] = {}
    for event in events:
        found += writer.event(event)
        if isinstance(event, Ended):
            last[event.choice] = event
    return [*found, *writer.end([last[choice] for choice in sorted(last)])]


def streamed(dialect: Dialect, what: Asked, events: Iterable[Event]) -> list[Any]:
    """The data of a stream's events, [DONE] as None. The framing is judged on the way."""
    return [parsed(write) for write in written(dialect.stream(what, ABOUT), events)]


def parsed(write: bytes) -> Any:
    assert write.startswith(b"data: ") and write.endswith(b"\n\n") and write.count(b"\n") == 2 and b"\r" not in write
    data = write[6:-2]
    return None if data == b"[DONE]" else json.loads(data)
