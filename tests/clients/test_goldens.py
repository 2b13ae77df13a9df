"""Files of recorded requests: what differs from run to run is gone, what matters is there, and nothing gets lost."""

from __future__ import annotations

import re
import tempfile
import uuid
from pathlib import Path

from clients.goldens import Golden, all_goldens, distinct, golden_of, read, tidied, write
from clients.recorder.recorder import Received
from hypothesis import given
from hypothesis import strategies as st

URL = "http://127.0.0.1:45678"
HEADERS = (
    ("Host", "127.0.0.1:45678"), ("User-Agent", "x/1.0"), ("X-Stainless-Arch", "x64"), ("Content-Length", "2"),
    ("Accept", "*/*"), ("X-Request-ID", str(uuid.uuid4())), ("Origin", URL),
)  # fmt: skip


def received(body: bytes = b"{}", case: str = "chat") -> Received:
    return Received(case, "POST", "/v1/chat/completions", HEADERS, body)


def test_what_differs_from_run_to_run_is_gone() -> None:
    body = f'{{"id": "{uuid.uuid4()}", "base": "{URL}/v1"}}'
    golden = golden_of("openai2", received(body.encode()), URL)
    zero = "00000000-0000-0000-0000-000000000000"
    assert golden.body == f'{{"id": "{zero}", "base": "http://127.0.0.1:0/v1"}}'
    assert golden.headers == (("Accept", "*/*"), ("X-Request-ID", zero), ("Origin", "http://127.0.0.1:0"))


@given(st.text(max_size=200))
def test_tidying_twice_is_tidying_once(text: str) -> None:
    assert tidied(tidied(text, URL), URL) == tidied(text, URL)


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=30), min_size=1, max_size=5))
def test_what_is_written_is_read(bodies: list[str]) -> None:
    goldens = [Golden("client", f"case{i}", "POST", "/x", (("A", "b"),), body) for i, body in enumerate(bodies)]
    with tempfile.TemporaryDirectory() as folder:
        write("client", "client==1", goldens, Path(folder))
        assert read(Path(folder) / "client.json") == ("client==1", goldens)


def test_equal_requests_are_kept_once_and_in_one_order() -> None:
    """Threads of a client race: whichever came first, the file is the same."""
    first, second = (golden_of("c", received(body), URL) for body in (b'{"a":1}', b'{"a":2}'))
    later = golden_of("c", received(b'{"a":1}', "later"), URL)
    last = golden_of("c", received(b'{"a":0}', "later"), URL)
    assert distinct([first, second, later, last]) == distinct([second, first, last, later]) == [first, second, last]


def test_the_committed_requests_hold_nothing_of_the_machine_that_recorded_them() -> None:
    goldens = all_goldens()
    for golden in goldens:
        text = golden.body + "".join(name + value for name, value in golden.headers)
        assert not re.search(r"127\.0\.0\.1:[1-9]|/root|/home|/tmp|/work|x-stainless", text, re.IGNORECASE), golden.name
    assert len({golden.name for golden in goldens}) > 100
    assert all(len(golden.body) < 2000 for golden in goldens), "small enough to read"
