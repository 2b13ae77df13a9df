"""Malformed requests, one after another: each is refused in one line, and the server answers as before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from server.hostile_bodies import PATHS, hostile_bodies, right_body
from server.hostile_client import HostileConnection, judge_refusal, send
from server.hostile_wire import hostile_connections
from server.http_serving import HttpReply, connection, request_bytes
from server.served import Served, served
from server.tree_watching import metric, open_descriptors
from support.waiting import until

BODIES = hostile_bodies()
DEFAULT = 60  # of them in the default tier, spread over all


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, quick: Path) -> Iterator[Served]:
    """A server that is as it was when all have been refused, and has nothing to say of them."""
    with served(tmp_path_factory.mktemp("hostile"), "--model", quick) as found:
        assert found.port
        for path in PATHS:
            assert found.ask("POST", path, right_body(path)).status == 200, path
        descriptors = open_descriptors(found.process.pid)
        yield found
        for path in PATHS:
            assert found.ask("POST", path, right_body(path)).status == 200, path
        until(lambda: open_descriptors(found.process.pid) <= descriptors, "descriptors are left open")
        assert metric(found, "admission_open") == metric(found, "num_requests_running") == 0
        assert found.end() == 0
        nothing_is_said(found)


def nothing_is_said(server: Served) -> None:
    """No mistake of the server's own, neither where the user reads nor in the run's folder."""
    for text in (server.log.read_text(), *(path.read_text() for path in server.folder.rglob("stderr.txt"))):
        assert "Traceback" not in text and "Error" not in text and "exception" not in text.lower(), text
    assert "a client asked for" in server.said or server.said.count("\n") == 1


def refuse_all(server: Served, chosen: Sequence[tuple[str, bytes]]) -> None:
    """Send bodies, several on a connection, and judge what comes."""
    before, taken = metric(server, "request_errors_total"), []
    with connection(server.port) as client:
        for path, body in chosen:
            client.sendall(request_bytes("POST", path, body, {"Content-Length": str(len(body))}))
            reply = HttpReply(client, "POST")
            if reply.status == 400:
                judge_refusal(path, reply)
            else:
                taken.append((reply.status, path, body[:200]))
    assert not taken, f"{len(taken)} of {len(chosen)} are not refused by 400: {taken[:50]}"
    assert metric(server, "request_errors_total") == before + len(chosen)


def test_there_are_a_thousand_of_them() -> None:
    assert len(BODIES) >= 1000 and {path for path, _ in BODIES} == set(PATHS)


def test_60_malformed_bodies_are_refused(server: Served) -> None:
    refuse_all(server, BODIES[:: len(BODIES) // DEFAULT])


@pytest.mark.soak
def test_all_malformed_bodies_are_refused(server: Served) -> None:
    refuse_all(server, BODIES)


@pytest.mark.parametrize("hostile", hostile_connections(), ids=lambda hostile: hostile.name[:40])
def test_a_client_that_knows_http_badly_is_refused(server: Served, hostile: HostileConnection) -> None:
    for reply in send(server.port, hostile):
        if reply.status >= 400:
            judge_refusal(hostile.path, reply)
