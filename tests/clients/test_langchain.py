"""langchain's models for OpenAI's interface and for Ollama's, unchanged, against our server."""

from __future__ import annotations

import pytest
from clients.driving import ClientProgram
from clients.judging_ollama import TIME

pytestmark = pytest.mark.soak
openai = pytest.mark.parametrize("program", ["langchain-openai"], indirect=True)
ollama = pytest.mark.parametrize("program", ["langchain-ollama"], indirect=True)


@openai
def test_an_answer_is_the_same_however_it_is_asked_for(program: ClientProgram) -> None:
    whole = program.result("chat")
    assert whole["text"] and whole["reason"] in ("stop", "length") and whole["model"]
    for case in ("chat_stream", "chat_stream_usage", "chat_async", "chat_stream_async", "chat_logprobs"):
        told = program.result(case)
        assert (told["text"], told["reason"]) == (whole["text"], whole["reason"]), case
    assert program.result("chat_batch")[0]["text"] == whole["text"]


@openai
def test_rule_09_usage_is_not_added_up(program: ClientProgram) -> None:
    """It adds what all chunks say: running totals that it had not asked for would be counted again and again."""
    whole = program.result("chat")["usage"]
    asked, unasked = program.result("chat_stream_usage")["usage"], program.result("chat_stream")["usage"]
    counts = ("input_tokens", "output_tokens", "total_tokens")
    assert [asked[name] for name in counts] == [whole[name] for name in counts]
    assert unasked is None


@openai
def test_defaults_are_answered(program: ClientProgram) -> None:
    assert program.result("chat_defaults")["reason"] in ("stop", "length")
    assert isinstance(program.result("text_defaults"), str)
    assert all(len(answer["text"]) > 0 for answer in program.result("chat_batch"))


@openai
def test_log_probabilities_come(program: ClientProgram) -> None:
    entries = program.result("chat_logprobs")["entries"]
    assert entries and all(len(entry["top_logprobs"]) == 2 for entry in entries)


@openai
def test_plain_completions_are_the_same_whole_and_streamed(program: ClientProgram) -> None:
    assert program.result("text") == program.result("text_stream") != ""


@openai
def test_what_is_not_served_is_refused_by_name(program: ClientProgram) -> None:
    assert program.outcome("responses")["status"] == 404


@openai
def test_an_answer_with_a_schema_that_is_cut_says_so(program: ClientProgram) -> None:
    told = program.outcome("structured")  # 8 tokens at most, and a text of any length
    assert "raised" not in told or "length limit" in told["message"], told


@ollama
def test_ollamas_answer_is_the_same_however_it_is_asked_for(program: ClientProgram) -> None:
    whole = program.result("chat")
    assert whole["text"] and whole["reason"] in ("stop", "length") and TIME.fullmatch(whole["created"])
    for case in ("chat_stream", "chat_async", "checked"):
        told = program.result(case)
        assert (told["text"], told["usage"]) == (whole["text"], whole["usage"]), case
    assert whole["usage"]["input_tokens"] > 0 < whole["usage"]["output_tokens"]


@ollama
def test_ollamas_texts_are_the_same_whole_and_streamed(program: ClientProgram) -> None:
    assert program.result("text") == program.result("text_stream") != ""


@ollama
def test_ollamas_defaults_are_answered(program: ClientProgram) -> None:
    assert program.result("chat_defaults")["reason"] in ("stop", "length")
    assert isinstance(program.result("text_defaults"), str)


@ollama
def test_embeddings_say_that_they_are_not_served(program: ClientProgram) -> None:
    told = program.outcome("embeddings")
    assert told["status"] == 501 and "not supported" in told["message"]
