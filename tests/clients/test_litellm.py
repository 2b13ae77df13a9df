"""litellm, as OpenAI's client and as Ollama's, unchanged, against our server."""

from __future__ import annotations

import pytest
from clients.driving import ClientProgram

pytestmark = [pytest.mark.soak, pytest.mark.parametrize("program", ["litellm"], indirect=True)]


def test_an_answer_is_the_same_however_it_is_asked_for(program: ClientProgram) -> None:
    whole = program.result("chat")
    assert whole["texts"][0] and whole["reasons"][0] in ("stop", "length")
    for case in ("chat_stream", "chat_stream_usage", "chat_async", "chat_stream_async"):
        told = program.result(case)
        assert (told["texts"], told["reasons"]) == (whole["texts"], whole["reasons"]), case


def test_usage_of_a_stream_is_that_of_the_whole_answer(program: ClientProgram) -> None:
    whole, streamed = program.result("chat")["usage"], program.result("chat_stream_usage")["usage"]
    assert (streamed["prompt"], streamed["completion"]) == (whole["prompt_tokens"], whole["completion_tokens"])
    assert whole["completion_tokens"] > 0


def test_of_two_limits_the_newer_one_wins(program: ClientProgram) -> None:
    """It sends max_tokens 16 and max_completion_tokens 8 together."""
    told = program.result("chat_both_limits")
    assert told["usage"]["completion_tokens"] <= 8 and told["texts"] == program.result("chat")["texts"]


def test_a_batch_has_an_answer_for_each_prompt(program: ClientProgram) -> None:
    answers = program.result("batch")
    assert all(isinstance(answer, dict) for answer in answers), answers
    texts = [answer["texts"][0] for answer in answers]
    assert texts[0] == texts[3] == program.result("chat")["texts"][0] and len(set(texts)) == 3


def test_plain_completions_are_answered(program: ClientProgram) -> None:
    assert program.result("text_completion")["texts"][0]


@pytest.mark.parametrize("case", ["ollama_chat", "ollama_generate"])
def test_ollamas_interface_answers_the_same_whole_and_streamed(program: ClientProgram, case: str) -> None:
    whole, streamed = program.result(case), program.result(f"{case}_stream")
    assert whole["texts"][0] and whole["texts"] == streamed["texts"]
    assert whole["usage"]["completion_tokens"] > 0


def test_a_refusal_names_the_field(program: ClientProgram) -> None:
    told = program.outcome("refused")
    assert (told["raised"], told["status"]) == ("BadRequestError", 400) and "temperature" in told["message"]
