"""Uploaded forms: read in pieces of any size, their file written as it came, and refused by name."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.types import Message

from llmproc.server.batches.limits import BatchLimits
from llmproc.server.batches.uploads import FormReader, boundary_of, read_form
from llmproc.server.body import ClientGoneError
from llmproc.server.refusals import RefusedError

LIMITS = BatchLimits(file_bytes=1000, form_bytes=400, stalled_s=0.05)


def part(name: str, data: bytes, filename: str | None = None) -> bytes:
    file = "" if filename is None else f'; filename="{filename}"'
    head = f'--b\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'
    return head.encode() + data + b"\r\n"


def form(*parts: bytes) -> bytes:
    return b"".join(parts) + b"--b--\r\n"


GOOD = form(part("purpose", b"batch"), part("file", b"{}\n\r\n--x", "in.jsonl"))


def read(data: bytes, size: int = 1 << 16) -> tuple[FormReader, bytes]:
    file = io.BytesIO()
    found = FormReader(b"b", file, LIMITS)
    for place in range(0, len(data), size):
        found.feed(data[place : place + size])
    found.finish()
    return found, file.getvalue()


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200), st.integers(1, 60))
def test_a_file_comes_through_in_pieces_of_any_size(data: bytes, size: int) -> None:
    if b"\r\n--b" in b"\r\n" + data:
        return
    found, written = read(form(part("file", data, "a.jsonl"), part("purpose", b"batch")), size)
    assert written == data and found.size == len(data)
    assert found.fields == {"purpose": "batch"} and found.filename == "a.jsonl"


def test_what_comes_after_the_last_boundary_is_ignored_and_bounded() -> None:
    for size in (1, 1 << 16):
        assert read(GOOD + b"more", size)[1] == read(GOOD)[1]
    with pytest.raises(RefusedError, match="beside its file"):
        read(GOOD + b"x" * 500, 1)


def test_names_are_kept_as_texts_and_bounded() -> None:
    assert read(form(part("file", b"x", "../../etc/passwd")))[0].filename == "../../etc/passwd"
    assert read(form(part("file", b"x")))[0].filename == "file"
    assert len(read(form(part("file", b"x", "n" * 300)))[0].filename or "") == 255


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (GOOD[:-10], "ends before its last boundary"),
        (b"", "ends before its last boundary"),
        (b"--c\r\n\r\n", "as its boundary says"),
        (form(part("purpose", b"batch")), "file is missing"),
        (form(part("file", b"1", "a"), part("file", b"2", "b")), "file is given twice"),
        (form(part("purpose", b"1"), part("purpose", b"2")), "purpose is given twice"),
        (form(part("", b"1")), "without a name"),
        (form(part("purpose", b"\xff")), "is not UTF-8 in purpose"),
        (form(part("file", b"x" * 1001, "a")), "more than 1000 bytes"),
        (form(part("purpose", b"x" * 500)), "more than 400 bytes beside its file"),
        (b"--b\r\n" + b"X-Header: " + b"y" * 500 + b"\r\n\r\n1\r\n--b--\r\n", "beside its file"),
    ],
)
def test_what_breaks_a_rule_is_refused(data: bytes, words: str) -> None:
    for size in (1, 7, 1 << 16):
        with pytest.raises(RefusedError, match=words) as caught:
            read(data, size)
        assert caught.value.status in (400, 413) and "\n" not in caught.value.message


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=120), st.integers(0, len(GOOD)), st.integers(1, 40))
def test_any_bytes_are_read_or_refused(noise: bytes, place: int, size: int) -> None:
    for data in (noise, GOOD[:place] + noise + GOOD[place:], GOOD[:place] + noise):
        try:
            read(data, size)
        except RefusedError as error:
            assert error.status in (400, 413)


def scope(**headers: str) -> Any:
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http", "headers": pairs}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"content_type": "application/json"}, 400),
        ({}, 400),
        ({"content_type": "multipart/form-data"}, 400),
        ({"content_type": f"multipart/form-data; boundary={'b' * 71}"}, 400),
        ({"content_type": "multipart/form-data; boundary=b", "content_encoding": "gzip"}, 415),
        ({"content_type": "multipart/form-data; boundary=b", "content_length": "10000"}, 413),
    ],
)
def test_headers_are_judged_before_anything_is_read(headers: dict[str, str], status: int) -> None:
    with pytest.raises(RefusedError) as caught:
        boundary_of(scope(**headers), LIMITS)
    assert caught.value.status == status


def test_a_boundary_is_found() -> None:
    assert boundary_of(scope(content_type='multipart/form-data; boundary="b c"'), LIMITS) == b"b c"


def received(*messages: Message) -> Any:
    left = list(messages)

    async def receive() -> Message:
        if not left:
            await asyncio.Event().wait()
        return left.pop(0)

    return receive


def test_a_client_that_stalls_or_goes_is_not_waited_for() -> None:
    async def work(*messages: Message) -> None:
        await read_form(received(*messages), FormReader(b"b", io.BytesIO(), LIMITS), LIMITS)

    half: Message = {"type": "http.request", "body": GOOD[:20], "more_body": True}
    with pytest.raises(RefusedError, match="in time") as caught:
        asyncio.run(work(half))
    assert caught.value.status == 408
    with pytest.raises(ClientGoneError):
        asyncio.run(work(half, {"type": "http.disconnect"}))
    asyncio.run(work(half, {"type": "http.request", "body": GOOD[20:], "more_body": False}))
