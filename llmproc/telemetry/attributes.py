"""A record as attributes of a span: OpenTelemetry's GenAI conventions, vLLM's latencies, and our own. Pure.

Sources: semantic conventions for generative AI of OpenTelemetry (version 1.37 and the later ones of 2026; in
development), vllm/tracing of the vLLM project for `gen_ai.latency.*`. Everything without a convention is `llmproc.*`.
A span has 64 of them at most, though collectors take 128: beyond their limit the SDK drops those that were set first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from llmproc.config import SamplingParams
from llmproc.files.escaping import escape_bytes, to_json
from llmproc.telemetry.langfuse import langfuse_attributes
from llmproc.telemetry.record import AnswerRecord, RequestRecord

MOST = 64  # attributes of a span
_LONGEST = 256  # characters of a text that a client chose; prompts and answers are whole
_INT64 = 1 << 63
Value = str | bool | int | float | Sequence[str] | Sequence[int]
FINISH_WORDS = {"end": "stop", "stop": "stop", "length": "length", "context": "length", "failed": "error"}
_DEFAULTS = SamplingParams()


def parameters_of(sampling: SamplingParams) -> dict[str, Any]:
    """Return sampling options by the conventions' names; those without effect are left out."""
    given: dict[str, Any] = {
        "temperature": float(sampling.temperature),
        "top_p": float(sampling.top_p),
        "max_tokens": sampling.max_tokens,
        "seed": sampling.seed if sampling.seed < _INT64 else sampling.seed - 2 * _INT64,  # the same stream
        "choice.count": sampling.n,
    }
    for name in ("top_k", "frequency_penalty", "presence_penalty", "stop"):
        if getattr(sampling, name) != getattr(_DEFAULTS, name):
            given["stop_sequences" if name == "stop" else name] = getattr(sampling, name)
    for name in ("min_p", "repetition_penalty", "min_tokens", "ignore_eos", "logprobs"):
        if getattr(sampling, name) != getattr(_DEFAULTS, name):
            given[f"llmproc.{name}"] = getattr(sampling, name)
    if sampling.logit_bias:
        given["llmproc.logit_bias_tokens"] = len(sampling.logit_bias)
    return given


def span_name(record: RequestRecord) -> str:
    """Return the span's name. The model is the one that answered: clients may send any number of names."""
    return escape_bytes(f"{record.operation} {record.model}")


def attributes_of(record: RequestRecord) -> dict[str, Value]:
    """Return all attributes of a span, 64 at most, each of a type that the SDK takes, names and texts valid UTF-8."""
    found: dict[str, Any] = {
        "gen_ai.operation.name": record.operation,
        "gen_ai.provider.name": "llmproc" if record.role != "client" else None,
        "gen_ai.request.model": cut(record.asked_model or record.model),
        "gen_ai.response.model": record.model,
        "gen_ai.request.stream": record.stream,
        "error.type": record.error_type,
        **_requested(record.parameters),
        **_usage(record),
        **_latencies(record),
        **_made_by(record.answers),
        **langfuse_attributes(record),
        **_texts(record),
        **{name: cut(value) if isinstance(value, str) else value for name, value in record.more.items()},
    }
    known = {escape_bytes(name): _value(value) for name, value in found.items() if value is not None}
    return dict(list(known.items())[:MOST])


def _requested(parameters: Mapping[str, Any]) -> dict[str, Any]:
    own = "llmproc."
    return {
        f"llmproc.request.{name.removeprefix(own)}" if name.startswith(own) else f"gen_ai.request.{name}": (
            [cut(text) for text in value] if name == "stop_sequences" else value
        )
        for name, value in parameters.items()
    }


def _usage(record: RequestRecord) -> dict[str, Any]:
    if record.input_tokens is None:
        return {}
    reasoning = sum(one.reasoning_tokens for one in record.answers)
    return {
        "gen_ai.usage.input_tokens": record.input_tokens,
        "gen_ai.usage.output_tokens": sum(one.output_tokens for one in record.answers),
        "gen_ai.usage.cache_read.input_tokens": record.cached_tokens,
        "gen_ai.usage.reasoning.output_tokens": reasoning or None,
    }


