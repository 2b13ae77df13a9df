"""Which connection asks what, and what becomes of failures: on a fake clock, with servers that die at any moment."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmproc.client.verdict import Failure, FailureKind
from llmproc.dispatch import CLIENT_POLICIES
from llmproc.errors import UsageError
from llmproc.remote.dispatcher import AfterFailure, RemoteDispatcher
from llmproc.remote.health import ServerState
from llmproc.remote.options import RemoteOptions

REFUSED = Failure(FailureKind.CONNECT, "connection refused")


def made(
    mode: str = "ws", servers: int = 2, connections: int = 1, requests: int = 0, **more: float
) -> RemoteDispatcher:
    urls = tuple(f"http://server{number}" for number in range(servers))
    found = RemoteDispatcher(mode, RemoteOptions(urls, connections, **more))  # type: ignore[arg-type]
    for number in range(requests):
        found.add(number, 1.0)
    return found


def begun(dispatcher: RemoteDispatcher, now: float) -> list[tuple[int, int]]:
    return [(each.request, each.lane) for each in dispatcher.settle(now)]


def fail(
    dispatcher: RemoteDispatcher, connection: int, kind: FailureKind, status: int, now: float = 1.0
) -> AfterFailure:
    after, _ = dispatcher.failed(connection, Failure(kind, "words"), status, None, now)
    return after


def test_connections_go_to_the_servers_in_turn() -> None:
    found = made(connections=2, requests=4)
    assert begun(found, 0.0) == [(0, 0), (1, 1), (2, 2), (3, 3)]
    assert [found.server_of(connection) for connection in range(4)] == [0, 1, 0, 1]
    assert [found.running(server) for server in range(2)] == [2, 2]


def test_an_idle_connection_takes_from_another_servers_queue() -> None:
    found = made(requests=4)
    assert begun(found, 0.0) == [(0, 0), (1, 1)]
    found.succeeded(1, 1.0)
    assert begun(found, 1.0) == [(3, 1)]
    found.succeeded(1, 2.0)
    ((request, connection),) = begun(found, 2.0)
    assert (request, connection) == (2, 1), "dealt to the first server's queue"


def test_seq_has_one_connection_to_the_first_server() -> None:
    found = made("seq", connections=8, requests=3)
    assert begun(found, 0.0) == [(0, 0)] and found.connections == 1 and len(found.servers) == 1


def test_seq_asks_again_before_it_goes_on() -> None:
    found = made("seq", requests=2)
    assert begun(found, 0.0) == [(0, 0)]
    fail(found, 0, FailureKind.CUT, 200, 0.1)
    assert begun(found, 0.2) == [] and begun(found, 0.6) == [(0, 0)]
    found.succeeded(0, 0.7)
    assert begun(found, 0.7) == [(1, 0)]


def test_requests_of_an_absent_server_go_to_the_others() -> None:
    found = made(requests=3)
    begun(found, 0.0)
    assert found.failed(0, REFUSED, 0, None, 0.1) == (AfterFailure.AGAIN, True)
    assert begun(found, 0.1) == [] and found.wake_at() == pytest.approx(0.6)
    found.succeeded(1, 0.2)
    assert begun(found, 0.2) == [(0, 1)], "it comes before what was never asked"
    assert begun(found, 0.6) == [(2, 0)], "and the absent one is tried with another"
    assert found.succeeded(0, 0.7) and found.servers[0].state is ServerState.READY


def test_with_sp_they_wait_for_it_until_it_is_given_up() -> None:
    found = made("sp", requests=4, give_up_s=1.0)
    begun(found, 0.0)
    found.failed(0, REFUSED, 0, None, 0.1)
    found.succeeded(1, 0.2)
    assert begun(found, 0.2) == [(3, 1)]
    found.succeeded(1, 0.3)
    assert begun(found, 0.3) == [] and begun(found, 0.6) == [(0, 0)]
    found.failed(0, REFUSED, 0, None, 0.6)
    assert begun(found, 1.1) == [(0, 0)]
    assert found.failed(0, REFUSED, 0, None, 1.1) == (AfterFailure.AGAIN, True)
    assert begun(found, 1.1) == [(0, 1)], "its queue has moved"
    assert found.servers[0].state is ServerState.LOST


def test_a_try_is_made_by_whichever_connection_has_something_to_ask() -> None:
    """With sp a server's first connection may have nothing left while its second has."""
    found = made("sp", servers=1, connections=2, requests=4)
    assert begun(found, 0.0) == [(0, 0), (1, 1)]
    found.succeeded(0, 0.1)
    assert begun(found, 0.1) == [(2, 0)]
    found.succeeded(0, 0.2)
    found.failed(1, REFUSED, 0, None, 0.3)
    assert begun(found, 0.3) == []
    assert begun(found, 0.8) == [(1, 1)] and begun(found, 0.8) == [], "one alone"


