"""Bodies of /v1/chat/completions: what real clients send is accepted, what cannot be done is refused by its name."""

from __future__ import annotations

import json
from typing import Any

import pytest
from server.made_answers import CHAT, WORDS

from llmproc.config import MAX_LOGPROBS, SamplingParams
from llmproc.server.asking import DEFAULT_MAX_TOKENS, Asked
from llmproc.server.openai.fresh import FRESH, SEED_BITS
from llmproc.server.openai.requests import ChatRequest, RequestMessage, without_effect
from llmproc.server.refusals import RefusedError

HI = {"role": "user", "content": "Hi"}


def read(**fields: Any) -> Asked:
    return CHAT.read(json.dumps({"messages": [HI], **fields}).encode())


def refusal(**fields: Any) -> RefusedError:
    with pytest.raises(RefusedError) as refused:
        read(**fields)
    error = refused.value
    assert error.status == 400 and error.kind == "invalid_request_error" and error.code and "\n" not in error.message
    return error


def test_the_defaults_are_openais_and_the_limit_is_ours() -> None:
    asked = read(model="gpt-4o-mini")
    assert asked == Asked(
        ([HI],),
        SamplingParams(temperature=1.0, top_p=1.0, max_tokens=DEFAULT_MAX_TOKENS, seed=77),
        stream=False,
        model="gpt-4o-mini",
    )


def test_every_option_reaches_the_sampler() -> None:
    fields: dict[str, Any] = {
        "temperature": 0.5, "top_p": 0.25, "max_tokens": 9, "seed": -3, "top_k": 5, "min_p": 0.125, "n": 2,
        "presence_penalty": -2, "frequency_penalty": 2, "repetition_penalty": 1.5, "ignore_eos": True, "min_tokens": 4,
    }  # fmt: skip
    found = read(**fields, logit_bias={"3": -100, "0": 1.5}, stop=["a", "b"], logprobs=True, top_logprobs=4).sampling
    assert {name: getattr(found, name) for name in fields} == fields
    assert (found.logit_bias, found.stop, found.logprobs) == (((0, 1.5), (3, -100.0)), ("a", "b"), 4)


def test_a_missing_seed_is_drawn() -> None:
    assert read().sampling.seed == 77 and read(seed=None).sampling.seed == 77 and read(seed=0).sampling.seed == 0
    drawn = {FRESH.seed() for _ in range(50)}
    assert len(drawn) > 40 and all(0 <= seed < 1 << SEED_BITS for seed in drawn)
    assert FRESH.word() != FRESH.word() and FRESH.now() > 1_700_000_000


def test_logprobs_of_chats_are_a_switch_and_a_number() -> None:
    assert read().sampling.logprobs is None and read(logprobs=False, top_logprobs=0).sampling.logprobs is None
    assert read(logprobs=True).sampling.logprobs == 0
    assert read(logprobs=True, top_logprobs=MAX_LOGPROBS).sampling.logprobs == MAX_LOGPROBS
    assert refusal(top_logprobs=3).message == "top_logprobs is 3: logprobs must be true with it"


def test_messages_are_roles_and_texts() -> None:
    parts = [{"type": "text", "text": "What is "}, {"type": "text", "text": "a pipe?"}]
    asked = read(
        messages=[{"role": "developer", "content": "Be brief."}, {"role": "user", "content": parts, "name": "ann"}]
    )
    assert asked.prompts == (
        [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "What is a pipe?"}],
    )
    assert asked.ignored == ("messages.name",)


def test_an_answer_can_be_sent_back_as_it_came() -> None:
    """openai-python sends the fields of a message that the server gave; OpenAI's own gives the others, too."""
    ours = {"role": "assistant", "content": "4", "reasoning_content": "2 and 2"}
    theirs: dict[str, Any] = {"role": "assistant", "content": "4", "refusal": None, "annotations": [], "audio": None,
              "function_call": None, "tool_calls": None}  # fmt: skip
    asked = read(messages=[HI, ours, HI, theirs, HI])
    assert asked.prompts == ([HI, *[{"role": "assistant", "content": "4"}, HI] * 2],)
    assert asked.ignored == ("messages.reasoning_content",)


