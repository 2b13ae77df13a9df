"""Distinct requests to every answering path, and the answers that the Python API gives to the same prompts and seeds.

    number --LoadQuestion--> path and body for a server
                         --> prompt and SamplingParams for `LLM.generate`

Paths come in turn: a chat whole, a chat streamed, a completion streamed, Ollama's chat streamed. An answer is its text
and why it ended, by OpenAI's words.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from server.load_client import LoadReply

from llmproc import LLM, SamplingParams

CHAT, COMPLETIONS, OLLAMA = "/v1/chat/completions", "/v1/completions", "/api/chat"
_NOUNS = (
    "pipe", "process", "thread", "signal", "socket", "fork", "mutex", "page", "cache", "zombie", "scheduler", "file",
    "inode", "semaphore", "shell",
)  # fmt: skip
_WAYS = ("What is a {}?", "How does a {} work?", "Why is there a {}?", "Tell me about a {}.", "A {} and its parent")
_REASONS = {"end": "stop", "stop": "stop", "length": "length", "context": "length"}
TextAndReason = tuple[str, str]


@dataclass(frozen=True)
class LoadQuestion:
    """One request; its number makes it different from all others. `tokens`: at most, less some by its number."""

    number: int
    tokens: int = 64

    @property
    def kind(self) -> int:
        """Which of the four paths."""
        return self.number % 4

    @property
    def prompt(self) -> str:
        """The text."""
        noun, way = _NOUNS[self.number % len(_NOUNS)], _WAYS[self.number // len(_NOUNS) % len(_WAYS)]
        return f"{way.format(noun)} ({self.number})"

    @property
    def params(self) -> SamplingParams:
        """What the API is to be told."""
        few = max(1, self.tokens - self.number % (self.tokens // 2))
        return SamplingParams(temperature=0.8, top_p=0.9, top_k=40, max_tokens=few, seed=1000 + self.number)

    @property
    def path(self) -> str:
        """The path of the server."""
        return (CHAT, CHAT, COMPLETIONS, OLLAMA)[self.kind]

    @property
    def body(self) -> dict[str, Any]:
        """The JSON body."""
        params, messages = self.params, [{"role": "user", "content": self.prompt}]
        chosen = {"temperature": params.temperature, "top_p": params.top_p, "top_k": params.top_k, "seed": params.seed}
        if self.kind == 3:
            return {"messages": messages, "options": {**chosen, "num_predict": params.max_tokens}}
        what = {"prompt": self.prompt} if self.kind == 2 else {"messages": messages}
        return {**what, **chosen, "max_tokens": params.max_tokens, "stream": self.kind != 0}

    def answer(self, reply: LoadReply) -> TextAndReason:
        """The answer in a response that must be complete, with one end and nothing behind it."""
        assert (reply.status, reply.complete) == (200, True), f"{self}: {reply}"
        if self.kind == 0:
            (choice,) = reply.json["choices"]
            return choice["message"]["content"], choice["finish_reason"]
        return of_lines(reply.body) if self.kind == 3 else of_events(reply.body)


def of_events(body: bytes) -> TextAndReason:
    """The text and the one finish reason of a stream of OpenAI's."""
    *events, done, nothing = body.split(b"\n\n")
    assert (done, nothing) == (b"data: [DONE]", b""), body[-200:]
    choices = [json.loads(event.removeprefix(b"data: "))["choices"][0] for event in events]
    reasons = [choice["finish_reason"] for choice in choices]
    assert reasons.count(None) == len(reasons) - 1 and reasons[-1], reasons
    texts = [choice["text"] if "text" in choice else choice["delta"].get("content", "") for choice in choices]
    return "".join(texts), reasons[-1]


def of_lines(body: bytes) -> TextAndReason:
    """The text and the reason of a stream of Ollama's."""
    lines = [json.loads(line) for line in body.splitlines()]
    assert [line["done"] for line in lines] == [False] * (len(lines) - 1) + [True], body[-200:]
    return "".join(line["message"]["content"] for line in lines), lines[-1]["done_reason"]


def offline_answers(questions: Sequence[LoadQuestion], model: Path | None = None) -> list[TextAndReason]:
    """What `LLM.generate` answers, the same model in processes of its own."""
    found: dict[int, TextAndReason] = {}
    with LLM(model, workers=2) as llm:
        for raw in (False, True):
            asked = [question for question in questions if (question.kind == 2) == raw]
            results = llm.generate([one.prompt for one in asked], [one.params for one in asked], raw=raw)
            for question, result in zip(asked, results, strict=True):
                found[question.number] = (result.text, _REASONS[result.finish_reason])
    return [found[question.number] for question in questions]
