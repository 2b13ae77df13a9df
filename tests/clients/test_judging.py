"""The judges of answers refuse what real clients were seen to stumble over: one mistake at a time."""

from __future__ import annotations

import json
from typing import Any

import pytest
from clients.goldens import Golden
from clients.judging import judge
from clients.recorder import ollama_answers, openai_answers
from clients.wire import Answer

MESSAGES = [{"role": "user", "content": "hello"}]
CHAT: dict[str, Any] = {"messages": MESSAGES, "max_tokens": 3, "stream": True}
LINES: dict[str, Any] = {"messages": MESSAGES, "options": {"num_predict": 3}}


def golden(path: str, asked: dict[str, Any]) -> Golden:
    return Golden("test", "case", "POST", path, (), json.dumps(asked))


def answer_to(path: str, asked: dict[str, Any]) -> Answer:
    """What the stand-in answers, without a wire between."""
    answers = openai_answers if path.startswith("/v1") else ollama_answers
    reply = answers.answer("POST", path, json.dumps(asked).encode())
    assert reply is not None
    headers = {"content-type": reply.content_type}
    if reply.events:
        return Answer(reply.status, {**headers, "transfer-encoding": "chunked"}, reply.events, True)
    return Answer(reply.status, headers, (reply.body,), True)


def edited(answer: Answer, place: int, old: str, new: str) -> Answer:
    """The answer with one text of one chunk replaced."""
    chunks = list(answer.chunks)
    changed = chunks[place].replace(old.encode(), new.encode())
    assert changed != chunks[place], (old, chunks[place])
    chunks[place] = changed
    return Answer(answer.status, answer.headers, tuple(chunks), answer.ended)


def test_right_answers_pass() -> None:
    asked_of = {"/v1/chat/completions": CHAT, "/v1/completions": {**CHAT, "prompt": "x"}, "/api/chat": LINES}
    for path, asked in asked_of.items():
        for one in (asked, {**asked, "stream": False}):
            judge(golden(path, one), answer_to(path, one))


@pytest.mark.parametrize(
    ("place", "old", "new"),
    [
        (0, "data: ", "data:"),  # rule 5: framing
        (0, "\n\n", "\r\n\r\n"),
        (0, "data: ", ": ping\n\ndata: "),
        (0, '"role":"assistant",', ""),  # rule 6: role
        (1, '"content"', '"role":"assistant","content"'),
        (1, '"finish_reason":null', '"finish_reason":""'),  # rule 7: fields
        (1, '"finish_reason":null', '"finish_reason":"length"'),
        (3, '"finish_reason":"length"', '"finish_reason":null'),
        (1, '"object":"chat.completion.chunk",', ""),
        (1, '"created":1900000000', '"created":"now"'),
        (1, '"id":"chatcmpl-0"', '"id":"chatcmpl-1"'),
        (1, '"delta"', '"message"'),
        (1, '"choices"', '"usage":{"completion_tokens":1},"choices"'),  # rule 9: usage that was not asked for
        (4, "[DONE]", "{}"),
    ],
)
def test_mistakes_of_a_chat_stream_are_seen(place: int, old: str, new: str) -> None:
    with pytest.raises((AssertionError, KeyError)):
        judge(golden("/v1/chat/completions", CHAT), edited(answer_to("/v1/chat/completions", CHAT), place, old, new))


def test_usage_that_was_asked_for_comes_last_and_once() -> None:
    asked = {**CHAT, "stream_options": {"include_usage": True}}
    right, request = answer_to("/v1/chat/completions", asked), golden("/v1/chat/completions", asked)
    judge(request, right)
    for chunks in (right.chunks[:-2] + right.chunks[-1:], right.chunks[:-1] + right.chunks[-2:]):
        with pytest.raises((AssertionError, KeyError)):
            judge(request, Answer(200, right.headers, chunks, True))
    with pytest.raises(AssertionError):
        judge(request, edited(right, -2, '"completion_tokens":3', '"completion_tokens":4'))


