"""JSON for streams is one line, by every notion of a line."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llmproc.server.one_line import one_line
from llmproc.server.openai.responses import Delta

TEXTS = st.text(st.characters(codec="utf-8") | st.sampled_from("\n\r\x0b\x85\u2028\u2029"), max_size=20)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.recursive(TEXTS | st.none() | st.booleans() | st.integers(-(2**53), 2**53), st.lists, max_leaves=6) | TEXTS)
def test_what_is_read_back_is_what_was_written_and_has_no_break(value: Any) -> None:
    data = one_line(value)
    assert json.loads(data) == value
    assert len(data.decode().splitlines()) <= 1 and len(data.splitlines()) <= 1


@pytest.mark.parametrize("mark", ["\n", "\r", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"])
def test_each_line_break_of_unicode_is_escaped(mark: str) -> None:
    assert len(f"a{mark}b".splitlines()) == 2, "it is a break for Python, and so for httpx"
    assert one_line(f"é{mark}b").decode().splitlines() == [one_line(f"é{mark}b").decode()]
    assert json.loads(one_line(f"é{mark}b")) == f"é{mark}b"


def test_other_text_stays_as_it_is() -> None:
    assert one_line({"a": [1, "é\u2027\u202a€", None]}) == '{"a":[1,"é\u2027\u202a€",null]}'.encode()


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("a\ud800b", "a\ufffdb"),
        ("\udc80", "\ufffd"),
        ("\ud83d\ude00", "\U0001f600"),  # the halves of one character meet
        ({"\ud800": ["x\udfff", 1.5, None, True]}, {"\ufffd": ["x\ufffd", 1.5, None, True]}),
        (Delta(content="\ud800"), {"content": "\ufffd"}),
    ],
)
def test_halves_of_surrogate_pairs_are_replaced(value: Any, read: Any) -> None:
    assert json.loads(one_line(value)) == read
