"""Bodies that break the rule of a type are refused in words of our own: the field, its value, the rule."""

from __future__ import annotations

import json
import math
from typing import Annotated, Any, Literal

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import Meta

from llmproc.server.faults import describe, first_fault
from llmproc.server.refusals import RefusedError
from llmproc.server.validating import MAX_DEPTH, BodyReader, check_depth, read_plain


class PartOfBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    kind: Literal["one", "two"]
    text: str = ""


class WholeBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    parts: Annotated[list[PartOfBody], Meta(min_length=1, max_length=3)]
    count: Annotated[int, Meta(ge=1, le=128)] | None = None
    share: Annotated[float, Meta(gt=0, le=1)] | None = None
    open_end: Annotated[int, Meta(ge=2)] | None = None
    below: Annotated[float, Meta(lt=4)] | None = None
    stop: Annotated[str, Meta(min_length=1, max_length=4)] | Annotated[list[str], Meta(max_length=2)] | None = None
    bias: dict[Annotated[str, Meta(pattern="^[0-9]+$")], float] | None = None
    flag: bool | None = None
    none: None = None
    empty: Annotated[list[Any], Meta(max_length=0)] | None = None
    free: dict[str, Any] | None = None
    ids: Annotated[list[str | Annotated[list[int], Meta(min_length=1)]] | None, Meta(description="ids")] = None


READER = BodyReader(WholeBody)
PARTS = [{"kind": "one"}]


def refusal(body: Any) -> RefusedError:
    with pytest.raises(RefusedError) as refused:
        READER.read(body if isinstance(body, bytes) else json.dumps(body).encode())
    assert refused.value.status == 400 and "\n" not in refused.value.message
    return refused.value


@pytest.mark.parametrize(
    ("fields", "message", "code"),
    [
        ({"count": 0}, "count is 0: must be a whole number from 1 to 128", "invalid_value"),
        ({"count": 1.0}, "count is 1.0: must be a whole number from 1 to 128", "invalid_type"),
        ({"count": True}, "count is true: must be a whole number from 1 to 128", "invalid_type"),
        ({"count": 10**30}, f"count is {10**30}: must be a whole number from 1 to 128", "invalid_value"),
        ({"share": 0}, "share is 0: must be a number above 0 up to 1", "invalid_value"),
        ({"share": "1"}, "share is '1': must be a number above 0 up to 1", "invalid_type"),
        ({"open_end": 1}, "open_end is 1: must be a whole number from 2", "invalid_value"),
        ({"below": 4.0}, "below is 4.0: must be a number below 4", "invalid_value"),
        ({"flag": 1}, "flag is 1: must be true or false", "invalid_type"),
        ({"none": []}, "none is a list of 0: must be null", "invalid_type"),
        ({"stop": "abcde"}, "stop is a text of 5 characters: must be a text of 1 to 4 characters", "invalid_value"),
        (
            {"stop": 3},
            "stop is 3: must be a text of 1 to 4 characters or a list of 0 to 2 items",
            "invalid_type",
        ),
        ({"stop": ["a", "b", "c"]}, "stop is a list of 3 items: must be a list of 0 to 2 items", "invalid_value"),
        ({"stop": ["a", None]}, "stop[1] is null: must be a text", "invalid_type"),
        ({"bias": {"1": 1, "x": 1}}, "bias has the name 'x': must match ^[0-9]+$", "invalid_value"),
        ({"bias": {"1": "a"}}, "bias.'1' is 'a': must be a number", "invalid_type"),
        ({"empty": [1]}, "empty is a list of 1 items: must be empty", "invalid_value"),
        ({"free": 1}, "free is 1: must be an object", "invalid_type"),
        ({"ids": ["a", []]}, "ids[1] is a list of 0 items: must be a list of 1 or more items", "invalid_value"),
        ({"ids": [1]}, "ids[0] is 1: must be a text or a list of 1 or more items", "invalid_type"),
        ({"parts": []}, "parts is a list of 0 items: must be a list of 1 to 3 items", "invalid_value"),
        ({"parts": None}, "parts is null: must be a list of 1 to 3 items", "invalid_type"),
        ({"parts": [{"kind": "three"}]}, "parts[0].kind is 'three': must be 'one' or 'two'", "invalid_type"),
        ({"parts": [{"kind": "one"}, {}]}, "parts[1].kind is missing", "missing_required_parameter"),
        (
            {"parts": [{"kind": "one", "txet": ""}]},
            "parts[0].txet is unknown here; did you mean text?",
            "unknown_parameter",
        ),
        ({"frobnicate": None}, "frobnicate is unknown here", "unknown_parameter"),
        ({"a\nb": 1}, r"'a\nb' is unknown here", "unknown_parameter"),
        ({"x" * 99: 1}, f"'{'x' * 60}'... is unknown here", "unknown_parameter"),
        ({"stop": ["a" * 99, 5]}, "stop[1] is 5: must be a text", "invalid_type"),
        ({"flag": "y" * 99}, f"flag is '{'y' * 60}'...: must be true or false", "invalid_type"),
    ],
)  # fmt: skip
def test_a_broken_rule_is_named(fields: dict[str, Any], message: str, code: str) -> None:
    error = refusal({"parts": PARTS, **fields})
    assert (error.message, error.code) == (message, code)
    assert error.param and error.message.startswith(error.param)


