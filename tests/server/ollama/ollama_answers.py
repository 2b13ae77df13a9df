"""Requests and answers without a model, for tests of what Ollama's clients send and are told."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import pytest

from llmproc.engine.shaping import Likely
from llmproc.server.asking import About, Asked, Bill, Ended, Event, Piece
from llmproc.server.ollama.asking import ServedModel
from llmproc.server.ollama.dialects import OllamaChat, OllamaGenerate
from llmproc.server.ollama.thinking import ThinkingSupport
from llmproc.server.refusals import RefusedError
from llmproc.service.messages import FinishReason
from llmproc.session.result import Result, Timings

CONTEXT = 512
ABOUT = About("stories", "stories-1a2b-0.1-avx2", CONTEXT)
NOW, STAMP = 1796061600.123456, "2026-11-30T18:00:00.123456Z"
WORDS = (b"", b"A", b" pipe", b" is", b"\xe2\x82", b"\xac", b"<s>")
TIMINGS = Timings(0.25, 0.5, 1.0, 1.75, 2.0)
BILL = Bill(1.5, 0.25, 0.125, 4096)
REASONS = ThinkingSupport(True, "enable_thinking", None)


def served(thinking: ThinkingSupport | None = None, context: int = CONTEXT) -> ServedModel:
    """A model of a few words; the clock stands still and every seed that is drawn is 77."""
    support = thinking or ThinkingSupport()
    return ServedModel(context, lambda token: WORDS[token], support, lambda: NOW, lambda: 77)


CHAT, GENERATE = OllamaChat(served()), OllamaGenerate(served())
BOTH = pytest.mark.parametrize("dialect", [CHAT, GENERATE], ids=["chat", "generate"])


def question(dialect: OllamaChat | OllamaGenerate = CHAT, **fields: Any) -> bytes:
    """The body of a request with one question."""
    said = {"messages": [{"role": "user", "content": "Hi"}]} if dialect.chat else {"prompt": "Hi"}
    return json.dumps({"model": "llama3.2", **said, **fields}).encode()


def asked(dialect: OllamaChat | OllamaGenerate = CHAT, **fields: Any) -> Asked:
    return dialect.read(question(dialect, **fields))


def refused(dialect: OllamaChat | OllamaGenerate, body: bytes) -> str:
    """What a client is told of a body that is refused with 400; one short line."""
    with pytest.raises(RefusedError) as caught:
        dialect.read(body)
    assert caught.value.status == 400 and "\n" not in caught.value.message and len(caught.value.message) < 300
    return str(json.loads(dialect.errors.refusal(caught.value))["error"])


def piece(text: str = "", reasoning: str = "", ids: Sequence[int] = (1,), likely: Sequence[Likely] = ()) -> Piece:
    return Piece(0, text, ids, likely, reasoning)


def ended(reason: FinishReason = "end", text: str = "A pipe", reasoning: str = "", error: str | None = None) -> Ended:
    result = Result(
        "Hi", text, (1, 2, 0), reason, error, prompt_tokens=5, new_tokens=3, cached_tokens=2, timings=TIMINGS
    )
    return Ended(0, result, BILL, 77, text, reasoning)


def written(dialect: OllamaChat | OllamaGenerate, what: Asked, events: Iterable[Event]) -> list[bytes]:
    """All writes of a stream."""
    writer, last = dialect.stream(what, ABOUT), ended()
    found: list[bytes] = []
    for event in events:
        found += writer.event(event)
        last = event if isinstance(event, Ended) else last
    return [*found, *writer.end([last])]


def lines(writes: Iterable[bytes]) -> list[dict[str, Any]]:
    """What clients read: each write is one line, for Python's reader of lines too."""
    found = []
    for write in writes:
        assert write.endswith(b"\n") and len(write.decode().splitlines()) == 1 and write.strip()
        found.append(json.loads(write))
    return found


def text_of(line: dict[str, Any]) -> str:
    return str(line["message"]["content"] if "message" in line else line["response"])


def thinking_of(line: dict[str, Any]) -> str:
    return str(line.get("message", line).get("thinking", ""))
