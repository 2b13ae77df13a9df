"""Who may ask: hosts, origins, keys. A table of cases, and the same through a real connection."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from server.http_serving import ask, http_server
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from llmproc.server.body import write_whole
from llmproc.server.guards import Access, Guards, host_name, is_loopback
from llmproc.server.refusals import RefusedError

PAGE = "https://example.org"


def outcome(access: Access, path: str = "/v1/models", **headers: str) -> int:
    """200, or the status of the refusal."""
    given = Headers({name.replace("_", "-"): value for name, value in {"host": "localhost", **headers}.items()})
    try:
        access.judge_place(given)
        access.judge_key(path, given)
    except RefusedError as error:
        return error.status
    return 200


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("localhost:8000", "localhost"), ("LOCALHOST", "localhost"), ("127.0.0.1:1", "127.0.0.1"), ("[::1]:80", "::1"),
        ("[::1", ""), ("[::1]evil.example", ""), ("[::1]", "::1"), ("::1", "::1"), ("", ""),
        ("a.example", "a.example"), ("[", ""),
    ],
)  # fmt: skip
def test_the_name_in_a_host_header(header: str, name: str) -> None:
    assert host_name(header) == name


@pytest.mark.parametrize(
    ("name", "loopback"),
    [
        ("localhost", True), ("127.0.0.1", True), ("127.8.9.10", True), ("::1", True), ("0.0.0.0", False),
        ("192.168.0.1", False), ("localhost.example.org", False), ("127.0.0.1.example.org", False), ("", False),
        ("2130706433", False), ("localhost.", False),
    ],
)  # fmt: skip
def test_what_means_this_machine_alone(name: str, loopback: bool) -> None:
    assert is_loopback(name) == loopback


def test_a_foreign_host_is_refused_by_rebinding_too() -> None:
    access = Access(hosts=("box.lan",))
    assert outcome(access, host="127.0.0.1:8000") == outcome(access, host="box.lan:8000") == 200
    assert outcome(access, host="BOX.LAN") == 200
    for host in ("evil.example", "evil.example:8000", "box.lan.evil.example", "xbox.lan", ""):
        assert outcome(access, host=host) == 403, host
    assert outcome(Access(hosts=("*",)), host="evil.example") == 200


def test_a_foreign_origin_is_refused_whatever_the_key() -> None:
    access = Access(keys=("secret",))
    right = {"authorization": "Bearer secret"}
    assert outcome(access, origin=PAGE, **right) == 403
    assert outcome(access, origin="null", **right) == 403
    assert outcome(access, origin="http://localhost:9", host="localhost:8", **right) == 403, "another port"
    assert outcome(access, origin="http://localhost:8", host="localhost:8", **right) == 200, "its own page"
    assert outcome(Access(origins=(PAGE,)), origin=PAGE) == outcome(Access(origins=("*",)), origin=PAGE) == 200
    assert outcome(Access(origins=(PAGE,)), origin="http://example.org") == 403, "another scheme"


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        ("Bearer one", 200), ("bearer two", 200), ("Bearer  one", 200), ("Bearer three", 401),
        ("Bearer ", 401), ("one", 401),
        ("Basic one", 401), ("Bearer onetwo", 401), ("Bearer one two", 401),
    ],
)  # fmt: skip
def test_keys(authorization: str, status: int) -> None:
    access = Access(keys=("one", "two"))
    assert outcome(access, authorization=authorization) == status
    assert outcome(access, "/health") == outcome(access, "/live") == outcome(access, "/") == 200
    assert outcome(access) == outcome(access, "/metrics") == outcome(access, "/api/tags") == 401
    assert outcome(Access(), authorization=authorization) == 200


@given(st.text(max_size=30))
def test_no_header_raises_anything_else(text: str) -> None:
    access = Access(keys=("key",))
    value = text.encode("latin-1", "replace").decode("latin-1")
    assert outcome(access, host=value, authorization="Bearer key") in (200, 403)
    assert outcome(access, authorization=value) in (200, 401)
    assert outcome(access, origin=value, authorization="Bearer key") in (200, 403)


# -- through a connection -------------------------------------------------------------------------------------------


class OwnWords:
    """The words of a path, as a test sees them."""

    def __init__(self, path: str) -> None:
        self._path = path

    def status(self, error: RefusedError) -> int:
        return error.status

    def refusal(self, error: RefusedError) -> bytes:
        return f'{{"path": "{self._path}", "status": {error.status}}}'.encode()


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    await write_whole(send, 200, b"{}")


def guarded(access: Access, told: list[tuple[int, str]]) -> Guards:
    return Guards(hello, access, OwnWords, lambda error, path: told.append((error.status, path)))


def test_a_refusal_is_answered_and_counted() -> None:
    told: list[tuple[int, str]] = []
    with http_server(guarded(Access(keys=("k",)), told)) as port:
        reply = ask(port, "GET", "/v1/models")
        assert (reply.status, reply.json) == (401, {"path": "/v1/models", "status": 401})
        assert reply.headers["www-authenticate"] == "Bearer"
        assert ask(port, "GET", "/x", host="evil.example").status == 403
        assert ask(port, "GET", "/x", headers={"Authorization": "Bearer k"}).status == 200
    assert told == [(401, "/v1/models"), (403, "/x")]


def test_a_page_that_is_let_in_can_read_the_answer() -> None:
    with http_server(guarded(Access(origins=(PAGE,), keys=("k",)), [])) as port:
        asked = {"Origin": PAGE, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-a"}
        before = ask(port, "OPTIONS", "/v1/models", headers=asked)
        assert before.status == 200, "a browser asks first, without the key"
        assert before.headers["access-control-allow-origin"] == PAGE
        assert "POST" in before.headers["access-control-allow-methods"]
        assert before.headers["access-control-allow-headers"] == "x-a"
        reply = ask(port, "GET", "/", headers={"Origin": PAGE, "Authorization": "Bearer k"})
        assert (reply.status, reply.headers["access-control-allow-origin"]) == (200, PAGE)
        assert "access-control-allow-origin" not in ask(port, "GET", "/").headers


def test_without_cors_a_page_gets_no_permission() -> None:
    with http_server(guarded(Access(), [])) as port:
        asked = {"Origin": PAGE, "Access-Control-Request-Method": "POST"}
        reply = ask(port, "OPTIONS", "/v1/models", headers=asked)
        assert reply.status == 403 and "access-control-allow-origin" not in reply.headers


def test_a_long_head_in_one_piece_is_refused() -> None:
    told: list[tuple[int, str]] = []
    with http_server(guarded(Access(), told)) as port:
        assert ask(port, "GET", "/", headers={"X": "y" * 70_000}).status == 431
        assert ask(port, "GET", "/" + "y" * 70_000).status == 431
        assert ask(port, "GET", "/", headers={"X": "y" * 60_000}).status == 200
    assert [status for status, _ in told] == [431, 431]
