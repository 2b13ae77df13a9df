"""OpenAI's own clients, Python 2.x and 3.x and Node, unchanged, against our server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from clients.driving import ClientProgram
from clients.own_server import OwnServer, own_server
from clients.running import metric, running

pytestmark = pytest.mark.soak
EVERY = ["openai2", "openai3", "openai-js"]
PYTHON = ["openai2", "openai3"]
every = pytest.mark.parametrize("program", EVERY, indirect=True)
python = pytest.mark.parametrize("program", PYTHON, indirect=True)


def complete(told: dict[str, Any], choices: int = 1) -> list[str]:
    """The texts of an answer that ended as answers do."""
    assert len(told["texts"]) == len(told["reasons"]) == choices
    assert set(told["reasons"]) <= {"stop", "length"}
    if usage := told.get("usage"):
        assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
        assert 0 < usage["completion_tokens"] <= 8 * choices
    texts: list[str] = told["texts"]
    return texts


@every
def test_an_answer_is_the_same_whole_and_streamed(program: ClientProgram) -> None:
    (text,) = complete(program.result("chat"))
    streamed = program.result("chat_stream")
    assert text and complete(streamed) == [text]
    assert streamed["roles"] == ["assistant"] and streamed["usages"] == []


@every
def test_usage_comes_once_when_it_is_asked_for(program: ClientProgram) -> None:
    whole, streamed = program.result("chat"), program.result("chat_stream_usage")
    counts = ("prompt_tokens", "completion_tokens", "total_tokens")
    (usage,) = streamed["usages"]
    assert [usage[name] for name in counts] == [whole["usage"][name] for name in counts]


@every
def test_an_answer_without_a_limit_ends(program: ClientProgram) -> None:
    told = program.result("chat_without_limit")
    assert told["reasons"][0] in ("stop", "length") and told["usage"]["completion_tokens"] > 0


@every
def test_the_stream_helper_gathers_the_same_text(program: ClientProgram) -> None:
    (text,) = complete(program.result("chat"))
    told = program.result("stream_helper")
    assert told["texts"] == [text] and told["final"] == text


@python
def test_asynchronous_clients_get_the_same(program: ClientProgram) -> None:
    texts = complete(program.result("chat"))
    assert complete(program.result("chat_async")) == texts
    assert complete(program.result("chat_stream_async")) == texts
    told = program.result("stream_helper_async")
    assert told["texts"] == texts and {"chunk", "content.delta", "content.done"} <= set(told["kinds"])


@python
def test_answers_are_parsed_into_a_model(program: ClientProgram) -> None:
    told = program.result("parsed")
    assert told["same"] and told["kind"] in ("pipe", "socket", "file") and 0 <= told["size"] <= 99
    assert len(told["words"]) <= 3 and set(told["words"]) <= {"red", "green"}


@python
def test_functions_are_called(program: ClientProgram) -> None:
    told = program.result("called")
    whole, streamed = told["calls"]
    assert whole == streamed and whole[0] == "look" and json.loads(whole[1])["kind"] in ("pipe", "file")
    assert told["reasons"] == ["tool_calls", "tool_calls"]
    assert "tool_calls.function.arguments.done" in told["kinds"]


@every
def test_log_probabilities_come_for_every_token(program: ClientProgram) -> None:
    told = program.result("logprobs")
    entries = told["logprobs"]["content"]
    assert complete(told) == complete(program.result("chat")), "asking for them changes nothing"
    assert len(entries) in (told["usage"]["completion_tokens"], told["usage"]["completion_tokens"] - 1)  # no end token
    for entry in entries:
        likeliest = entry["top_logprobs"]
        assert len(likeliest) == 2 and likeliest[0]["logprob"] >= likeliest[1]["logprob"]
        assert entry["logprob"] == likeliest[0]["logprob"] <= 0, "at temperature 0 the likeliest is taken"


@python
def test_streamed_log_probabilities_are_the_same(program: ClientProgram) -> None:
    whole = program.result("logprobs")["logprobs"]["content"]
    assert program.result("logprobs_stream")["entries"] == whole


@every
def test_choices_are_several_and_the_first_is_that_of_one(program: ClientProgram) -> None:
    texts = complete(program.result("choices"), 3)
    streamed = program.result("choices_stream")
    assert complete(streamed, 3) == texts and streamed["roles"] == ["assistant"] * 3
    assert len(set(texts)) > 1, "each has its own seed"
    if "first_choice" in program.cases:
        assert complete(program.result("first_choice")) == texts[:1]


@python
def test_roles_and_options_are_taken(program: ClientProgram) -> None:
    complete(program.result("chat_roles"))
    complete(program.result("options"))


@every
def test_plain_completions_are_the_same_whole_and_streamed(program: ClientProgram) -> None:
    whole, streamed = program.result("completions"), program.result("completions_stream")
    assert whole["texts"] == streamed["texts"] and whole["texts"][0]


@every
def test_the_listed_model_is_the_one_that_answers(program: ClientProgram) -> None:
    assert program.result("chat")["model"] in program.result("models")


@every
def test_a_refusal_is_the_clients_own_error_and_names_the_field(program: ClientProgram) -> None:
    told = program.outcome("refused")
    assert (told["raised"], told["status"]) == ("BadRequestError", 400)
    assert "temperature" in told["message"]


@every
def test_a_response_is_the_same_whole_streamed_and_by_the_helper(program: ClientProgram) -> None:
    whole = program.result("responses")
    assert whole["text"] and whole["status"] == "incomplete" and whole["usage"]["output_tokens"] == 8
    streamed = program.result("responses_stream")
    assert (streamed["text"], streamed["last"]) == (whole["text"], "response.incomplete")
    assert streamed["types"][:5] == [
        "response.created", "response.in_progress", "response.output_item.added", "response.content_part.added",
        "response.output_text.delta",
    ]  # fmt: skip
    helped = program.result("responses_helper")
    assert helped["final"] == helped["text"] != "" and helped["text"].startswith(whole["text"])


@python
def test_a_response_that_is_asked_for_again_is_not_found(program: ClientProgram) -> None:
    told = program.outcome("responses_retrieved")
    assert (told["raised"], told["status"]) == ("NotFoundError", 404) and "stores none" in told["message"]


@python
def test_a_batch_comes_to_completion_is_cancelled_and_expires(program: ClientProgram) -> None:
    done = program.result("batch_completed")
    assert (done["status"], done["counts"]) == ("completed", {"total": 12, "completed": 12, "failed": 0})
    assert done["names"] == [f"row {place}" for place in range(12)]
    assert done["same"], "a row is the answer of a single request with its seed"
    cancelled = program.result("batch_cancelled")
    assert cancelled["status"] == "cancelled" and cancelled["counts"]["total"] == 500
    assert cancelled["output"] + cancelled["errors"] == 500 and cancelled["code"] == "batch_cancelled"
    expired = program.result("batch_expired")
    assert expired["status"] == "expired" and expired["output"] + expired["errors"] == 500
    assert expired["code"] == "batch_expired"
    bad = program.result("batch_with_errors")
    assert bad == {"status": "failed", "errors": [["body.temperature", 2], ["custom_id", 3]]}


@python
def test_what_is_not_served_is_not_found(program: ClientProgram) -> None:
    told = program.outcome("embeddings")
    assert (told["raised"], told["status"]) == ("NotFoundError", 404)


@every
def test_a_client_that_leaves_a_stream_is_answered_again(program: ClientProgram) -> None:
    case = "aborted" if "aborted" in program.cases else "closed_early"
    assert complete(program.result(case)) == complete(program.result("chat"))


@python
def test_rule_13_a_client_that_hangs_up_after_done_has_not_cancelled(program: ClientProgram, server: OwnServer) -> None:
    before = metric(server.url, "requests_total", outcome="cancelled")
    assert program.result("hundred_streams") == 100
    assert metric(server.url, "requests_total", outcome="cancelled") == before


@pytest.mark.parametrize("client", PYTHON)
def test_a_full_queue_is_waited_for(client: str, slow: Path, tmp_path: Path) -> None:
    """24 at once, of which the server takes 2: the client comes again when it is told to, until all are answered."""
    with (
        own_server(slow, tmp_path, "--sequences", 1, "--queue", 1) as narrow,
        running(client, narrow.url, tmp_path) as program,
    ):
        texts = program.result("together")
        assert len(texts) == 24 and set(texts) == set(program.result("impatient")["texts"])
        assert metric(narrow.url, "request_errors_total", status="429") > 0, "none was refused: this showed nothing"
        assert metric(narrow.url, "request_errors_total", status="500") == 0
