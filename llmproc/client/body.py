"""One request for a chat or a completion: its path and its JSON. Pure.

Both `max_tokens` and `max_completion_tokens` are sent to a chat: llama-cpp-python's server and Ollama read only the
first, newer servers prefer the second, and figures of answers longer than was asked for compare with nothing. OpenAI's
own service refuses the two together: `limit_fields` chooses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import msgspec

Interface: TypeAlias = Literal["chat", "completions"]
LIMIT_FIELDS = ("max_tokens", "max_completion_tokens")
_PATHS: Mapping[Interface, str] = {"chat": "/chat/completions", "completions": "/completions"}


@dataclass(frozen=True, slots=True)
class RemoteRequest:
    """One request. `prompt`: a text, or for a chat its messages as {"role", "content"}; `extra`: further fields."""

    prompt: str | Sequence[Mapping[str, Any]]
    max_tokens: int | None = None
    interface: Interface = "chat"
    stream: bool = True
    temperature: float | None = None
    seed: int | None = None
    ignore_eos: bool = False  # an extension that vLLM, SGLang, llama-server and we have
    limit_fields: Sequence[str] = LIMIT_FIELDS
    extra: Mapping[str, Any] = field(default_factory=dict)


def request_path(interface: Interface) -> str:
    """Return the path below the base URL."""
    return _PATHS[interface]


def request_body(request: RemoteRequest, model: str) -> bytes:
    """Return the JSON; fields that were not given are left out. ValueError for messages of a completion."""
    found: dict[str, Any] = {"model": model}
    if request.interface == "chat":
        text = request.prompt
        found["messages"] = [{"role": "user", "content": text}] if isinstance(text, str) else list(text)
    elif isinstance(request.prompt, str):
        found["prompt"] = request.prompt
    else:
        raise ValueError("a completion has a text, not messages")
    if request.max_tokens is not None:
        names = request.limit_fields if request.interface == "chat" else ("max_tokens",)
        found |= dict.fromkeys(names, request.max_tokens)
    if request.temperature is not None:
        found["temperature"] = request.temperature
    if request.seed is not None:
        found["seed"] = request.seed
    if request.ignore_eos:
        found["ignore_eos"] = True
    if request.stream:
        found |= {"stream": True, "stream_options": {"include_usage": True}}
    return msgspec.json.encode({**found, **request.extra})
