"""What a request was and what came of it, as a span tells it: plain data, made where the request ended.

Moments are seconds on CLOCK_MONOTONIC; durations are seconds. Fields that are not known stay None, and no attribute
says anything of them: a load generator knows no worker, a client that left knows no end.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

SpanRole = Literal["server", "client", "internal"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRecord:
    """One of the answers to a request."""

    finish_reason: str  # end, stop, length, context, cancelled, failed; or a word of another server
    output_tokens: int = 0
    reasoning_tokens: int = 0
    request: int | None = None  # its number in events.jsonl
    worker: int | None = None  # slot of the one that had it last
    attempts: int | None = None  # workers it was given to; more than 1: it was replayed
    cpu_user_s: float | None = None
    cpu_system_s: float | None = None
    cpu_wait_s: float | None = None
    kv_bytes: int | None = None
    text: str | None = None  # only if texts are exported


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRecord:
    """One request, from its arrival to its end."""

    role: SpanRole
    operation: str  # of OpenTelemetry's GenAI conventions: chat, text_completion
    model: str  # that answered
    began: float
    ended: float
    asked_model: str | None = None  # as the client named it
    dispatched: float | None = None  # a worker took it
    first_token: float | None = None
    stream: bool = False
    parameters: Mapping[str, Any] = field(default_factory=dict)  # `attributes.parameters_of`
    input_tokens: int | None = None
    cached_tokens: int = 0
    answers: Sequence[AnswerRecord] = ()
    error_type: str | None = None  # a word of few, or a status
    error: str | None = None  # one line
    traceparent: str | None = None  # headers of W3C Trace Context
    tracestate: str | None = None
    more: Mapping[str, str | int | float | bool] = field(default_factory=dict)  # attributes of one kind of request
    prompt: Any = None  # text or messages, only if texts are exported
    weight: int = 0  # bytes of its texts, about
    # Wall clock less monotonic clock in ns, read once for all moments of a request: its durations are those measured,
    # and a machine that slept, or whose clock was set, does not shift the requests after it.
    clock_offset_ns: int = field(default_factory=lambda: time.time_ns() - time.monotonic_ns())

    def wall_ns(self, moment: float) -> int:
        """Return a moment as nanoseconds since 1970."""
        return int(moment * 1e9) + self.clock_offset_ns
