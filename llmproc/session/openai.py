"""OpenAI's shapes of a request as llmproc's own: rows of their batch files, messages with parts, roles and names.

Pure. Used by `batch`, and by the server when it comes. Source of the shapes: OpenAI's API reference, Batch and Chat
Completions. What this build cannot do is refused by the field's name.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from llmproc.config import SamplingParams
from llmproc.errors import RequestError
from llmproc.session.option_texts import NAMES, other_options

_URLS = ("/v1/chat/completions", "/v1/completions")
_TAKEN = ("prompt", "messages", *NAMES)
_WITHOUT_EFFECT = {"model", "user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key"}
_AT_THEIR_DEFAULT: dict[str, tuple[Any, ...]] = {
    "stream": (False,), "tools": ([],), "response_format": ({"type": "text"},), "echo": (False,), "best_of": (1,),
    "suffix": ("",),
}  # fmt: skip


def is_batch_row(fields: Mapping[str, Any]) -> bool:
    """Return whether an object is a line of an OpenAI batch file."""
    return "custom_id" in fields and "body" in fields


def from_batch_row(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return a batch line as a row of llmproc's own: id, prompt or messages, options; other fields stay as they are.

    RequestError for a method, URL or field of `body` that cannot be done here, by its name.
    """
    method, url, body = fields.get("method", "POST"), fields.get("url", _URLS[0]), fields["body"]
    if method != "POST":
        raise RequestError(f"method is {method!r}: must be POST")
    if url not in _URLS:
        raise RequestError(f"url is {url!r}: must be {' or '.join(_URLS)}")
    if not isinstance(body, dict):
        raise RequestError("body must be an object")
    found = {name: value for name, value in fields.items() if name not in ("custom_id", "method", "url", "body")}
    found["id"] = fields["custom_id"]
    for name, value in _with_our_names(body, chat=url == _URLS[0]).items():
        if value is None:
            continue
        if name in _TAKEN:
            found[name] = value
        elif name not in _WITHOUT_EFFECT and value not in _AT_THEIR_DEFAULT.get(name, ()):
            raise RequestError(f"body field {name} cannot be done by this version")
    return found


def _with_our_names(body: Mapping[str, Any], chat: bool) -> dict[str, Any]:
    """Return a body whose length and log probabilities are asked for as `SamplingParams` does.

    max_completion_tokens wins over max_tokens, its older name. A chat asks for log probabilities by true, and says
    apart how many of the likeliest it wants. RequestError.
    """
    found = {name: value for name, value in body.items() if name not in ("max_completion_tokens", "top_logprobs")}
    if (length := body.get("max_completion_tokens")) is not None:
        found["max_tokens"] = length
    asked, count = found.get("logprobs"), body.get("top_logprobs")
    if count is not None and (asked is not True or not chat):
        raise RequestError("body field top_logprobs needs logprobs true, in a chat")
    if chat and asked is not None and not isinstance(asked, bool):
        raise RequestError(f"body field logprobs is {asked!r:.40}: must be true or false in a chat")
    if asked is True and chat:
        found["logprobs"] = 0 if count is None else count
    if chat and (schema := _schema(found.get("response_format"))) is not None:
        del found["response_format"]
        found["json_schema"] = schema
    return found


def chat_fields(sampling: SamplingParams) -> dict[str, Any]:
    """Return the options beside those that each request has of its own (length, temperature, seed) as a body has them.

    Extensions keep the names that vLLM, llama.cpp and we have for them; a schema becomes `response_format`.
    """
    given = other_options(sampling)
    found = {name: value for name, value in given.items() if name not in ("n", "ignore_eos", "logprobs", "json_schema")}
    if sampling.json_schema:
        schema = {"name": "answer", "schema": json.loads(sampling.json_schema)}
        found["response_format"] = {"type": "json_schema", "json_schema": schema}
    return {"top_p": float(sampling.top_p), **found}


def _schema(given: Any) -> Any:
    """Return the JSON schema that `response_format` asks for; None for any other value."""
    if isinstance(given, dict) and given.get("type") == "json_object":
        return {"type": "object"}
    if isinstance(given, dict) and given.get("type") == "json_schema":
        inner = given.get("json_schema")
        if not isinstance(inner, dict) or not isinstance(inner.get("schema", {}), dict):
            raise RequestError("body field response_format.json_schema must be an object with name and schema")
        return inner.get("schema") or {"type": "object"}
    return None


def plain_messages(messages: object) -> list[dict[str, str]]:
    """Return messages with a role and a text each: parts joined, developer as system, names left out.

    RequestError that names the message and what cannot be done.
    """
    if not isinstance(messages, list) or not all(isinstance(message, dict) for message in messages):
        raise RequestError("messages must be a list of objects with role and content")
    return [_plain(index, message) for index, message in enumerate(messages)]


def _plain(index: int, message: Mapping[str, Any]) -> dict[str, str]:
    role = message.get("role")
    found = {"role": "system" if role == "developer" else role, "content": _text(index, message.get("content"))}
    other = [name for name in message if name not in ("role", "content", "name") and message[name] is not None]
    if other:
        raise RequestError(f"message {index}: {', '.join(other)} cannot be done by this version")
    return found  # type: ignore[return-value]  # whether the role is one of ours is judged with the conversation


def _text(index: int, content: object) -> object:
    if not isinstance(content, list):
        return content
    texts = []
    for part in content:
        kind = part.get("type") if isinstance(part, dict) else None
        if kind != "text" or not isinstance(part.get("text"), str):
            shown = kind if isinstance(kind, str) and kind != "text" else "this"
            raise RequestError(f"message {index}: content of type {shown} cannot be read, text can")
        texts.append(part["text"])
    return "".join(texts)