def _latencies(record: RequestRecord) -> dict[str, Any]:
    """Return vLLM's latencies: queue, prefill and decode add up to the whole."""
    first, taken = record.first_token, record.dispatched
    found: dict[str, Any] = {"gen_ai.latency.e2e": record.ended - record.began}
    if taken is not None:
        found["gen_ai.latency.time_in_queue"] = max(0.0, taken - record.began)
    if first is not None:
        found["gen_ai.latency.time_to_first_token"] = first - record.began
        found["gen_ai.response.time_to_first_chunk"] = first - record.began
        found["gen_ai.latency.time_in_model_decode"] = max(0.0, record.ended - first)
        if taken is not None:
            found["gen_ai.latency.time_in_model_prefill"] = max(0.0, first - taken)
    return found


def _made_by(answers: Sequence[AnswerRecord]) -> dict[str, Any]:
    """Return how answers ended, who made them, and what that cost: lists are in the order of answers."""
    if not answers:
        return {}
    attempts = _all_of(one.attempts for one in answers)
    return {
        "gen_ai.response.finish_reasons": [FINISH_WORDS.get(one.finish_reason, one.finish_reason) for one in answers],
        "llmproc.finish_reasons": [one.finish_reason for one in answers],
        "llmproc.requests": _all_of(one.request for one in answers),
        "llmproc.workers": _all_of(one.worker for one in answers),
        "llmproc.attempts": attempts,
        "llmproc.retries": None if attempts is None else sum(max(0, count - 1) for count in attempts),
        "llmproc.cpu.user_s": _sum_of(one.cpu_user_s for one in answers),
        "llmproc.cpu.system_s": _sum_of(one.cpu_system_s for one in answers),
        "llmproc.cpu.wait_s": _sum_of(one.cpu_wait_s for one in answers),
        "llmproc.kv_bytes": _sum_of(one.kv_bytes for one in answers),
    }


def _texts(record: RequestRecord) -> dict[str, Any]:
    """Return prompt and answers in the conventions' form, if they are exported."""
    found: dict[str, Any] = {}
    if record.prompt is not None:
        found["gen_ai.input.messages"] = to_json(_messages(record.prompt))
    texts = [one for one in record.answers if one.text is not None]
    if texts:
        found["gen_ai.output.messages"] = to_json(
            [
                {
                    "role": "assistant",
                    "parts": [{"type": "text", "content": one.text}],
                    "finish_reason": FINISH_WORDS.get(one.finish_reason, one.finish_reason),
                }
                for one in texts
            ]
        )
    return found


def _messages(prompt: Any) -> list[dict[str, Any]]:
    """Return a prompt, a text or messages, as messages of parts."""
    messages = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else prompt
    return [
        {"role": message.get("role"), "parts": [{"type": "text", "content": message.get("content")}]}
        for message in messages
    ]


def readable(prompt: Any, system: str | None = None) -> Any:
    """Return a prompt as a text, or as messages with the system message first; None for ids."""
    if isinstance(prompt, str):
        return prompt if system is None else [_message("system", system), _message("user", prompt)]
    if prompt and isinstance(prompt[0], Mapping):
        return [*([] if system is None else [_message("system", system)]), *(dict(message) for message in prompt)]
    return None


def _message(role: str, content: str) -> dict[str, Any]:
    return {"role": role, "content": content}


# -- values -----------------------------------------------------------------------------------------------------------


def cut(text: str) -> str:
    """Return the beginning of a text that a client chose."""
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _value(value: Any) -> Value:
    if isinstance(value, str):
        return escape_bytes(value)
    if isinstance(value, list | tuple):
        return [escape_bytes(part) if isinstance(part, str) else part for part in value]
    if isinstance(value, int) and not -_INT64 <= value < _INT64:
        return str(value)
    known: Value = value
    return known


def _all_of(values: Iterable[int | None]) -> list[int] | None:
    """Return the values that are known; None without any."""
    return [value for value in values if value is not None] or None


def _sum_of(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
