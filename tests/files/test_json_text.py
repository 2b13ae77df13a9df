"""JSON from outside: what is wrong with it is said in our words, whatever the library says."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmproc.files.json_text import JsonError, read_json

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=10,
)  # fmt: skip


@given(JSON)
def test_every_value_is_read(value: object) -> None:
    data = msgspec.json.encode(value)
    assert read_json(data) == read_json(data.decode()) == value


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\xff", "not UTF-8 at byte 0"),
        (b'{"a":"\xed\xa0\x80"}', "not UTF-8 at byte 6"),
        (b'{"a":', "not JSON at column 6"),
        (b"{'a'}", "not JSON at column 2"),
        (b'{"a": 1} x', "not JSON at column 10"),
        (b'{\n"a": 1,\n}', "not JSON at line 3, column 1"),
        (b"", "not JSON at column 1"),
        (b'{"a": ' + b"[" * 200_000, "not JSON: nested too deeply"),
        (b'"\\ud800"', "not JSON"),
        (b"NaN", "not JSON"),
        ('"\ud800"', "not JSON"),
    ],
)
def test_what_is_wrong(data: bytes | str, said: str) -> None:
    with pytest.raises(JsonError) as caught:
        read_json(data)
    assert str(caught.value) == said


@given(st.binary(max_size=40) | st.text(st.sampled_from('[]{}",:tru1e.-\\ '), max_size=12))
def test_anything_is_a_value_or_one_line(data: bytes | str) -> None:
    try:
        read_json(data)
    except JsonError as error:
        assert str(error).startswith("not ") and "\n" not in str(error)
