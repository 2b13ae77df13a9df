"""OpenAI's batch rows and messages become rows of llmproc's own, or are refused by the field's name."""

from __future__ import annotations

from typing import Any

import pytest

from llmproc.errors import RequestError
from llmproc.session.openai import from_batch_row, is_batch_row, plain_messages

MESSAGES = [{"role": "user", "content": "What is a pipe?"}]


def line(body: Any, **more: Any) -> dict[str, Any]:
    return {"custom_id": "r-1", "method": "POST", "url": "/v1/chat/completions", "body": body, **more}


def test_a_batch_line_becomes_a_row() -> None:
    body = {"model": "gpt-4o-mini", "messages": MESSAGES, "max_tokens": 5, "temperature": 0, "seed": 7, "top_p": 0.5}
    assert from_batch_row(line(body, topic="os")) == {
        "id": "r-1", "messages": MESSAGES, "max_tokens": 5, "temperature": 0, "seed": 7, "top_p": 0.5, "topic": "os",
    }  # fmt: skip


def test_a_completions_line_has_a_prompt() -> None:
    row = from_batch_row(line({"model": "m", "prompt": "Once"}, url="/v1/completions"))
    assert row == {"id": "r-1", "prompt": "Once"}


def test_rule_10_the_newer_name_of_max_tokens_wins() -> None:
    bodies: list[dict[str, Any]] = [{"max_completion_tokens": 9}, {"max_tokens": 5, "max_completion_tokens": 9}]
    for body in bodies:
        assert from_batch_row(line({"messages": MESSAGES, **body}))["max_tokens"] == 9
    body = {"max_tokens": 5, "max_completion_tokens": None}
    assert from_batch_row(line({"messages": MESSAGES, **body}))["max_tokens"] == 5


def test_sampling_options_are_a_rows_own() -> None:
    """One that says what the default is, too: the command line's option is for rows that say nothing."""
    options = {
        "n": 1, "stop": ["."], "logit_bias": {"15": -100}, "presence_penalty": 0.0, "frequency_penalty": 1,
        "top_k": 5, "min_p": 0.1, "repetition_penalty": 1.0, "ignore_eos": True, "min_tokens": 2,
    }  # fmt: skip
    assert from_batch_row(line({"messages": MESSAGES, **options})) == {"id": "r-1", "messages": MESSAGES, **options}


@pytest.mark.parametrize(
    ("body", "logprobs"),
    [
        ({"logprobs": True}, 0), ({"logprobs": True, "top_logprobs": 4}, 4), ({"logprobs": False}, False),
        ({"logprobs": True, "top_logprobs": 0}, 0),
    ],
)  # fmt: skip
def test_a_chat_asks_for_log_probabilities_by_two_fields(body: dict[str, Any], logprobs: object) -> None:
    row = from_batch_row(line({"messages": MESSAGES, **body}))
    assert row["logprobs"] == logprobs and "top_logprobs" not in row


def test_a_completion_asks_for_log_probabilities_by_a_number() -> None:
    assert from_batch_row(line({"prompt": "p", "logprobs": 3}, url="/v1/completions"))["logprobs"] == 3


def test_rule_17_no_tools_and_parts_of_text_are_what_templates_get() -> None:
    """An empty list of tools is the same as none; parts are joined, and never printed as a list."""
    parts = [{"type": "text", "text": "What is "}, {"type": "text", "text": "a pipe?"}]
    row = from_batch_row(line({"messages": [{"role": "user", "content": parts}], "tools": []}))
    assert "tools" not in row and plain_messages(row["messages"]) == MESSAGES


def test_method_and_url_may_be_missing() -> None:
    assert from_batch_row({"custom_id": "x", "body": {"prompt": "p"}}) == {"id": "x", "prompt": "p"}


@pytest.mark.parametrize(
    "harmless", [{"stream": False}, {"stop": None}, {"tools": []}, {"user": "u"}, {"best_of": 1}, {"logprobs": None}]
)
def test_options_that_change_nothing_are_no_reason_to_refuse(harmless: dict[str, Any]) -> None:
    assert from_batch_row(line({"messages": MESSAGES, **harmless})) == {"id": "r-1", "messages": MESSAGES}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (line({"messages": MESSAGES, "best_of": 2}), "body field best_of cannot be done"),
        (line({"messages": MESSAGES, "logprobs": 2}), "body field logprobs is 2: must be true or false in a chat"),
        (line({"messages": MESSAGES, "top_logprobs": 2}), "body field top_logprobs needs logprobs true"),
        (
            line({"prompt": "p", "logprobs": 2, "top_logprobs": 2}, url="/v1/completions"),
            "body field top_logprobs needs logprobs true, in a chat",
        ),
        (line({"messages": MESSAGES, "stream": True}), "body field stream cannot be done"),
        (line({"messages": MESSAGES, "tools": [{"type": "function"}]}), "body field tools cannot be done"),
        (line({"messages": MESSAGES, "frobnicate": 1}), "body field frobnicate cannot be done"),
        (line({"input": "x"}, url="/v1/embeddings"), "url is '/v1/embeddings': must be /v1/chat/completions"),
        (line({"messages": MESSAGES}, method="GET"), "method is 'GET': must be POST"),
        (line("text"), "body must be an object"),
    ],
)
def test_what_cannot_be_done_is_refused_by_name(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(RequestError) as refused:
        from_batch_row(fields)
    assert words in str(refused.value)


def test_what_is_a_batch_line() -> None:
    assert is_batch_row({"custom_id": 1, "body": {}})
    assert not is_batch_row({"custom_id": 1, "prompt": "p"}) and not is_batch_row({"body": {}, "prompt": "p"})


def test_messages_with_parts_roles_and_names() -> None:
    given = [
        {"role": "developer", "content": "Be brief.", "name": "ops"},
        {"role": "user", "content": [{"type": "text", "text": "What is "}, {"type": "text", "text": "a pipe?"}]},
        {"role": "assistant", "content": "A buffer.", "refusal": None},
    ]
    assert plain_messages(given) == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "What is a pipe?"},
        {"role": "assistant", "content": "A buffer."},
    ]


@pytest.mark.parametrize(
    ("messages", "words"),
    [
        ("hello", "messages must be a list of objects"),
        ([1], "messages must be a list of objects"),
        ([{"role": "user", "content": [{"type": "image_url"}]}], "message 0: content of type image_url cannot be read"),
        ([{"role": "user", "content": ["text"]}], "message 0: content of type this cannot be read"),
        ([{"role": "user", "content": [{"type": "text"}]}], "message 0: content of type this cannot be read"),
        ([*MESSAGES, {"role": "assistant", "content": None, "tool_calls": [{}]}], "message 1: tool_calls cannot be"),
    ],
)
def test_messages_that_cannot_be_read(messages: Any, words: str) -> None:
    with pytest.raises(RequestError) as refused:
        plain_messages(messages)
    assert words in str(refused.value)