CLIENTS: dict[str, dict[str, Any]] = {
    "langchain": {"stream": False, "max_completion_tokens": 9},
    "guidellm": {
        "stream": True, "stream_options": {"include_usage": True, "continuous_usage_stats": True}, "ignore_eos": True,
        "max_completion_tokens": 9, "messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}],
    },
    "aiperf": {"stream": True, "max_completion_tokens": 9, "min_tokens": 9, "stream_options": {"include_usage": True}},
    "vllm bench": {"stream": True, "max_completion_tokens": 9, "repetition_penalty": 1.0, "logprobs": None},
    "sglang bench": {"max_completion_tokens": 9, "temperature": 0.0, "ignore_eos": True},
    "litellm": {"max_tokens": 99, "max_completion_tokens": 9, "top_k": 3},
    "AI SDK": {"max_tokens": 9, "temperature": 0, "stop": ["x"], "seed": 1},
    "open-webui": {"max_tokens": 9, "continue_final_message": False, "add_generation_prompt": True},
    "llm": {"stream": True, "stream_options": {"include_usage": True}, "max_tokens": 9, "seed": None},
    "nothing": {
        "max_tokens": 9, "stop": [], "tools": [], "response_format": {"type": "text"}, "logit_bias": {}, "n": 1,
    },
    "nulls": {"max_tokens": 9, **dict.fromkeys(
        ["stop", "seed", "tools", "stream", "stream_options", "response_format", "temperature", "top_p", "n", "user",
         "logprobs", "top_logprobs", "logit_bias", "chat_template_kwargs", "max_completion_tokens", "tool_choice"]
    )},
}  # fmt: skip


@pytest.mark.parametrize("client", CLIENTS)
def test_rule_10_known_no_refusal(client: str) -> None:
    asked = read(model="m", **CLIENTS[client])
    assert asked.sampling.max_tokens == 9, "max_completion_tokens wins"
    assert asked.prompts == ([HI],) and not asked.ignored
    assert asked.stream is bool(CLIENTS[client].get("stream"))


def test_rule_11_ignore_eos_is_asked_of_the_engine() -> None:
    sampling = read(ignore_eos=True, max_completion_tokens=8).sampling
    assert sampling.ignore_eos and sampling.max_tokens == 8
    assert not read(ignore_eos=False).sampling.ignore_eos and not read(ignore_eos=None).sampling.ignore_eos


def test_rule_12_the_body_alone_chooses_a_stream() -> None:
    assert [read(stream=choice).stream for choice in (True, False, None)] == [True, False, False]
    assert not read().stream


def test_rule_09_usage_is_for_those_who_ask() -> None:
    asked = read(stream=True, stream_options={"include_usage": True})
    assert (asked.include_usage, asked.continuous_usage) == (True, False)
    asked = read(stream=True, stream_options={"include_usage": None, "continuous_usage_stats": True})
    assert (asked.include_usage, asked.continuous_usage) == (False, True)
    assert refusal(stream_options={}).message == "stream_options is given: stream must be true with it"


def test_fields_without_effect_are_accepted_and_named() -> None:
    values: dict[str, Any] = {
        "user": "u", "metadata": {"a": 1}, "store": True, "service_tier": "auto", "safety_identifier": "x",
        "prompt_cache_key": "k", "prompt_cache_retention": "24h", "modalities": ["text"],
    }  # fmt: skip
    reasons = without_effect(ChatRequest)
    assert set(values) == set(reasons) and all(reasons.values())
    assert set(read(**values).ignored) == set(values) and not read(**dict.fromkeys(values)).ignored
    assert without_effect(RequestMessage).keys() == {"name", "reasoning_content", "refusal", "tool_call_id"}


def test_variables_of_the_chat_template() -> None:
    assert read(chat_template_kwargs={"enable_thinking": False}).template_options == {"enable_thinking": False}
    assert read(chat_template_kwargs={}).template_options == {}
    assert "'messages': it is set by llmproc" in refusal(chat_template_kwargs={"messages": []}).message
    assert "'a b': it must be a name" in refusal(chat_template_kwargs={"a b": 1}).message
    deep: Any = 1
    for _ in range(40):
        deep = [deep]
    assert "nested deeper" in refusal(chat_template_kwargs={"a": deep}).message


