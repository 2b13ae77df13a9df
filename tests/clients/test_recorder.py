"""The stand-in server: it keeps requests byte for byte, and the judges of answers can be satisfied by its own."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest
from clients.goldens import Golden, all_goldens, golden_of
from clients.judging import expected_status, judge
from clients.recorder.recorder import Recorder, recording
from clients.wire import answer_of, exchange

GOLDENS = all_goldens()
HELLO = '{"model": "m",  "messages": [{"role": "user", "content": "h\\u00e9llo \U0001f600"}]}'


@pytest.fixture(scope="module")
def recorder() -> Iterator[Recorder]:
    with recording() as started:
        yield started


def golden(path: str, body: str, method: str = "POST") -> Golden:
    return Golden("test", "case", method, path, (("Content-Type", "application/json"), ("accept", "*/*")), body)


@pytest.mark.parametrize("recorded", GOLDENS, ids=[golden.name for golden in GOLDENS])
def test_what_is_recorded_is_what_was_sent(recorded: Golden, recorder: Recorder) -> None:
    recorder.case = recorded.case
    answer = exchange(recorder.url, recorded)
    assert golden_of(recorded.client, recorder.received[-1], recorder.url) == recorded
    judge(recorded, answer)


def test_bytes_stay_as_they_are(recorder: Recorder) -> None:
    sent = golden("/v1/chat/completions?a=%20b", HELLO)
    exchange(recorder.url, sent)
    received = recorder.received[-1]
    assert received.body == HELLO.encode() and received.target == sent.path
    assert [name for name, _ in received.headers if name != "Host"] == ["Content-Type", "accept", "Content-Length"]


def test_a_chunked_request_is_read_whole(recorder: Recorder) -> None:
    body = HELLO.encode()
    head = b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunks = b"%x\r\n%b\r\n%x\r\n%b\r\n0\r\n\r\n" % (5, body[:5], len(body) - 5, body[5:])
    with socket.create_connection(("127.0.0.1", int(recorder.url.rpartition(":")[2])), 20) as connection:
        connection.sendall(head + chunks)
        with connection.makefile("rb") as stream:
            assert answer_of(stream, "POST").status == 200
    assert recorder.received[-1].body == body


def test_a_busy_server_says_when_to_come_again(recorder: Recorder) -> None:
    recorder.busy = 2
    openai, ollama = golden("/v1/chat/completions", HELLO), golden("/api/chat", HELLO)
    answers = [exchange(recorder.url, asked) for asked in (openai, ollama, openai)]
    assert [answer.status for answer in answers] == [429, 503, 200]
    assert [answer.headers.get("retry-after") for answer in answers] == ["1", "1", None]
    assert json.loads(answers[0].body)["error"]["code"] == "queue_full"
    assert isinstance(json.loads(answers[1].body)["error"], str)


def test_the_recorded_requests_show_every_kind_of_answer() -> None:
    assert len(GOLDENS) >= 150
    assert {expected_status(recorded) for recorded in GOLDENS} == {200, 400, 404, 501}
