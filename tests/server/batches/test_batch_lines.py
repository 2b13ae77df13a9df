"""Lines of an input file: what they ask, and what is wrong with them, by line and field."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from server.batches.batch_parts import PATH, jsonl, line, rows
from server.made_answers import CHAT

from llmproc.server.batches.limits import BatchLimits
from llmproc.server.batches.lines import LineJudge, input_rows, judge_input
from llmproc.server.batches.records import BatchError


def judge() -> LineJudge:
    return LineJudge(PATH, CHAT.read, 1 << 16)


def judged(place: Path, data: bytes, limits: BatchLimits = BatchLimits()) -> tuple[int, list[BatchError]]:  # noqa: B008
    path = place / "in.jsonl"
    path.write_bytes(data)
    return judge_input(path, judge(), limits, lambda: False)


def test_good_lines_are_rows_with_their_own_bytes(tmp_path: Path) -> None:
    body = b'{ "messages":[{"role":"user","content":"\xe2\x82\xac"}],  "n": 3 }'
    text = b'\xef\xbb\xbf\n{"custom_id":"a","method":"POST","url":"/v1/chat/completions","body":%b}\r\n\n' % body
    assert judged(tmp_path, text + rows(1)) == (2, [])
    first, second = input_rows(tmp_path / "in.jsonl", judge(), lambda index: False)
    assert (first.index, first.custom_id, first.body, first.choices) == (0, "a", body, 3)
    assert (second.index, second.choices) == (1, 1)
    (only,) = input_rows(tmp_path / "in.jsonl", judge(), lambda index: index == 0)
    assert only == second


@pytest.mark.parametrize(
    ("bad", "code", "param", "words"),
    [
        (b"nope\n", "invalid_json_line", None, "the line is not JSON at column 1"),
        (b"[1]\n", "invalid_type", None, "list"),
        (b'{"custom_id": "a"\n', "invalid_json_line", None, "the line is not JSON"),
        (jsonl({**line("a"), "method": "GET"}), "invalid_type", "method", "'POST'"),
        (jsonl({**line("a"), "url": "/v1/completions"}), "invalid_url", "url", "the batch's endpoint"),
        (jsonl({**line("a"), "custom_id": ""}), "invalid_value", "custom_id", "1"),
        (jsonl({**line("a"), "custom_id": 7}), "invalid_type", "custom_id", "7"),
        (jsonl({**line("a"), "frob": 7}), "unknown_parameter", "frob", "unknown"),
        (jsonl({"custom_id": "a", "method": "POST", "url": PATH}), "missing_required_parameter", "body", "missing"),
        (jsonl({**line("a"), "body": "x"}), "invalid_type", "body", "must be an object"),
        (jsonl(line("a", temperature=-1)), "invalid_value", "body.temperature", "temperature is -1"),
        (jsonl(line("a", frob=1)), "unknown_parameter", "body.frob", "frob is unknown"),
        (jsonl(line("a", stream=True)), "invalid_value", "body.stream", "must be false in a batch"),
        (jsonl(line("row 0")), "duplicate_custom_id", "custom_id", "must be unique"),
        (jsonl(line("a", user="x" * (1 << 16))), "invalid_value", "body", "more than 65536 bytes"),
    ],
)
def test_what_is_wrong_is_told_by_line_and_field(tmp_path: Path, bad: bytes, code: str, param: str, words: str) -> None:
    total, errors = judged(tmp_path, rows(2) + b"\n" + bad + rows(5).split(b"\n", 2)[2])
    assert total == 6 and len(errors) == 1
    (error,) = errors
    assert (error.code, error.line, error.param) == (code, 4, param) and words in error.message


def test_all_errors_are_listed_up_to_a_limit(tmp_path: Path) -> None:
    _, errors = judged(tmp_path, b"x\n" * 500)
    assert [error.line for error in errors] == list(range(1, 101))


def test_bounds_and_files_that_are_none(tmp_path: Path) -> None:
    assert [error.code for error in judged(tmp_path, b" \n\n")[1]] == ["empty_file"]
    (error,) = judged(tmp_path, rows(4), BatchLimits(lines=3))[1]
    assert (error.code, error.line) == ("too_many_lines", 4)
    (error,) = judged(tmp_path, "{}\n".encode("utf-16"))[1]
    assert error.code == "invalid_file" and error.line is None and str(tmp_path) not in error.message
    (error,) = judged(tmp_path, b'{"a": "' + b"x" * (17 << 20) + b'"}\n')[1]
    assert error.line == 1 and error.code == "invalid_json_line"


def test_judging_stops_when_it_is_told_to(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_bytes(rows(50))
    asked = iter([False] * 10 + [True])
    assert judge_input(tmp_path / "in.jsonl", judge(), BatchLimits(), lambda: next(asked))[0] == 10


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=5,
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.binary(max_size=30).filter(lambda data: b"\n" not in data),
            JSON.map(lambda value: json.dumps(value).encode()),
            st.dictionaries(st.sampled_from(["custom_id", "method", "url", "body"]), JSON).map(
                lambda value: json.dumps({**line("x"), **value}).encode()
            ),
        ),
        max_size=5,
    )
)
def test_any_bytes_are_judged_line_by_line(tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]) -> None:
    """Each line is a row or has an error with its number; nothing is raised, nothing is told twice."""
    total, errors = judged(tmp_path_factory.mktemp("lines"), b"\n".join(lines))
    numbers: list[Any] = [error.line for error in errors]
    if any(error.code in ("empty_file", "invalid_file") for error in errors):
        return
    assert numbers == sorted(set(numbers)) and all(1 <= one <= len(lines) for one in numbers)
    assert total == sum(1 for one in lines if one.strip())
    assert all("\n" not in error.message for error in errors)
