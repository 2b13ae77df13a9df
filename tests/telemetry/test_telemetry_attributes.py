"""A record as attributes: the conventions' names, Langfuse's, and what holds of any record at all."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from telemetry.collector import decode
from telemetry.records import answer_record, request_record

from llmproc.config import SamplingParams
from llmproc.telemetry.attributes import attributes_of, parameters_of, readable, span_name
from llmproc.telemetry.record import RequestRecord
from llmproc.telemetry.spans import RequestSpans


def test_one_record_in_full() -> None:
    found = attributes_of(request_record(asked_model="gpt-4o", stream=True))
    langfuse = {name: found.pop(name) for name in list(found) if name.startswith("langfuse.")}
    assert found == {
        "gen_ai.operation.name": "chat", "gen_ai.provider.name": "llmproc", "gen_ai.request.model": "gpt-4o",
        "gen_ai.response.model": "m", "gen_ai.request.stream": True, "gen_ai.request.temperature": 0.6,
        "gen_ai.request.top_p": 0.9, "gen_ai.request.max_tokens": 512, "gen_ai.request.seed": 42,
        "gen_ai.request.choice.count": 1, "gen_ai.usage.input_tokens": 7, "gen_ai.usage.output_tokens": 5,
        "gen_ai.usage.cache_read.input_tokens": 3, "gen_ai.latency.e2e": 4.0, "gen_ai.latency.time_in_queue": 1.0,
        "gen_ai.latency.time_to_first_token": 2.0, "gen_ai.response.time_to_first_chunk": 2.0,
        "gen_ai.latency.time_in_model_prefill": 1.0, "gen_ai.latency.time_in_model_decode": 2.0,
        "gen_ai.response.finish_reasons": ["stop"], "llmproc.finish_reasons": ["end"], "llmproc.requests": [9],
        "llmproc.workers": [1], "llmproc.attempts": [1], "llmproc.retries": 0, "llmproc.cpu.user_s": 0.5,
        "llmproc.cpu.system_s": 0.25, "llmproc.cpu.wait_s": 0.125, "llmproc.kv_bytes": 4096,
    }  # fmt: skip
    assert langfuse.pop("langfuse.observation.type") == "generation"
    assert langfuse.pop("langfuse.observation.model.name") == "m"
    assert langfuse.pop("langfuse.observation.completion_start_time") == '"2023-11-14T22:13:32.000000Z"'
    decoded = {name.removeprefix("langfuse.observation."): json.loads(str(text)) for name, text in langfuse.items()}
    assert decoded == {
        "model.parameters": {"temperature": 0.6, "top_p": 0.9, "max_tokens": 512, "seed": 42, "n": 1},
        "usage_details": {"input": 4, "input_cached_tokens": 3, "output": 5, "total": 12},
        "metadata.llmproc": {
            "queue_s": 1.0, "workers": [1], "finish_reasons": ["end"], "cpu_s": 0.75, "kv_bytes": 4096,
        },
    }  # fmt: skip


def test_only_options_with_an_effect_are_told() -> None:
    sampling = SamplingParams(
        top_k=3, min_p=0.1, stop=("a", "b"), logit_bias=((1, 2.0),), ignore_eos=True, presence_penalty=1.0, n=2,
        seed=2**64 - 1, logprobs=2,
    )  # fmt: skip
    found = parameters_of(sampling)
    assert found["seed"] == -1, "the same stream, as 64 bits with a sign"
    assert (found["top_k"], found["presence_penalty"], found["stop_sequences"]) == (3, 1.0, ("a", "b"))
    assert found["llmproc.logit_bias_tokens"] == 1 and found["llmproc.logprobs"] == 2 and found["llmproc.ignore_eos"]
    assert "frequency_penalty" not in found and "llmproc.repetition_penalty" not in found
    attributes = attributes_of(request_record(parameters=found))
    assert attributes["llmproc.request.min_p"] == 0.1 and attributes["gen_ai.request.stop_sequences"] == ["a", "b"]
    told = json.loads(str(attributes["langfuse.observation.model.parameters"]))
    assert told["stop"] == '["a","b"]' and told["ignore_eos"] == "true", "Langfuse takes texts and numbers"


def test_what_is_not_known_is_not_told() -> None:
    record = RequestRecord(role="client", operation="chat", model="m", began=1.0, ended=2.0)
    assert attributes_of(record) == {
        "gen_ai.operation.name": "chat", "gen_ai.request.model": "m", "gen_ai.response.model": "m",
        "gen_ai.request.stream": False, "gen_ai.latency.e2e": 1.0, "langfuse.observation.type": "generation",
        "langfuse.observation.model.name": "m",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("prompt", "texts", "given", "output"),
    [
        ("hi", ["yes"], "hi", "yes"),
        ([{"role": "user", "content": "hi"}], ["a", "b"], '[{"role":"user","content":"hi"}]', '["a","b"]'),
    ],
)
def test_texts_in_both_forms(prompt: Any, texts: list[str], given: str, output: str) -> None:
    answers = [answer_record(text=text) for text in texts]
    found = attributes_of(request_record(prompt=prompt, answers=answers))
    assert found["langfuse.observation.input"] == given and found["langfuse.observation.output"] == output
    (message,) = json.loads(str(found["gen_ai.input.messages"]))
    assert message == {"role": "user", "parts": [{"type": "text", "content": "hi"}]}
    made = json.loads(str(found["gen_ai.output.messages"]))
    assert [one["parts"][0]["content"] for one in made] == texts and made[0]["finish_reason"] == "stop"


def test_a_prompt_is_a_text_messages_or_ids() -> None:
    assert readable("a") == "a" and readable([1, 2]) is None and readable([]) is None
    assert readable("a", "s") == [{"role": "system", "content": "s"}, {"role": "user", "content": "a"}]
    assert readable(({"role": "user", "content": "a"},)) == [{"role": "user", "content": "a"}]


ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=20)
MOMENTS = st.none() | st.floats(0, 1e6)


@settings(deadline=None)
@example("m", "m", None, None, None, 0, None, {"\ud800": "a name of half a character", "a\udc80": "\udfff"})
@given(
    ANY_TEXT, ANY_TEXT, MOMENTS, MOMENTS, st.none() | ANY_TEXT, st.integers(), st.none() | ANY_TEXT,
    st.dictionaries(ANY_TEXT.filter(bool), ANY_TEXT, max_size=80),
)  # fmt: skip
def test_every_record_becomes_a_span_that_can_be_sent(
    model: str, asked: str, dispatched: float | None, first: float | None, error: str | None, number: int,
    text: str | None, more: dict[str, str],
) -> None:  # fmt: skip
    record = request_record(
        model=model, asked_model=asked, dispatched=dispatched, first_token=first, error=error, error_type=error,
        answers=[answer_record(text=text, finish_reason=asked, kv_bytes=number)], prompt=text, more=more,
        traceparent=asked, tracestate=asked, parameters={"seed": number, "stop_sequences": [asked]},
    )  # fmt: skip
    assert len(attributes_of(record)) <= 64 and span_name(record).encode()
    span = RequestSpans().span_of(record)
    assert span is not None
    (decoded,) = decode(encode_spans([span]).SerializeToString())
    assert len(decoded.attributes) == len(attributes_of(record)), "one that cannot be encoded is left out in silence"
    assert decoded.start_ns <= decoded.end_ns and decoded.dropped == 0 and decoded.parent == ""
    assert decoded.status == (2 if error is not None else 0)
