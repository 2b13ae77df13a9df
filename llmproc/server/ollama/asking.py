"""Ollama's requests, once they are well formed, as what llmproc is asked.

Pure. Used by `dialects`. What the server knows and a request does not stands in ServedModel.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from llmproc.grammars.forms import Form
from llmproc.server.asking import Asked, AskedPrompt
from llmproc.server.ollama.durations import seconds
from llmproc.server.ollama.forms import call_form, plain_messages, schema_form
from llmproc.server.ollama.options import sampling_of, without_effect
from llmproc.server.ollama.requests import OllamaChatRequest, OllamaGenerateRequest, OllamaRequest
from llmproc.server.ollama.thinking import ThinkingSupport
from llmproc.server.refusals import RefusedError
from llmproc.session.model_files import ModelFiles


def draw_seed() -> int:
    """Return a seed for a request that names none: 31 bits."""
    return secrets.randbelow(1 << 31)


@dataclass(frozen=True, slots=True)
class ServedModel:
    """The knowledge that the endpoints have of the model behind them, a clock, and a source of seeds."""

    context: int
    piece: Callable[[int], bytes]  # what an id prints as, for log probabilities
    thinking: ThinkingSupport = field(default_factory=ThinkingSupport)
    now: Callable[[], float] = time.time  # seconds since 1970
    draw_seed: Callable[[], int] = draw_seed

    @classmethod
    def of(cls, files: ModelFiles, context: int) -> ServedModel:
        """Return what a model's files tell. `context`: positions of a sequence in this server."""
        tokenizer = files.tokenizer
        return cls(context, tokenizer.piece, ThinkingSupport.of(tokenizer.chat))


def asked_of_chat(request: OllamaChatRequest, body: bytes, served: ServedModel) -> Asked:
    """Return what a chat asks. Without messages it has no prompts: the model is to be loaded, or unloaded."""
    messages = request.messages or []
    ignored = ["messages.thinking"] if any(message.thinking for message in messages) else []
    form = call_form(request.tools, schema_form(request.format))
    prompts = (plain_messages(messages, form),) if messages else ()
    return _asked(request, body, served, prompts, ignored, form=form)


def asked_of_generate(request: OllamaGenerateRequest, body: bytes, served: ServedModel) -> Asked:
    """Return what a generation asks. Without a prompt it has none: the model is to be loaded, or unloaded."""
    if request.raw and request.system:
        raise RefusedError("system is given and raw is true: a raw prompt stands alone", param="system")
    prompts = (request.prompt,) if request.prompt else ()
    form = schema_form(request.format)
    return _asked(request, body, served, prompts, [], bool(request.raw), request.system or None, form)


def _asked(
    request: OllamaRequest,
    body: bytes,
    served: ServedModel,
    prompts: tuple[AskedPrompt, ...],
    ignored: list[str],
    raw: bool = False,
    system: str | None = None,
    form: Form | None = None,
) -> Asked:
    variables = served.thinking.variables(request.think)
    logprobs = (request.top_logprobs or 0) if request.logprobs else None
    sampling = sampling_of(request.options, served.context, served.draw_seed, logprobs)
    ignored += _ignored(request, variables) + without_effect(body, request.options, served.context)
    return Asked(
        prompts=prompts,
        sampling=sampling,
        stream=request.stream is not False,
        raw=raw,
        model=request.model or None,
        system=system,
        template_options={} if raw else variables,
        think=None if request.think is None else request.think is not False,
        form=form,
        ignored=tuple(ignored),
        unload=not prompts and request.keep_alive is not None and seconds(request.keep_alive) == 0,
    )


def _ignored(request: OllamaRequest, variables: dict[str, Any]) -> list[str]:
    """Return the fields that change nothing with the value that was sent.

    The model stays in memory, a prompt is never cut and nothing is pushed out of a full context: a client that asks
    for just that gets it.
    """
    found = {
        "keep_alive": request.keep_alive is not None and seconds(request.keep_alive) >= 0,
        "truncate": request.truncate is True,
        "shift": request.shift is True,
        "top_logprobs": bool(request.top_logprobs) and not request.logprobs,
        "think": isinstance(request.think, str) and request.think not in variables.values(),
    }
    return [name for name, idle in found.items() if idle]
