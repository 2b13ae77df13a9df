"""The attributes by which Langfuse shows a span as a generation: model, usage, time to first token, options. Pure.

Langfuse prefers them to OpenTelemetry's. Source: its documentation of OpenTelemetry properties, and what its Python SDK
5.0 exports for a generation (`LangfuseOtelSpanAttributes`): texts are plain, everything else is JSON in a text; the
parts of a usage add up, so `input` is what was not cached.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from llmproc.files.escaping import escape_bytes, to_json
from llmproc.telemetry.record import RequestRecord

_PREFIX = "langfuse.observation."
_NAMES = {"choice.count": "n", "stop_sequences": "stop"}  # options as clients call them


def langfuse_attributes(record: RequestRecord) -> dict[str, str]:
    """Return the attributes of one generation."""
    found: dict[str, str] = {f"{_PREFIX}type": "generation", f"{_PREFIX}model.name": record.model}
    if record.parameters:
        found[f"{_PREFIX}model.parameters"] = to_json(_parameters(record))
    if record.input_tokens is not None:
        found[f"{_PREFIX}usage_details"] = to_json(usage_details(record))
    if record.first_token is not None:
        found[f"{_PREFIX}completion_start_time"] = _moment(record.wall_ns(record.first_token))
    if record.error_type is not None:
        found[f"{_PREFIX}level"] = "ERROR"
        found[f"{_PREFIX}status_message"] = escape_bytes(record.error or record.error_type)
    if details := _details(record):
        found[f"{_PREFIX}metadata.llmproc"] = to_json(details)
    if record.prompt is not None:
        found[f"{_PREFIX}input"] = _text(record.prompt)
    texts = [one.text for one in record.answers if one.text is not None]
    if texts:
        found[f"{_PREFIX}output"] = _text(texts[0] if len(texts) == 1 else texts)
    return found


def usage_details(record: RequestRecord) -> dict[str, int]:
    """Return the tokens by kind. Kinds of 0 that most requests do not have are left out."""
    output = sum(one.output_tokens for one in record.answers)
    reasoning = sum(one.reasoning_tokens for one in record.answers)
    given, cached = record.input_tokens or 0, record.cached_tokens
    found = {"input": given - cached, "output": output - reasoning, "total": given + output}
    if cached:
        found["input_cached_tokens"] = cached
    if reasoning:
        found["output_reasoning_tokens"] = reasoning
    return found


def _details(record: RequestRecord) -> dict[str, Any]:
    """Return what Langfuse has no field for; it shows metadata, and not the attributes of other tools."""
    answers = record.answers
    found: dict[str, Any] = {
        "queue_s": None if record.dispatched is None else round(max(0.0, record.dispatched - record.began), 6),
        "workers": [one.worker for one in answers if one.worker is not None],
        "retries": sum(max(0, (one.attempts or 1) - 1) for one in answers),
        "finish_reasons": [one.finish_reason for one in answers],
        "cpu_s": round(sum((one.cpu_user_s or 0.0) + (one.cpu_system_s or 0.0) for one in answers), 6),
        "kv_bytes": sum(one.kv_bytes or 0 for one in answers),
    }
    return {name: value for name, value in found.items() if value}


def _parameters(record: RequestRecord) -> dict[str, Any]:
    """Return the options as Langfuse takes them: texts, numbers, and JSON in a text for everything else."""
    return {
        _NAMES.get(name, name.removeprefix("llmproc.")): value if type(value) in (int, float) else _text(value)
        for name, value in record.parameters.items()
    }


def _text(value: Any) -> str:
    """Return a text as it is, and anything else as JSON."""
    return escape_bytes(value) if isinstance(value, str) else to_json(value)


def _moment(wall_ns: int) -> str:
    """Return a moment as Langfuse's SDK writes it, as JSON: ISO 8601 with microseconds and Z, in quotation marks."""
    moment = datetime.fromtimestamp(wall_ns // 1_000_000_000, UTC).replace(microsecond=wall_ns % 1_000_000_000 // 1000)
    return f'"{moment.isoformat(timespec="microseconds").replace("+00:00", "Z")}"'