@pytest.mark.parametrize(
    ("place", "old", "new"),
    [
        (0, "}\n", "}\n\n"),  # a blank line
        (0, "{", "{\n"),  # not compact
        (0, '"done":false', '"done":true'),
        (3, '"done":true', '"done":false'),
        (0, "00.123456Z", "00.123456"),  # rule 16: no zone
        (0, "2026-11-29T18:00:00.123456Z", ""),
        (3, '"eval_count":3', '"eval_count":4'),
        (3, '"eval_count":3', '"eval_count":2'),
        (3, '"total_duration":9000', '"total_duration":0.9'),  # rule 17: ns are integers
        (3, '"done_reason":"length"', '"done_reason":"load"'),
        (1, '"content":" there"', '"content":null'),
    ],
)
def test_mistakes_of_ollamas_lines_are_seen(place: int, old: str, new: str) -> None:
    with pytest.raises((AssertionError, KeyError)):
        judge(golden("/api/chat", LINES), edited(answer_to("/api/chat", LINES), place, old, new))


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/api/chat"])
def test_a_stream_that_breaks_off_or_is_not_chunked_is_seen(path: str) -> None:
    asked = CHAT if path.startswith("/v1") else LINES
    right = answer_to(path, asked)
    plain = {name: value for name, value in right.headers.items() if name != "transfer-encoding"}
    glued = (right.chunks[0] + right.chunks[1], *right.chunks[2:])
    for wrong in (
        Answer(200, right.headers, right.chunks, False),
        Answer(200, plain, right.chunks, True),
        Answer(200, right.headers, glued, True),
        Answer(200, {**right.headers, "content-type": "text/plain"}, right.chunks, True),
        Answer(200, {**right.headers, "content-encoding": "gzip"}, right.chunks, True),
        Answer(500, right.headers, right.chunks, True),
    ):
        with pytest.raises((AssertionError, KeyError)):
            judge(golden(path, asked), wrong)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/embeddings", {"error": "no such path"}),  # OpenAI's error is an object ...
        ("/v1/embeddings", {"error": {"message": "two\nlines", "type": "x", "param": None, "code": None}}),
        ("/v1/embeddings", {"error": {"message": "no code", "type": "x", "param": None}}),
        ("/api/embed", {"error": {"message": "not supported"}}),  # ... and Ollama's is not: fact 18
        ("/api/embed", {"error": ""}),
    ],
)
def test_errors_in_the_other_shape_are_seen(path: str, body: dict[str, Any]) -> None:
    status = 404 if path.startswith("/v1") else 501
    wrong = Answer(status, {"content-type": "application/json"}, (json.dumps(body).encode(),), True)
    with pytest.raises(AssertionError):
        judge(golden(path, {"model": "m"}), wrong)


def test_every_token_that_was_asked_for_comes_with_ignore_eos() -> None:
    """Rule 11."""
    asked = {"messages": MESSAGES, "max_tokens": 8, "ignore_eos": True}
    right = answer_to("/v1/chat/completions", asked)
    judge(golden("/v1/chat/completions", asked), right)
    for old, new in (('"finish_reason":"length"', '"finish_reason":"stop"'), ('"completion_tokens":8,"total_tokens":15',
                     '"completion_tokens":7,"total_tokens":14')):  # fmt: skip
        with pytest.raises(AssertionError):
            judge(golden("/v1/chat/completions", asked), edited(right, 0, old, new))


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("/api/tags", '"model":"recorder-1",', ""),  # rule 17: name AND model
        ("/api/tags", '"name":"recorder-1",', ""),
        ("/api/tags", "123456Z", "123456"),
        ("/api/show", '"model_info"', '"info"'),
        ("/api/version", '"0.1.0"', '"0.1.0.dev1"'),  # fact 19
    ],
)
def test_mistakes_of_ollamas_documents_are_seen(path: str, old: str, new: str) -> None:
    method = "POST" if path == "/api/show" else "GET"
    reply = ollama_answers.answer(method, path, b"{}")
    assert reply is not None
    right = Answer(200, {"content-type": "application/json"}, (reply.body,), True)
    request = Golden("test", "case", method, path, (), "")
    judge(request, right)
    with pytest.raises((AssertionError, KeyError)):
        judge(request, edited(right, 0, old, new))