def test_a_wrong_value_goes_before_an_unknown_name_and_that_before_a_missing_one() -> None:
    assert refusal({"prats": PARTS, "count": 0}).param == "count"
    assert refusal({"prats": PARTS}).message == "prats is unknown here; did you mean parts?"
    assert refusal({}).message == "parts is missing"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "the body is empty"),
        (b" \n", "the body is empty"),
        (b"[]", "the body is a list of 0: must be an object"),
        (b"nul", "the body is not JSON at column 1"),
        (b'{"parts": [}', "the body is not JSON at column 12"),
        (b'{"parts":\n[}', "the body is not JSON at line 2, column 2"),
        (b'{"flag":true,}', "the body is not JSON at column 14"),
        (b'\xff{"a":1}', "the body is not UTF-8 at byte 0"),
        (b'{"share":NaN}', "the body is not JSON: NaN, Infinity"),
        (b'{"share":1e999}', "the body is not JSON: NaN, Infinity"),
        (b'{"stop":"\\ud800"}', "the body is not JSON"),
        (b'{"count":1' + b"0" * 5000 + b"}", "the body is not JSON: NaN, Infinity"),
        (b'{"free":' + b'{"a":' * 100_000, "the body is not JSON: nested too deeply"),
        (b"[" * 1_000_000, "the body is not JSON: nested too deeply"),
    ],
)
def test_what_is_not_json_is_said(body: bytes, message: str) -> None:
    error = refusal(body)
    assert error.message.startswith(message) and error.param is None


def test_null_is_absent_and_the_last_of_two_equal_names_counts() -> None:
    assert READER.read(b'{"parts":[{"kind":"one"}],"count":null}') == WholeBody(parts=[PartOfBody(kind="one")])
    assert READER.read(b'{"count":1,"parts":[{"kind":"two"}],"count":7}').count == 7


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 130) | st.integers() | st.floats(-2, 6) | st.text('ab1\n', max_size=5)
    | st.sampled_from(["one", "two"]),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.sampled_from(["kind", "text", "1", "x", "kin"]), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
BODIES = st.dictionaries(st.sampled_from([*WholeBody.__struct_fields__, "other"]), VALUES, max_size=4)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(BODIES, st.booleans())
def test_exactly_what_msgspec_refuses_has_a_fault(body: dict[str, Any], complete: bool) -> None:
    """So the words are never those of a fallback, and nothing that is accepted would have been complained about."""
    data = msgspec.json.encode({"parts": PARTS, **body} if complete else body)
    try:
        msgspec.json.decode(data, type=WholeBody)
        accepted = True
    except msgspec.MsgspecError:
        accepted = False
    try:
        value = read_plain(data)
    except RefusedError:  # a number of more than 64 bits
        assert not accepted
        return
    assert (first_fault(value, msgspec.inspect.type_info(WholeBody)) is None) is accepted


def test_limits_that_are_one_number() -> None:
    assert describe(msgspec.inspect.type_info(Annotated[int, Meta(ge=1, le=1)])) == "a whole number that is 1"
    assert describe(msgspec.inspect.type_info(dict[str, Any])) == "an object"
    assert describe(msgspec.inspect.type_info(Any)) == "JSON"


def nested(depth: int) -> Any:
    value: Any = 1
    for level in range(depth):
        value = [value] if level % 2 else {"a": value, "b": []}
    return value


def test_free_values_are_nested_so_deep_at_most() -> None:
    check_depth(None, "free")
    check_depth(nested(MAX_DEPTH - 1), "free")
    with pytest.raises(RefusedError, match=f"free is nested deeper than {MAX_DEPTH}") as refused:
        check_depth(nested(MAX_DEPTH), "free")
    assert refused.value.param == "free" and math.isclose(refused.value.status, 400)
