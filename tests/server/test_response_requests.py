"""Bodies of /v1/responses: what clients send is read, what is not done is refused by its name."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from server.made_answers import CHAT, RESPONSE

from llmproc.server.asking import Asked
from llmproc.server.openai.requests import without_effect
from llmproc.server.openai.response_requests import ResponseRequest
from llmproc.server.refusals import RefusedError


def read(**fields: Any) -> Asked:
    return RESPONSE.read(json.dumps({"input": "Hi", **fields}).encode())


def refusal(**fields: Any) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        read(**fields)
    assert caught.value.status == 400
    return caught.value


# -- what real clients send (tests/clients/README.md says which) ------------------------------------------------------


def test_a_text_is_a_users_message() -> None:
    asked = read(model="gpt-5", input="hello")
    assert asked.prompts == ([{"role": "user", "content": "hello"}],)
    assert (asked.model, asked.stream, asked.sampling.temperature, asked.sampling.seed) == ("gpt-5", False, 1.0, 77)


def test_langchains_and_aiperfs_bodies_are_read() -> None:
    talk = [{"role": "user", "content": "hello", "type": "message"}]
    assert read(input=talk, stream=False).prompts == ([{"role": "user", "content": "hello"}],)
    parts = [{"role": "user", "content": [{"type": "input_text", "text": "hel"}, {"type": "input_text", "text": "lo"}]}]
    asked = read(input=parts, stream=True, max_output_tokens=8)
    assert asked.stream and asked.sampling.max_tokens == 8 and asked.prompts == read(input=talk).prompts


def test_an_answer_sent_back_is_part_of_the_conversation() -> None:
    answer = [
        {"type": "reasoning", "id": "rs_1", "summary": [], "status": "completed",
         "content": [{"type": "reasoning_text", "text": "Hm."}], "encrypted_content": None},
        {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "phase": None,
         "content": [{"type": "output_text", "text": "Hi.", "annotations": [], "logprobs": []}]},
    ]  # fmt: skip
    asked = read(input=[{"role": "user", "content": "hello"}, *answer, {"role": "user", "content": "And?"}])
    assert [(one["role"], one["content"]) for one in asked.prompts[0]] == [
        ("user", "hello"), ("assistant", "Hi."), ("user", "And?"),
    ]  # fmt: skip


def test_instructions_come_first_and_developers_are_systems() -> None:
    asked = read(instructions="Be brief.", input=[{"role": "developer", "content": "In English."}])
    assert [one["content"] for one in asked.prompts[0]] == ["Be brief.", "In English."]
    assert {one["role"] for one in asked.prompts[0]} == {"system"}


def test_defaults_of_clients_are_accepted_and_counted() -> None:
    asked = read(
        store=True, user="me", metadata={"a": "b"}, parallel_tool_calls=True, tool_choice="auto", tools=[],
        include=["reasoning.encrypted_content"], truncation="disabled", background=False, previous_response_id=None,
        conversation=None, prompt=None, reasoning={"effort": "low", "summary": "auto"}, service_tier="auto",
        text={"format": {"type": "text"}, "verbosity": "low"}, stream_options={"include_obfuscation": False},
        prompt_cache_key="k", prompt_cache_retention="24h", safety_identifier="s", max_tool_calls=3, stream=True,
    )  # fmt: skip
    assert set(asked.ignored) == {
        "store", "user", "parallel_tool_calls", "tool_choice", "service_tier", "prompt_cache_key",
        "prompt_cache_retention", "safety_identifier", "max_tool_calls",
    }  # fmt: skip
    assert asked.repeated["metadata"] == {"a": "b"} and asked.repeated["text"]["verbosity"] == "low"
    assert asked.think is None and asked.sampling.logprobs is None


def test_reasoning_can_be_switched_off_and_log_probabilities_on() -> None:
    assert read(reasoning={"effort": "none"}).think is False
    assert read(include=["message.output_text.logprobs"]).sampling.logprobs == 0
    assert read(top_logprobs=3).sampling.logprobs == 3


# -- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "param", "words"),
    [
        ({"previous_response_id": "resp_1"}, "previous_response_id", "send the whole conversation as input"),
        ({"conversation": "conv_1"}, "conversation", "send the whole conversation as input"),
        ({"conversation": {"id": "conv_1"}}, "conversation", "no response is stored"),
        ({"prompt": {"id": "pmpt_1"}}, "prompt", "no prompt template is stored"),
        ({"background": True}, "background", "must be false"),
        ({"truncation": "auto"}, "truncation", "'disabled'"),
        ({"tools": [{"type": "web_search"}]}, "tools", "must be empty"),
        ({"tool_choice": "required"}, "tool_choice", "'none'"),
        ({"max_tokens": 8}, "max_tokens", "unknown"),
        ({"n": 2}, "n", "unknown"),
        ({"input": []}, "input", "1"),
        ({"input": [{"type": "reasoning", "summary": []}]}, "input", "no message"),
        ({"input": [{"type": "function_call_output", "output": "x"}]}, "input[0].type", "'message'"),
        ({"input": [{"role": "user"}]}, "input[0].content", "is missing"),
        ({"input": [{"content": "x"}]}, "input[0].role", "is missing"),
        ({"input": [{"role": "user", "content": [{"type": "input_image"}]}]}, "input[0].content[0].type", "input_text"),
        (
            {"input": [{"role": "user", "content": [{"type": "reasoning_text", "text": "x"}]}]},
            "input[0].content[0].type",
            "must be input_text",
        ),
        ({"text": {"format": {"type": "grammar"}}}, "text.format.type", "'grammar'"),
        ({"include": ["file_search_call.results"]}, "include[0]", "logprobs"),
        ({"max_output_tokens": 0}, "max_output_tokens", "1"),
        ({"temperature": -1}, "temperature", "0"),
    ],
)
def test_what_is_not_done_is_refused_by_name(fields: dict[str, Any], param: str, words: str) -> None:
    error = refusal(**fields)
    assert error.param == param and words in error.message and "\n" not in error.message


def test_null_is_absent_for_every_field_but_input() -> None:
    fields = {name: None for name in ResponseRequest.__struct_fields__ if name != "input"}
    assert read(**fields) == read()


def test_every_field_without_effect_says_why() -> None:
    assert all(without_effect(ResponseRequest).values()) and "metadata" in without_effect(ResponseRequest)


@settings(max_examples=100, deadline=None)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "temperature": st.floats(0, 2), "top_p": st.floats(0, 1), "seed": st.integers(0, 1 << 40),
            "stop": st.just(["."]), "top_k": st.integers(0, 5), "presence_penalty": st.floats(-2, 2),
        },
    ),
    st.lists(
        st.fixed_dictionaries({"role": st.sampled_from(["user", "assistant", "system"]), "content": st.text()}),
        min_size=1,
        max_size=4,
    ),
)  # fmt: skip
def test_it_asks_what_a_chat_asks(options: dict[str, Any], messages: list[dict[str, str]]) -> None:
    """The same prompt and the same sampling, so the same bytes."""
    response = RESPONSE.read(msgspec.json.encode({"input": messages, "max_output_tokens": 9, **options}))
    chat = CHAT.read(msgspec.json.encode({"messages": messages, "max_tokens": 9, **options}))
    assert (response.prompts, response.sampling) == (chat.prompts, chat.sampling)
