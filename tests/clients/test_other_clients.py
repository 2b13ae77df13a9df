"""llama-index, the command `llm` and the AI SDK, unchanged, against our server."""

from __future__ import annotations

import pytest
from clients.driving import ClientProgram

pytestmark = pytest.mark.soak
llama_index = pytest.mark.parametrize("program", ["llama-index"], indirect=True)
llm = pytest.mark.parametrize("program", ["llm"], indirect=True)
ai_sdk = pytest.mark.parametrize("program", ["ai-sdk"], indirect=True)


@llama_index
def test_llama_index_gets_the_same_whole_and_streamed(program: ClientProgram) -> None:
    text = program.result("chat")
    streamed = program.result("chat_stream")
    assert text and text == streamed["text"] == streamed["deltas"] == program.result("chat_async")
    assert program.result("complete") == program.result("complete_stream") != ""


@llama_index
def test_llama_index_asks_completions_unless_told_otherwise(program: ClientProgram) -> None:
    """Its text `user: hello` is no chat: what comes differs, but it comes."""
    assert program.result("chat_over_completions") not in ("", program.result("chat"))
    assert isinstance(program.result("chat_defaults"), str)


@llm
def test_llm_prints_the_same_whole_and_streamed(program: ClientProgram) -> None:
    for case in ("prompt", "completion"):
        whole, streamed = program.result(case), program.result(f"{case}_stream")
        assert (whole["code"], streamed["code"]) == (0, 0), (whole["errors"], streamed["errors"])
        assert whole["text"] == streamed["text"] != "", case
    assert program.result("prompt_defaults")["code"] == 0


@llm
def test_llm_goes_on_with_a_conversation(program: ClientProgram) -> None:
    assert program.result("prompt")["code"] == 0
    told = program.result("goes_on")
    assert told["code"] == 0 and told["text"], told["errors"]


@ai_sdk
def test_the_ai_sdk_gets_the_same_whole_and_streamed(program: ClientProgram) -> None:
    whole = program.result("chat")
    assert whole["text"] and whole["reason"] in ("stop", "length")
    for case in ("chat_stream", "chat_stream_usage"):
        told = program.result(case)
        assert (told["text"], told["reason"]) == (whole["text"], whole["reason"]), case
    asked = program.result("chat_stream_usage")["usage"]
    assert asked["outputTokens"] == whole["usage"]["outputTokens"] > 0
    assert program.result("completion")["text"] == program.result("completion_stream")["text"]


@ai_sdk
def test_the_ai_sdks_options_are_taken(program: ClientProgram) -> None:
    assert program.result("chat_options")["reason"] in ("stop", "length")
    assert program.result("chat_defaults")["reason"] in ("stop", "length")


@ai_sdk
def test_the_ai_sdk_tells_a_refusal(program: ClientProgram) -> None:
    told = program.outcome("refused")
    assert (told["raised"], told["status"]) == ("APICallError", 400) and "temperature" in told["message"]
