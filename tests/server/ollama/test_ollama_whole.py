"""An answer in one document, and requests that only load a model."""

from __future__ import annotations

import json

import pytest
from server.ollama.ollama_answers import (
    ABOUT,
    BOTH,
    CHAT,
    GENERATE,
    STAMP,
    asked,
    ended,
    lines,
    piece,
    question,
    text_of,
    thinking_of,
    written,
)

from llmproc.engine.shaping import Likely
from llmproc.server.dialect import Dialect
from llmproc.server.ollama.dialects import OllamaChat, OllamaGenerate
from llmproc.server.refusals import RefusedError

LOADS = [b'{"model":"m"}', b'{"model":"m","prompt":""}', b'{"model":"m","prompt":null,"stream":true,"system":"x"}']
CHAT_LOADS = [b'{"model":"m"}', b'{"model":"m","messages":[]}', b'{"model":"m","messages":null,"stream":false}']


def test_both_are_dialects() -> None:
    endpoints: list[Dialect] = [CHAT, GENERATE]
    assert all(endpoint.stream_type == "application/x-ndjson" for endpoint in endpoints)


@BOTH
def test_rule_17_a_whole_answer(dialect: OllamaChat | OllamaGenerate) -> None:
    what = asked(dialect, stream=False)
    found = json.loads(dialect.whole(what, ABOUT, [piece("A"), piece(" pipe")], [ended("length", reasoning="Hm")]))
    said = {"role": "assistant", "content": "A pipe", "thinking": "Hm"}
    assert found.pop("message", said) == said and found.pop("response", "A pipe") == "A pipe"
    assert found.pop("thinking", "Hm") == "Hm"
    assert found.pop("timings").keys() == {"queue_s", "prefill_s", "decode_s", "total_s", "tokens_per_s"}
    assert found.pop("resources") == {"cpu_user_s": 1.5, "cpu_system_s": 0.25, "cpu_wait_s": 0.125, "kv_bytes": 4096}
    assert found == {
        "model": "stories", "created_at": STAMP, "done": True, "done_reason": "length", "total_duration": 1_750_000_000,
        "load_duration": 0, "prompt_eval_count": 5, "prompt_eval_duration": 500_000_000, "eval_count": 3,
        "eval_duration": 1_000_000_000, "seed": 77,
    }  # fmt: skip


@BOTH
def test_fact_18_a_document_is_one_line_too(dialect: OllamaChat | OllamaGenerate) -> None:
    told = dialect.whole(asked(dialect), ABOUT, [], [ended(text="a\nb\u2028c")])
    assert len(told.decode().splitlines()) == 1 and text_of(json.loads(told)) == "a\nb\u2028c"


@BOTH
def test_whole_and_streamed_say_the_same(dialect: OllamaChat | OllamaGenerate) -> None:
    likely = [Likely(-0.5), Likely(-1.5)]
    events = [piece("", "Hm", likely=likely[:1]), piece("A", ids=[1, 2], likely=likely), piece(" pipe")]
    end = ended(text="A pipe", reasoning="Hm")
    for options in ({"logprobs": True}, {"logprobs": True, "think": False}):
        what = asked(dialect, **options)
        whole = json.loads(dialect.whole(what, ABOUT, events, [end]))
        streamed = lines(written(dialect, what, [*events, end]))
        assert "".join(map(text_of, streamed)) == text_of(whole)
        assert "".join(map(thinking_of, streamed)) == thinking_of(whole)
        assert [entry for line in streamed for entry in line.get("logprobs", [])] == whole["logprobs"]
        for name in ("done_reason", "eval_count", "resources", "seed", "total_duration"):
            assert streamed[-1][name] == whole[name]


@BOTH
def test_a_failed_answer_is_a_500(dialect: OllamaChat | OllamaGenerate) -> None:
    with pytest.raises(RefusedError, match="the worker died") as caught:
        dialect.whole(asked(dialect), ABOUT, [], [ended("failed", error="the worker died")])
    assert caught.value.status == 500
    with pytest.raises(RefusedError, match="the answer was cancelled"):
        dialect.whole(asked(dialect), ABOUT, [], [ended("cancelled")])


@pytest.mark.parametrize("body", LOADS)
def test_rule_18_an_empty_prompt_loads(body: bytes) -> None:
    found = GENERATE.read(body)
    assert found.prompts == () and not found.unload
    assert json.loads(GENERATE.whole(found, ABOUT, [], [])) == {
        "model": "stories", "created_at": STAMP, "response": "", "done": True, "done_reason": "load",
    }  # fmt: skip


@pytest.mark.parametrize("body", CHAT_LOADS)
def test_rule_18_an_empty_chat_loads(body: bytes) -> None:
    found = CHAT.read(body)
    assert found.prompts == () and not found.unload
    assert json.loads(CHAT.whole(found, ABOUT, [], [])) == {
        "model": "stories", "created_at": STAMP, "message": {"role": "assistant", "content": ""}, "done": True,
        "done_reason": "load",
    }  # fmt: skip


@BOTH
@pytest.mark.parametrize(
    ("keep_alive", "told"),
    [("0", "unload"), ('"0s"', "unload"), ("0.0", "unload"), ('"0h0m"', "unload"), ("-1", "load"), ('"5m"', "load"),
     ("null", "load"), ("1e-9", "load")],
)  # fmt: skip
def test_rule_18_keep_alive_zero_unloads(dialect: OllamaChat | OllamaGenerate, keep_alive: str, told: str) -> None:
    found = dialect.read(b'{"keep_alive":%b}' % keep_alive.encode())
    assert json.loads(dialect.whole(found, ABOUT, [], []))["done_reason"] == told


@BOTH
def test_keep_alive_zero_with_a_prompt_is_an_ordinary_request(dialect: OllamaChat | OllamaGenerate) -> None:
    found = dialect.read(question(dialect, keep_alive=0))
    assert found.prompts and not found.unload
