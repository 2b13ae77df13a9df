"""Requests to real servers on real sockets, one stub process each: counts equal the servers' own logs."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from remote.token_servers import RunningStub, stubs
from support.waiting import until

from llmproc.client.body import RemoteRequest
from llmproc.errors import RemoteServerError, UsageError
from llmproc.remote.models import find_servers
from llmproc.remote.options import RemoteOptions
from llmproc.remote.orders import RemoteOrder, RemoteTicket
from llmproc.remote.service import RemoteService

QUICK: dict[str, Any] = {"token_s": 0.0}


def order(text: str, tokens: int = 2, cost: float = 1.0, pieces: bool = False) -> RemoteOrder:
    return RemoteOrder(RemoteRequest(text, max_tokens=tokens, seed=7), cost, pieces)


@contextmanager
def asking(found: list[RunningStub], mode: str = "ws", **options: Any) -> Iterator[tuple[RemoteService, list[str]]]:
    """A started service on the stubs, and what it noticed."""
    notices: list[str] = []
    remote = RemoteOptions(tuple(stub.url for stub in found), **{"model": "stub", "connections": 2, **options})
    service = RemoteService(find_servers(remote).endpoints, mode, remote, notices.append)
    service.start()
    try:
        yield service, notices
    finally:
        service.close()
        service.close()


def all_ended(tickets: list[RemoteTicket]) -> bool:
    return all(ticket.ended is not None for ticket in tickets)


@pytest.mark.parametrize("mode", ["seq", "sp", "ws", "lpt", "queue"])
def test_every_request_is_asked_once_and_answered(tmp_path: Path, mode: str) -> None:
    with stubs(tmp_path, QUICK, QUICK) as found, asking(found, mode) as (service, notices):
        tickets = [service.submit(order(f"question {number}")) for number in range(20)]
        until(lambda: all_ended(tickets))
        for number, ticket in enumerate(tickets):
            assert ticket.answer is not None and ticket.error is None
            assert ticket.answer.text == f"stub|question {number}", "its own answer"
            assert ticket.attempts == 1 and ticket.server in (0, 1)
        assert sorted(prompt for stub in found for prompt in stub.prompts()) == sorted(
            f"question {n}" for n in range(20)
        )
        assert notices == []
        most = [stub.most_at_once() for stub in found]
        assert most == [1, 0] if mode == "seq" else max(most) <= 2, "so many connections to each"
        if mode == "sp":
            assert [len(stub.requests()) for stub in found] == [10, 10]


def test_pieces_come_while_the_answer_does(tmp_path: Path) -> None:
    with stubs(tmp_path, {"token_s": 0.05}) as found, asking(found) as (service, _):
        told = threading.Event()
        ticket = service.submit(order("x", 6, pieces=True), told.set)
        until(lambda: ticket.arrived > 0)
        assert told.is_set() and ticket.ended is None
        until(lambda: ticket.ended is not None)
        assert "".join(ticket.take_pieces()) == "stub|x|7 and and and" and ticket.take_pieces() == []


def test_an_attempt_that_begins_again_is_not_shown_twice(tmp_path: Path) -> None:
    with stubs(tmp_path, {"faults": {"1": "cut"}, **QUICK}) as found, asking(found) as (service, _):
        ticket = service.submit(order("x", 6, pieces=True))
        until(lambda: ticket.ended is not None)
        assert ticket.attempts == 2 and "".join(ticket.take_pieces()) == "stub|x|7 and and and"


@pytest.mark.parametrize("fault", ["500", "cut", "close", "error", "429", "503"])
def test_a_failure_is_asked_again(tmp_path: Path, fault: str) -> None:
    with stubs(tmp_path, {"faults": {"2": fault}, **QUICK}) as found, asking(found) as (service, _):
        tickets = [service.submit(order(f"q{number}")) for number in range(4)]
        until(lambda: all_ended(tickets))
        assert [ticket.error for ticket in tickets] == [None] * 4
        assert sum(ticket.attempts for ticket in tickets) == 5 == len(found[0].requests())


@pytest.mark.parametrize(("fault", "attempts"), [("500", 2), ("400", 1), ("cut", 2), ("error", 2)])
def test_what_fails_for_good_says_why(tmp_path: Path, fault: str, attempts: int) -> None:
    with stubs(tmp_path, {"always": fault, **QUICK}) as found, asking(found, retries=1) as (service, _):
        ticket = service.submit(order("x", 4))
        until(lambda: ticket.ended is not None)
        assert ticket.error is not None and ticket.error.startswith(found[0].url) and "\n" not in ticket.error
        assert ticket.attempts == attempts == len(found[0].requests())
        assert ("(2 attempts)" in ticket.error) == (attempts == 2)
        if fault in ("400", "500"):
            assert f"said {fault}" in ticket.error, "in the server's own words"


def test_a_server_killed_in_mid_run_loses_nothing(tmp_path: Path) -> None:
    with stubs(tmp_path, {"token_s": 0.02}, {"token_s": 0.02}) as found, asking(found) as (service, notices):
        tickets = [service.submit(order(f"q{number}", 8)) for number in range(24)]
        until(lambda: len(found[0].requests()) >= 3)
        found[0].kill()
        until(lambda: all_ended(tickets))
        assert [ticket.error for ticket in tickets] == [None] * 24
        assert [ticket.answer.text.split("|")[1] for ticket in tickets] == [f"q{number}" for number in range(24)]
        assert any(ticket.attempts > 1 and ticket.server == 1 for ticket in tickets)
        assert notices and notices[0].startswith(f"{found[0].url}: is away (")
        assert service.servers()[0].state.startswith("away: ")


def test_a_server_that_comes_back_is_asked_again(tmp_path: Path) -> None:
    with stubs(tmp_path, {"token_s": 0.02}) as found, asking(found) as (service, notices):
        tickets = [service.submit(order(f"q{number}", 8)) for number in range(8)]
        until(lambda: len(found[0].requests()) >= 3)
        found[0].kill()
        until(lambda: notices)
        assert not all_ended(tickets)
        found[0].start_again(token_s=0.0)
        until(lambda: all_ended(tickets))
        assert [ticket.error for ticket in tickets] == [None] * 8
        assert notices[-1] == f"{found[0].url}: answers again" and service.servers()[0].state == "ready"


def test_without_any_server_every_request_says_so(tmp_path: Path) -> None:
    with stubs(tmp_path, QUICK) as found, asking(found, give_up_s=0.2) as (service, notices):
        found[0].kill()
        tickets = [service.submit(order(f"q{number}")) for number in range(8)]
        until(lambda: all_ended(tickets))
        assert all((ticket.error or "").startswith("no server is left: ") for ticket in tickets)
        assert notices[-1].startswith(f"{found[0].url}: given up (")
        late = service.submit(order("late"))
        until(lambda: late.ended is not None)
        assert (late.error or "").startswith("no server is left: http://127.0.0.1") and late.attempts == 0


def test_a_slow_answer_is_given_up_at_its_time(tmp_path: Path) -> None:
    with stubs(tmp_path, {"token_s": 5.0}) as found, asking(found, timeout_s=0.2, retries=0) as (service, _):
        ticket = service.submit(order("x"))
        until(lambda: ticket.ended is not None)
        assert "timeout: not complete after 0.2 s" in (ticket.error or "")


def test_closing_cancels_what_is_under_way(tmp_path: Path) -> None:
    with stubs(tmp_path, {"token_s": 5.0}) as found, asking(found) as (service, _):
        tickets = [service.submit(order(f"q{number}")) for number in range(5)]
        until(lambda: len(found[0].requests()) == 2)
        began = time.monotonic()
        service.close()
        assert time.monotonic() - began < 30 and all(ticket.cancelled and ticket.error is None for ticket in tickets)


# -- models -----------------------------------------------------------------------------------------------------------


def test_models_are_asked_of_the_servers(tmp_path: Path) -> None:
    with stubs(tmp_path, {"model": "a"}, {"model": "b"}) as found:
        servers = find_servers(RemoteOptions(tuple(stub.url for stub in found)))
        assert servers.model == "a, b" and [each.model for each in servers.endpoints] == ["a", "b"]
        assert servers.notes == (f"the servers' models have different names: a of {found[0].url}, b of {found[1].url}",)
        found[1].kill()
        servers = find_servers(RemoteOptions(tuple(stub.url for stub in found)))
        assert servers.model == "a" and "it is asked for a" in servers.notes[0]
        found[0].kill()
        with pytest.raises(RemoteServerError, match="cannot be asked"):
            find_servers(RemoteOptions(tuple(stub.url for stub in found)))


def test_a_key_is_sent_and_not_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    with stubs(tmp_path, QUICK) as found, asking(found) as (service, _):
        ticket = service.submit(order("x"))
        until(lambda: ticket.ended is not None)
        assert found[0].keys() == {"Bearer sk-secret"}
        notes = find_servers(RemoteOptions((found[0].url,), model="m")).notes
        assert notes == ("key from OPENAI_API_KEY of the environment",) and "secret" not in repr(service.endpoints)


def test_a_url_that_is_none() -> None:
    with pytest.raises(UsageError, match="--url is ftp://x: must be like"):
        find_servers(RemoteOptions(("ftp://x",), model="m"))
