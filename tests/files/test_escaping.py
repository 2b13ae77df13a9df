"""Bytes that are not UTF-8, shown; and JSON that is always UTF-8."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmproc.files.escaping import escape_bytes, one_line, to_json


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (b"plain", "plain"),
        ("café 😀".encode(), "café 😀"),
        (b"caf\xe9", "caf\\xe9"),
        (b"\xff\xfe a", "\\xff\\xfe a"),
        (b"half \xc3", "half \\xc3"),
        ("é".encode() + b"\xe9", "é\\xe9"),
    ],
)
def test_bytes_are_shown(data: bytes, shown: str) -> None:
    assert escape_bytes(data.decode("utf-8", "surrogateescape")) == shown
    assert escape_bytes(data.decode("ascii", "surrogateescape")) == shown  # as a C locale hands it over


def test_a_surrogate_that_is_no_byte() -> None:
    assert escape_bytes("\ud800 and \udcff") == "\\ud800 and \\xff"


@pytest.mark.parametrize(
    ("text", "shown"),
    [("a b", "a b"), ("a\nb\x1b[1m", "a\\nb\\x1b[1m"), ("caf\udce9", "caf\\xe9"), ("\u2028", "\\u2028")],
)
def test_one_line(text: str, shown: str) -> None:
    assert one_line(text) == shown


def test_json() -> None:
    value = {"caf\udce9": ["\udcc3\udca9", Path("caf\udce9")], "n": 1}
    assert json.loads(to_json(value)) == {"caf\\xe9": ["é", "caf\\xe9"], "n": 1}
    assert to_json({"a": [1, "é"]}) == '{"a":[1,"é"]}'
    assert to_json({"a": 1}, indent=1) == '{\n "a": 1\n}'


@given(st.text(st.characters(exclude_categories=[])))
def test_everything_becomes_utf8_and_json(text: str) -> None:
    escape_bytes(text).encode()
    assert isinstance(json.loads(to_json([text]).encode().decode())[0], str)


@given(st.text())
def test_what_is_utf8_stays_as_it_is(text: str) -> None:
    assert escape_bytes(text) == text and json.loads(to_json([text])) == [text]