@pytest.mark.parametrize(
    ("fields", "param", "words"),
    [
        ({"tools": [{"type": "function"}]}, "tools[0].function", "is missing"),
        ({"tools": [{"type": "web_search"}]}, "tools[0].type", "must be 'function'"),
        ({"tools": [{"type": "function", "function": {"name": "a b"}}]}, "tools[0].function.name", "is 'a b'"),
        (
            {"response_format": {"type": "json_schema", "json_schema": {}}},
            "response_format.json_schema.name",
            "missing",
        ),
        ({"response_format": {"type": "grammar"}}, "response_format.type", "must be 'json_object'"),
        ({"audio": {}}, "audio", "is unknown here"),
        ({"functions": []}, "functions", "is unknown here"),
        ({"temprature": 1}, "temprature", "did you mean temperature?"),
        ({"frobnicate": None}, "frobnicate", "is unknown here"),
        ({"stream_options": {"x": 1}, "stream": True}, "stream_options.x", "is unknown here"),
        ({"tool_choice": "required"}, "tool_choice", "tools must be given"),
        ({"tool_choice": "any"}, "tool_choice", "must be"),
        ({"modalities": ["audio"]}, "modalities[0]", "must be 'text'"),
        ({"add_generation_prompt": False}, "add_generation_prompt", "must be true"),
        ({"continue_final_message": True}, "continue_final_message", "must be false"),
        ({"n": 0}, "n", "from 1 to 128"),
        ({"n": 129}, "n", "from 1 to 128"),
        ({"stop": [""]}, "stop[0]", "1 to 512 characters"),
        ({"stop": ["a"] * 17}, "stop", "0 to 16 items"),
        ({"max_tokens": 0}, "max_tokens", "from 1 to 1048576"),
        ({"temperature": -0.5}, "temperature", "from 0 to 100"),
        ({"temperature": "hot"}, "temperature", "is 'hot'"),
        ({"top_logprobs": 21, "logprobs": True}, "top_logprobs", "from 0 to 20"),
        ({"logprobs": 5}, "logprobs", "must be true or false"),
        ({"logit_bias": {"a": 1}}, "logit_bias", "has the name 'a'"),
        ({"logit_bias": {"03": 1}}, "logit_bias", "has the name '03'"),
        ({"logit_bias": {str(len(WORDS)): 1}}, "logit_bias", f"the token {len(WORDS)}: must be from 0 to"),
        ({"logit_bias": {"3": 101}}, "logit_bias.'3'", "from -100 to 100"),
        ({"seed": 1 << 63}, "seed", "must be a whole number"),
        ({"min_tokens": 9, "max_tokens": 8}, "min_tokens", "from 0 to max_tokens, 8"),
        ({"min_tokens": DEFAULT_MAX_TOKENS + 1}, "min_tokens", f"max_tokens, {DEFAULT_MAX_TOKENS}"),
        ({"messages": []}, "messages", "1 or more items"),
        ({"messages": None}, "messages", "is null"),
        ({"messages": "Hi"}, "messages", "must be a list"),
        ({"messages": [{"role": "user"}]}, "messages[0].content", "is missing"),
        ({"messages": [HI, {"role": "function", "content": "x"}]}, "messages[1].role", "is 'function': must"),
        ({"messages": [{"role": "assistant", "content": None}]}, "messages[0].content", "is missing"),
        ({"messages": [{**HI, "tool_calls": [{}]}]}, "messages[0].tool_calls[0].id", "is missing"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]},
            "messages[0].content[0].type",
            "is 'image_url': must be 'text'",
        ),
    ],
)
def test_what_cannot_be_done_is_refused_by_name(fields: dict[str, Any], param: str, words: str) -> None:
    error = refusal(**fields)
    assert error.param == param and error.message.startswith(param) and words in error.message


def test_the_limits_of_the_document_are_those_of_the_sampler() -> None:
    """Each range's ends are accepted by both: else one of them had moved."""
    ends: dict[str, tuple[Any, ...]] = {
        "temperature": (0, 100), "top_p": (0, 1), "max_tokens": (1, 1 << 20), "n": (1, 128), "top_k": (-1, 1 << 20),
        "presence_penalty": (-2, 2), "frequency_penalty": (-2, 2), "repetition_penalty": (1e-9, 100), "min_p": (0, 1),
        "min_tokens": (0, DEFAULT_MAX_TOKENS), "seed": (-(1 << 63), (1 << 63) - 1),
        "stop": ("x" * 512, ["x", "y"] * 8), "logit_bias": ({"0": -100}, {"9": 100}),
    }  # fmt: skip
    for name, values in ends.items():
        for value in values:
            assert read(**{name: value}).sampling, name
