"""Records of requests for tests."""

from __future__ import annotations

from typing import Any

from llmproc.config import SamplingParams
from llmproc.telemetry.attributes import parameters_of
from llmproc.telemetry.record import AnswerRecord, RequestRecord

OFFSET_NS = 1_700_000_000_000_000_000


def answer_record(**changed: Any) -> AnswerRecord:
    """One answer that ended well."""
    fields: dict[str, Any] = {
        "finish_reason": "end", "output_tokens": 5, "request": 9, "worker": 1, "attempts": 1, "cpu_user_s": 0.5,
        "cpu_system_s": 0.25, "cpu_wait_s": 0.125, "kv_bytes": 4096,
    }  # fmt: skip
    return AnswerRecord(**{**fields, **changed})


def request_record(**changed: Any) -> RequestRecord:
    """One request that was answered in four seconds, after one in the queue and two to the first token."""
    fields: dict[str, Any] = {
        "role": "server", "operation": "chat", "model": "m", "began": 10.0, "dispatched": 11.0, "first_token": 12.0,
        "ended": 14.0, "parameters": parameters_of(SamplingParams()), "input_tokens": 7, "cached_tokens": 3,
        "answers": [answer_record()], "clock_offset_ns": OFFSET_NS,
    }  # fmt: skip
    return RequestRecord(**{**fields, **changed})