@pytest.mark.parametrize(
    ("kind", "status"),
    [(FailureKind.HTTP_5XX, 500), (FailureKind.CUT, 200), (FailureKind.TIMEOUT, 0), (FailureKind.ERROR_IN_STREAM, 200),
     (FailureKind.UNFINISHED, 200), (FailureKind.INVALID, 200), (FailureKind.DISCONNECTED, 0)],
)  # fmt: skip
def test_a_failure_of_its_own_is_asked_again_so_many_times(kind: FailureKind, status: int) -> None:
    found, now = made(servers=1, requests=1, retries=2), 0.0
    for attempt in range(3):
        assert begun(found, now) == [(0, 0)]
        assert fail(found, 0, kind, status, now) is (AfterFailure.FINAL if attempt == 2 else AfterFailure.AGAIN)
        assert begun(found, now) == [], "after a wait"
        if attempt < 2:
            wake_at = found.wake_at()
            assert wake_at is not None and wake_at > now
            now = wake_at + 1.0
    assert found.wake_at() is None


@pytest.mark.parametrize(("kind", "status"), [(FailureKind.HTTP_4XX, 400), (FailureKind.HTTP_3XX, 301)])
def test_what_is_refused_is_not_asked_again(kind: FailureKind, status: int) -> None:
    found = made(requests=1)
    begun(found, 0.0)
    assert fail(found, 0, kind, status) is AfterFailure.FINAL


@pytest.mark.parametrize(
    ("kind", "status"), [(FailureKind.CONNECT, 0), (FailureKind.HTTP_429, 429), (FailureKind.HTTP_5XX, 503)]
)
def test_an_absent_server_costs_a_request_none_of_its_retries(kind: FailureKind, status: int) -> None:
    found, now = made(servers=1, requests=1, retries=0, give_up_s=100.0), 0.0
    for _ in range(5):
        assert begun(found, now) == [(0, 0)]
        assert fail(found, 0, kind, status, now) is AfterFailure.AGAIN
        now = found.wake_at() or 0.0
    assert begun(found, now) == [(0, 0)] and found.succeeded(0, now)


def test_a_request_that_ends_every_connection_is_no_endless_one() -> None:
    """It may be what kills the servers."""
    found, now = made(servers=1, requests=1, retries=3, give_up_s=1e4), 0.0
    for _ in range(4):
        now += 100.0
        assert begun(found, now) == [(0, 0)]
        after = fail(found, 0, FailureKind.DISCONNECTED, 0, now)
    assert after is AfterFailure.FINAL


def test_without_a_server_nothing_is_left_waiting() -> None:
    found = made(requests=5, give_up_s=0.0)
    now = 0.0
    while any(health.state is not ServerState.LOST for health in found.servers):
        for _, connection in begun(found, now):
            found.failed(connection, REFUSED, 0, None, now)
        now += 1.0
    assert sorted(found.take_hopeless()) == [0, 1, 2, 3, 4] and found.take_hopeless() == []
    found.add(5, 1.0)
    assert begun(found, now) == [] and found.take_hopeless() == [5]


@settings(deadline=None)
@given(
    st.sampled_from([*CLIENT_POLICIES]),
    st.integers(1, 3),
    st.integers(1, 3),
    st.integers(0, 12),
    st.lists(st.tuples(st.integers(0, 9), st.sampled_from(["ok", "refused", "500", "400", "cut", "429"])), max_size=60),
)
def test_every_request_ends_once_whatever_fails(
    mode: str, servers: int, connections: int, requests: int, fates: list[tuple[int, str]]
) -> None:
    """Fates fall on requests under way; when they are used up, every server that is not given up answers."""
    found, now, running = made(mode, servers, connections, requests, retries=1, give_up_s=5.0), 0.0, dict[int, int]()
    ended: list[int] = []
    waiting = list(fates)
    for _ in range(1000):
        for each in found.settle(now):
            assert each.lane not in running and each.request not in running.values() and each.request not in ended
            running[each.lane] = each.request
        ended += found.take_hopeless()
        if len(ended) == requests:
            break
        now += 0.05
        if not running:
            wake_at = found.wake_at()
            assert wake_at is not None, "something waits, and nothing is to happen"
            now = max(now, wake_at)
            continue
        number, fate = waiting.pop(0) if waiting else (0, "ok")
        connection = sorted(running)[number % len(running)]
        request = running.pop(connection)
        if fate == "ok":
            found.succeeded(connection, now)
            ended.append(request)
        else:
            kinds = {"refused": FailureKind.CONNECT, "500": FailureKind.HTTP_5XX, "400": FailureKind.HTTP_4XX}
            kinds |= {"cut": FailureKind.CUT, "429": FailureKind.HTTP_429}
            status = int(fate) if fate.isdecimal() else 0
            if fail(found, connection, kinds[fate], status, now) is AfterFailure.FINAL:
                ended.append(request)
    assert sorted(ended) == list(range(requests))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"connections": 0}, "--connections is 0: must be from 1 to 512"),
        ({"connections": 513}, "--connections is 513"),
        ({"timeout_s": 0}, "--timeout is 0"),
        ({"retries": 101}, "--retries is 101"),
        ({"give_up_s": -1}, "--give-up-after is -1"),
        ({"urls": ("http://a", "http://a")}, "--url is given twice"),
    ],
)
def test_options_that_break_a_rule(options: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        RemoteOptions(**{"urls": ("http://a", "http://b"), **options})  # type: ignore[arg-type]
