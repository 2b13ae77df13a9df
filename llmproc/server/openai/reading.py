"""Checked bodies to what is asked, in llmproc's own words: defaults, names that mean the same, rules between fields.

Defaults are OpenAI's (temperature 1, top_p 1, n 1), not those of the prompt loop: programs that leave them out were
written for it. Used by the dialects. Pure but for a drawn seed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from llmproc.config import SamplingParams
from llmproc.errors import UsageError
from llmproc.grammars.forms import Form
from llmproc.server.asking import DEFAULT_MAX_TOKENS, Asked, AskedPrompt
from llmproc.server.openai.forms import form_of, plain_messages
from llmproc.server.openai.fresh import Fresh
from llmproc.server.openai.requests import (
    ChatRequest,
    CompletionRequest,
    RequestMessage,
    SamplingFields,
    without_effect,
)
from llmproc.server.refusals import RefusedError
from llmproc.server.validating import check_depth
from llmproc.text.templates.template_options import GIVEN

MAX_ANSWERS = 1024  # to one request: prompts times n
_SAME_NAME = (
    "temperature", "top_p", "n", "stop", "presence_penalty", "frequency_penalty", "repetition_penalty", "top_k",
    "min_p", "ignore_eos", "min_tokens",
)  # fmt: skip
_IGNORED: dict[type, tuple[str, ...]] = {
    kind: tuple(without_effect(kind)) for kind in (ChatRequest, CompletionRequest, RequestMessage)
}


def asked_of_chat(request: ChatRequest, vocab_size: int, fresh: Fresh) -> Asked:
    """Return what a body of /v1/chat/completions asks. RefusedError for fields that do not go together."""
    if request.top_logprobs and not request.logprobs:
        raise refused("top_logprobs", f"is {request.top_logprobs}: logprobs must be true with it")
    if request.add_generation_prompt is False:
        raise refused("add_generation_prompt", "is false: must be true, for an answer is generated")
    if request.continue_final_message:
        raise refused("continue_final_message", "is true: must be false, an answer is a message of its own")
    logprobs = (request.top_logprobs or 0) if request.logprobs else None
    ignored = [f"messages.{name}" for name in _IGNORED[RequestMessage] if _any_has(request.messages, name)]
    form = form_of(request)
    return _asked(
        request,
        (plain_messages(request.messages, form),),
        sampling_of(request, logprobs, vocab_size, fresh),
        form=form,
        template_options=checked_variables(request.chat_template_kwargs),
        more_ignored=ignored,
    )


def asked_of_completion(request: CompletionRequest, vocab_size: int, fresh: Fresh) -> Asked:
    """Return what a body of /v1/completions asks. RefusedError for fields that do not go together."""
    prompts = _prompts(request.prompt, vocab_size)
    sampling = sampling_of(request, request.logprobs, vocab_size, fresh)
    if len(prompts) * sampling.n > MAX_ANSWERS:
        raise refused("prompt", f"asks for {len(prompts)} times {sampling.n} answers: must be {MAX_ANSWERS} at most")
    if request.echo and request.logprobs is not None:
        raise refused("echo", "is true: logprobs must be absent, those of a prompt cannot be told by this version")
    if request.echo and not all(isinstance(prompt, str) for prompt in prompts):
        raise refused("echo", "is true: prompts must be texts, those of ids cannot be repeated by this version")
    return _asked(request, prompts, sampling, raw=True, echo=bool(request.echo))


def sampling_of(request: SamplingFields, logprobs: int | None, vocab_size: int, fresh: Fresh) -> SamplingParams:
    """Return the sampling options of a body; a seed is drawn if there is none. RefusedError naming the field."""
    given = {name: value for name in _SAME_NAME if (value := getattr(request, name)) is not None}
    limit = request.max_tokens if request.max_completion_tokens is None else request.max_completion_tokens
    bias = {int(token): added for token, added in (request.logit_bias or {}).items()}
    check_ids("logit_bias", bias, vocab_size)
    try:
        return SamplingParams(
            **{"temperature": 1.0, "top_p": 1.0, **given},
            max_tokens=DEFAULT_MAX_TOKENS if limit is None else limit,
            seed=fresh.seed() if request.seed is None else request.seed,
            logit_bias=bias,  # type: ignore[arg-type]  # it takes a mapping, too
            logprobs=logprobs,
        )
    except UsageError as error:
        raise RefusedError(str(error), param=str(error).partition(" is ")[0], code="invalid_value") from None


def checked_variables(given: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Return variables for a chat template. RefusedError for one that every template is given anyway, or a deep one."""
    name = "chat_template_kwargs"
    check_depth(given, name)
    for variable in given or {}:
        if variable in GIVEN or not variable.isidentifier():
            rule = "is set by llmproc" if variable in GIVEN else "must be a name"
            raise refused(name, f"has {variable[:60]!r}: it {rule}")
    return given or {}


def check_ids(name: str, ids: Iterable[int], vocab_size: int) -> None:
    """Check that the vocabulary has all `ids`. RefusedError naming the field `name`."""
    for token in ids:
        if not 0 <= token < vocab_size:
            raise refused(name, f"has the token {token}: must be from 0 to {vocab_size - 1}")


def refused(name: str, problem: str) -> RefusedError:
    """Return the refusal of the field `name`; `problem` continues the sentence."""
    return RefusedError(f"{name} {problem}", param=name, code="invalid_value")


def _asked(
    request: SamplingFields,
    prompts: tuple[AskedPrompt, ...],
    sampling: SamplingParams,
    *,
    raw: bool = False,
    echo: bool = False,
    template_options: Mapping[str, Any] | None = None,
    more_ignored: Iterable[str] = (),
    form: Form | None = None,
) -> Asked:
    options = request.stream_options
    if options is not None and not request.stream:
        raise refused("stream_options", "is given: stream must be true with it")
    return Asked(
        prompts,
        sampling,
        stream=bool(request.stream),
        raw=raw,
        model=request.model,
        template_options=template_options or {},
        include_usage=bool(options and options.include_usage),
        continuous_usage=bool(options and options.continuous_usage_stats),
        echo=echo,
        form=form,
        ignored=(*(n for n in _IGNORED[type(request)] if getattr(request, n) is not None), *more_ignored),
    )


def _prompts(given: str | list[str | int | list[int]], vocab_size: int) -> tuple[AskedPrompt, ...]:
    """Return one prompt or several; a list of ids is one."""
    if isinstance(given, str):
        return (given,)
    ids = [item for item in given if isinstance(item, int)]
    if ids and len(ids) < len(given):
        raise refused("prompt", "mixes token ids with prompts: must be one list of ids, or a list of prompts")
    found: tuple[AskedPrompt, ...] = (ids,) if ids else tuple(item for item in given if not isinstance(item, int))
    for prompt in found:
        if isinstance(prompt, list):
            check_ids("prompt", prompt, vocab_size)
    return found


def _any_has(messages: Iterable[RequestMessage], name: str) -> bool:
    return any(getattr(message, name) is not None for message in messages)
