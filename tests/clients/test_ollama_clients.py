"""Ollama's own clients, Python and Node, unchanged, against our server."""

from __future__ import annotations

from typing import Any

import pytest
from clients.driving import ClientProgram
from clients.judging_ollama import COUNTS, DURATIONS, TIME

pytestmark = pytest.mark.soak
every = pytest.mark.parametrize("program", ["ollama", "ollama-js"], indirect=True)
python = pytest.mark.parametrize("program", ["ollama"], indirect=True)


def text_of(told: dict[str, Any]) -> str:
    """The text of an answer that ended as answers do; the two clients name things differently."""
    numbers = told.get("numbers", told)
    assert told["done"] is True and told.get("reason", told.get("done_reason")) in ("stop", "length")
    assert TIME.fullmatch(told.get("created") or told["created_at"])
    assert all(isinstance(numbers[name], int) and numbers[name] >= 0 for name in (*DURATIONS, *COUNTS))
    parts = numbers["load_duration"] + numbers["prompt_eval_duration"] + numbers["eval_duration"]
    assert 0 < parts <= numbers["total_duration"]
    said: str = told["text"] if "text" in told else told.get("message", {}).get("content", told.get("response"))
    return said


@every
@pytest.mark.parametrize("kind", ["chat", "generate"])
def test_an_answer_is_the_same_whole_and_streamed(program: ClientProgram, kind: str) -> None:
    whole, streamed = program.result(kind), program.result(f"{kind}_stream")
    assert text_of(whole) and text_of(whole) == text_of(streamed)
    assert streamed["lines"] > 2


@every
def test_an_answer_without_options_ends(program: ClientProgram) -> None:
    text_of(program.result("chat_without_options"))


@python
def test_asynchronous_clients_get_the_same(program: ClientProgram) -> None:
    text = text_of(program.result("chat"))
    assert text_of(program.result("chat_async")) == text_of(program.result("chat_stream_async")) == text


@python
def test_all_options_that_ollama_knows_are_taken(program: ClientProgram) -> None:
    assert text_of(program.result("chat_settings"))
    assert text_of(program.result("generate_raw"))


@every
def test_loading_answers_without_tokens(program: ClientProgram) -> None:
    """Rule 18."""
    told = program.result("load")
    assert told["done"] is True and told.get("reason", told.get("done_reason")) == "load"
    assert told.get("text", told.get("response")) == ""
    if "unload" in program.cases:
        assert program.result("unload")["reason"] == "unload"


@every
def test_the_model_is_listed_running_and_described(program: ClientProgram) -> None:
    (listed,), (loaded,) = program.result("models"), program.result("running")
    assert listed["model"] == loaded["model"] and listed["size"] > 0 and listed["digest"]
    shown = program.result("show")
    assert "completion" in shown["capabilities"]
    info = shown.get("info", shown.get("model_info"))
    assert info["general.architecture"] and any(name.endswith(".context_length") for name in info)


@every
def test_what_is_not_served_says_so(program: ClientProgram) -> None:
    for case in {"embed", "embeddings", "pull"} & set(program.cases):
        told = program.outcome(case)
        assert (told["raised"], told["status"]) == ("ResponseError", 501), case
        assert "not supported" in told["message"]


@every
def test_a_client_that_leaves_a_stream_is_answered_again(program: ClientProgram) -> None:
    case = "aborted" if "aborted" in program.cases else "closed_early"
    assert text_of(program.result(case)) == text_of(program.result("chat"))
