"""One request over real sockets: every fault has its name, retries are apart, nothing of a proxy or a key leaks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from support.recording_server import Behaviour, RecordingServer, recording_server

from llmproc.client.answer import RemoteAnswer
from llmproc.client.asking import AskOptions, ask, open_client
from llmproc.client.body import RemoteRequest
from llmproc.client.endpoint import RemoteEndpoint
from llmproc.client.models import list_models, with_model
from llmproc.client.retrying import RetryPolicy
from llmproc.client.verdict import FailureKind
from llmproc.errors import RemoteServerError, UsageError

REQUEST = RemoteRequest("Hi", max_tokens=4)
PATIENT = AskOptions(20.0)


def asked(server: RecordingServer, options: AskOptions = PATIENT, request: RemoteRequest = REQUEST) -> RemoteAnswer:
    return run(server.url, lambda client, endpoint: ask(client, endpoint, request, options))


def run(url: str, use: Callable[[Any, RemoteEndpoint], Awaitable[Any]], key: str | None = None) -> Any:
    async def inner() -> Any:
        endpoint = RemoteEndpoint(url, key, "m")
        async with open_client(endpoint) as client:
            return await use(client, endpoint)

    return asyncio.run(inner())


FAULTS = [
    (Behaviour(status=429), "http_429"),
    (Behaviour(status=404), "http_4xx"),
    (Behaviour(status=500), "http_5xx"),
    (Behaviour(status=302), "http_3xx"),
    (Behaviour(cut_after=0), "cut"),
    (Behaviour(cut_after=2), "cut"),
    (Behaviour(cut_after=2, framing="close"), "unfinished"),
    (Behaviour(finish=None), "unfinished"),
    (Behaviour(tokens=0), "empty"),
    (Behaviour(error_after=1), "error_in_stream"),
    (Behaviour(error_after=1, error_form="data"), "error_in_stream"),
    (Behaviour(garbage=b""), "disconnected"),
    (Behaviour(garbage=b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nxx"), "unfinished"),
    (Behaviour(stall_after=0), "timeout"),
    (Behaviour(stall_after=2), "timeout"),
]


@pytest.mark.parametrize(("behaviour", "kind"), FAULTS, ids=lambda value: str(value)[:60])
def test_every_fault_has_its_name(behaviour: Behaviour, kind: str) -> None:
    with recording_server(behaviour) as server:
        answer = asked(server, AskOptions(0.3 if kind == "timeout" else 20.0))
    assert answer.failure is not None and answer.failure.kind == kind, answer.failure
    assert len(server.log) == 1 and not answer.attempts


GOOD = [
    Behaviour(), Behaviour(framing="close"), Behaviour(done=False), Behaviour(line_end=b"\r\n", comments=True),
    Behaviour(finish="stop", usage=False), Behaviour(role_first=True), Behaviour(reasoning=2),
    Behaviour(ignores_stream=True),
]  # fmt: skip


@pytest.mark.parametrize("behaviour", GOOD, ids=lambda value: str(value)[:60])
@pytest.mark.parametrize("interface", ["chat", "completions"])
def test_good_answers(behaviour: Behaviour, interface: Any) -> None:
    with recording_server(behaviour) as server:
        answer = asked(server, request=RemoteRequest("Hi", 4, interface))
    assert answer.failure is None and answer.tokens.completion == 4
    chat = interface == "chat"
    assert answer.text == ("three four " if chat and behaviour.reasoning else "one two three four ")
    assert answer.streamed is not behaviour.ignores_stream and (answer.ttft_s is None) is behaviour.ignores_stream


def test_no_server_is_a_connect_failure() -> None:
    with recording_server() as server:
        pass
    answer = asked(server)
    assert answer.failure is not None and answer.failure.kind is FailureKind.CONNECT and answer.status == 0
    assert answer.failure.message == "Connection refused"


def test_retries_honour_retry_after_and_are_in_no_latency() -> None:
    refusals = [Behaviour(status=429, headers=(("Retry-After", "1"),)), Behaviour(status=503)]
    with recording_server(lambda number, _: refusals[number] if number < 2 else Behaviour()) as server:
        answer = asked(server, AskOptions(20.0, RetryPolicy(3, first_wait_s=0.01)))
    assert answer.failure is None and [a.failure.kind for a in answer.attempts] == ["http_429", "http_5xx"]
    first, second, third = server.log
    assert second.arrived - first.arrived >= 1.0 and answer.attempts[0].waited_s == 1.0
    assert second.arrived < answer.sent < third.arrived, "times are those of the last attempt"


def test_retries_end() -> None:
    with recording_server(Behaviour(status=500)) as server:
        answer = asked(server, AskOptions(20.0, RetryPolicy(2, first_wait_s=0.01)))
    assert answer.failure is not None and len(answer.attempts) == 2 and len(server.log) == 3


def test_connections_are_used_again_and_as_many_as_are_needed() -> None:
    async def use(client: Any, endpoint: RemoteEndpoint) -> None:
        for _ in range(3):
            asked = [asyncio.create_task(ask(client, endpoint, REQUEST)) for _ in range(5)]
            while len(server.log) < 5:
                await asyncio.sleep(0.01)
            server.release()
            await asyncio.gather(*asked)

    with recording_server(Behaviour(hold=True)) as server:
        run(server.url, use)
        assert len(server.log) == 15 and server.connections == 5 == server.peak


def test_a_proxy_variable_does_not_redirect_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    with recording_server() as proxy, recording_server() as server:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        assert asked(server).failure is None and len(server.log) == 1 and not proxy.log
        assert run("http://model.invalid/v1", lambda c, e: ask(c, e, REQUEST)).failure is None
        assert len(proxy.log) == 1 and proxy.log[0].path == "http://model.invalid/v1/chat/completions"


def test_a_proxy_that_cannot_be_used_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "nonsense://x")
    with pytest.raises(UsageError, match="proxy variable"):
        open_client(RemoteEndpoint("http://model.invalid/v1"))


def test_the_key_goes_to_the_server() -> None:
    with recording_server() as server:
        run(server.url, lambda c, e: ask(c, e, REQUEST), key="sk-1")
    assert server.log[0].headers["authorization"] == "Bearer sk-1"


class Noting:
    def __init__(self) -> None:
        self.changes: list[int] = []
        self.answers: list[RemoteAnswer] = []

    def sent(self, at: float) -> None:
        self.changes.append(1)

    def ended(self, at: float) -> None:
        self.changes.append(-1)

    def finished(self, request: RemoteRequest, answer: RemoteAnswer) -> None:
        self.answers.append(answer)


@pytest.mark.parametrize(
    "behaviour", [Behaviour(stall_after=1), Behaviour(status=429, headers=(("Retry-After", "60"),))]
)
def test_a_cancelled_request_is_told_once(behaviour: Behaviour) -> None:
    noting = Noting()

    async def use(client: Any, endpoint: RemoteEndpoint) -> None:
        task = asyncio.create_task(ask(client, endpoint, REQUEST, AskOptions(20.0, RetryPolicy(1)), noting))
        while len(noting.changes) < (2 if behaviour.status == 429 else 1) or not server.log:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with recording_server(behaviour) as server:
        run(server.url, use)
    assert noting.changes == [1, -1] and len(noting.answers) == 1
    failure = noting.answers[0].failure
    assert failure is not None and failure.kind == ("http_429" if behaviour.status == 429 else "interrupted")


def test_ttft_is_taken_at_the_first_text() -> None:
    with recording_server(Behaviour(role_first=True, first_s=0.2)) as server:
        answer = asked(server)
    assert answer.ttft_s is not None and answer.ttft_s >= 0.19
    assert answer.total_s >= answer.ttft_s


def test_the_model_is_asked_for() -> None:
    with recording_server() as server:
        endpoint = RemoteEndpoint(server.url)
        assert run(server.url, lambda c, _: with_model(c, endpoint)).model == "stub-model"
        assert run(server.url, lambda c, _: with_model(c, endpoint.with_model("x"))).model == "x"


@pytest.mark.parametrize("page", [b'{"data": []}', b"[]", b"<html>"])
def test_a_server_without_models_is_one_line(page: bytes) -> None:
    with recording_server() as server:
        server.pages["/v1/models"] = page
        with pytest.raises(RemoteServerError, match="--model names one"):
            run(server.url, lambda c, _: with_model(c, RemoteEndpoint(server.url)))
    with pytest.raises(RemoteServerError, match="cannot be asked: Connection refused"):
        run(server.url, list_models)
