"""What the rows of an input mean: the three formats, every field, and that nothing malformed is more than a row."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmproc.batch import formats
from llmproc.batch.formats import FORMATS, Record, format_of, records
from llmproc.batch.record import ResultRow, encode, refused
from llmproc.batch.rows import FIELDS, PromptRow, Refused, judge
from llmproc.batch.source import SourceLine
from llmproc.config import SamplingParams
from llmproc.errors import UsageError

DEFAULTS = SamplingParams(temperature=0.5, max_tokens=7)


def lines_of(data: bytes) -> list[SourceLine]:
    parts = data.split(b"\n")
    return [SourceLine(number, part.removesuffix(b"\r"), True, 0) for number, part in enumerate(parts, 1)]


def read(data: bytes, format: str) -> list[Record]:
    return list(records(lines_of(data), format))


def judged(data: bytes, format: str = "jsonl", system: str | None = None) -> list[PromptRow | Refused]:
    return [judge(record, index, b"base", DEFAULTS, system) for index, record in enumerate(read(data, format))]


def one(data: bytes | dict[str, Any]) -> PromptRow | Refused:
    found = judged(data if isinstance(data, bytes) else json.dumps(data).encode())
    assert len(found) == 1
    return found[0]


def row(data: bytes | dict[str, Any]) -> PromptRow:
    found = one(data)
    assert isinstance(found, PromptRow), found
    return found


def error(data: bytes | dict[str, Any]) -> str:
    found = one(data)
    assert isinstance(found, Refused), found
    assert found.error.startswith("line 1")
    return found.error


# -- formats ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "format"),
    [("p.txt", "text"), ("p", "text"), ("-", "text"), ("p.JSONL", "jsonl"), ("a/b.ndjson", "jsonl"), ("p.csv", "csv"),
     ("p.tsv", "tsv"), ("p.md", "text"), (".csv", "text")],
)  # fmt: skip
def test_the_format_follows_the_suffix(name: str, format: str) -> None:
    assert format_of(name) == format


@pytest.mark.parametrize("name", ["p.json", "p.jsonl.gz", "p.parquet", "p.XLSX"])
def test_a_suffix_that_must_be_a_mistake_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="--format says which"):
        format_of(name)


def test_text_is_one_prompt_a_line_and_blank_lines_are_none() -> None:
    found = judged(b"What is a pipe?\r\n\n  \t\n two  \n\xff\xfe raw", "text")
    assert [row.prompt for row in found if isinstance(row, PromptRow)] == [
        "What is a pipe?",
        " two  ",
        "\udcff\udcfe raw",
    ]
    assert [row.index for row in found] == [0, 1, 2] == [row.id for row in found]
    assert [row.line for row in found] == [1, 4, 5]
    assert all(isinstance(row, PromptRow) and row.sampling == DEFAULTS for row in found)


def test_jsonl() -> None:
    data = b'{"prompt": "a", "seed": 7}\n\n[1]\n{"prompt": }\nnull\n"x"\n{"prompt": "\xff"}\n{"prompt": "b"}'
    found = judged(data)
    assert [type(row).__name__ for row in found] == ["PromptRow", *["Refused"] * 5, "PromptRow"]
    assert [row.line for row in found] == [1, 3, 4, 5, 6, 7, 8]
    errors = [row.error for row in found if isinstance(row, Refused)]
    assert errors[0] == "line 3 is not a JSON object" and errors[1].startswith("line 4 is not JSON: ")
    assert errors[4] == "line 7 is not UTF-8"


def test_nested_without_end_is_not_json() -> None:
    assert "is nested too deeply" in error(b'{"prompt": ' + b"[" * 200_000)


def test_csv_with_every_column() -> None:
    data = (
        b"id,prompt,system,temperature,top_p,max_tokens,seed,topic\r\n"
        b'q1,"What is a ""pipe""?",be brief,0,1,12,9,os\r\n'
        b'q2,"two\r\nlines",,,,,,\r\n'
        b",three,,0.25,,5.0,-3,\r\n"
    )
    first, second, third = judged(data, "csv")
    assert isinstance(first, PromptRow) and isinstance(second, PromptRow) and isinstance(third, PromptRow)
    assert (first.id, first.prompt, first.system, first.extra) == (
        "q1",
        'What is a "pipe"?',
        "be brief",
        {"topic": "os"},
    )
    assert first.sampling == SamplingParams(0, 1, 12, 9) and type(first.sampling.max_tokens) is int
    assert (second.id, second.prompt, second.sampling, second.extra) == ("q2", "two\nlines", DEFAULTS, {})
    assert (third.id, third.sampling) == (2, SamplingParams(0.25, 0.9, 5, -3))
    assert [row.line for row in (first, second, third)] == [2, 3, 5]


def test_tsv_and_messages_in_a_cell() -> None:
    cell = '[{"role": "user", "content": "Hi, you"}]'.replace('"', '""')
    (found,) = judged(f'messages\tid\n"{cell}"\tx\n'.encode(), "tsv")
    assert isinstance(found, PromptRow) and found.prompt == [{"role": "user", "content": "Hi, you"}] and found.id == "x"


def test_malformed_rows_of_a_csv() -> None:
    """Rows of empty fields are none, as blank lines are."""
    data = b'id,prompt\n1,one\n2\n3,a,b\n4,"x"y\n5,\xff\n6,six\n,,\n  \n7,"open\nnever closed'
    found = judged(data, "csv")
    assert [(type(row).__name__, row.line) for row in found] == [
        ("PromptRow", 2), ("Refused", 3), ("Refused", 4), ("Refused", 5), ("Refused", 6), ("PromptRow", 7),
        ("Refused", 10),
    ]  # fmt: skip
    errors = [row.error for row in found if isinstance(row, Refused)]
    assert errors[0] == "line 3 has 1 fields: the header has 2" and errors[1] == "line 4 has 3 fields: the header has 2"
    assert "is not CSV" in errors[2] and errors[3] == "line 6 is not UTF-8" and "is not CSV" in errors[4]


@pytest.mark.parametrize("header", [b"question,answer", b"id,,prompt", b"prompt,prompt", b'"prompt"x', b"\xff,prompt"])
def test_a_csv_header_that_cannot_be_used_ends_the_run(header: bytes) -> None:
    with pytest.raises(UsageError, match="header"):
        read(header + b"\n1,2,3\n", "csv")


@pytest.mark.parametrize("format", FORMATS)
def test_an_empty_input_has_no_rows(format: str) -> None:
    assert read(b"", format) == [] == read(b"\n \n\r\n", format)
    assert list(records([], format)) == []


@pytest.mark.parametrize("format", FORMATS)
def test_a_line_that_is_too_long_is_a_row_with_an_error(format: str) -> None:
    lines = [
        SourceLine(1, b"prompt", True, 7),
        SourceLine(2, b"prompt", False, 20_000_000),
        SourceLine(3, b"prompt", True, 20_000_007),
    ]
    found = [record for record in records(lines, format) if record.error.startswith("is longer than")]
    assert [record.line for record in found] == [2] and found[0].fields is None


def test_an_unclosed_quote_takes_no_more_than_a_lines_worth(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "MAX_LINE", 1000)
    data = b'prompt\n"open\n' + b"x" * 90 + b"\n" + b"\n".join(b"row %d" % n for n in range(400)) + b"\nlast"
    found = judged(data, "csv")
    assert isinstance(found[0], Refused) and "a field is longer than 1000 bytes" in found[0].error
    assert isinstance(found[-1], PromptRow) and found[-1].prompt == "last" and len(found) > 200, "the rest goes on"


# -- fields -----------------------------------------------------------------------------------------------------------


def test_every_field() -> None:
    found = row(
        {"id": "a", "prompt": "p", "system": "s", "temperature": 0, "top_p": 0.5, "max_tokens": 3, "seed": 1 << 63}
    )
    assert (found.id, found.prompt, found.system) == ("a", "p", "s")
    assert found.sampling == SamplingParams(0, 0.5, 3, 1 << 63)
    assert row({"prompt": "p", "seed": (1 << 70) + 7}).sampling.seed == 7, "a seed is taken modulo 2^64"


def test_what_is_missing_or_null_comes_from_the_command_line() -> None:
    found = judged(b'{"prompt": "p", "id": null, "system": null, "seed": null, "top_p": 0.1}', system="brief")[0]
    assert isinstance(found, PromptRow)
    assert (found.id, found.system, found.sampling) == (0, "brief", DEFAULTS.changed(top_p=0.1))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "has neither prompt nor messages"),
        ({"prompt": None}, "has neither prompt nor messages"),
        ({"prompt": "p", "messages": []}, "has both prompt and messages"),
        ({"prompt": 5}, "prompt must be text"),
        ({"prompt": ["p"]}, "prompt must be text"),
        ({"messages": "p"}, "messages must be a list"),
        ({"messages": ["p"]}, "messages must be a list"),
        ({"prompt": "p", "system": 1}, "system must be text"),
        ({"prompt": "p", "id": 1.5}, "id must be"),
        ({"prompt": "p", "id": True}, "id must be"),
        ({"prompt": "p", "id": ["x"]}, "id must be"),
        ({"prompt": "p", "temperature": "hot"}, "temperature is 'hot': must be a number"),
        ({"prompt": "p", "temperature": True}, "temperature is True: must be a number"),
        ({"prompt": "p", "temperature": [0] * 99}, "temperature is list: must be a number"),
        ({"prompt": "p", "temperature": -1}, "temperature is -1: must be from 0 to 100"),
        ({"prompt": "p", "top_p": 1.01}, "top_p is 1.01"),
        ({"prompt": "p", "max_tokens": 0}, "max_tokens is 0"),
        ({"prompt": "p", "max_tokens": 1.5}, "max_tokens is 1.5: must be a whole number"),
        ({"prompt": "p", "max_tokens": 1 << 40}, "max_tokens is"),
        ({"prompt": "p", "seed": 1e300}, "seed is"),
        ({"prompt": "p", "best_of": 5}, "best_of is not an option of this engine"),
        ({"prompt": "p", "stop_token_ids": [1]}, "stop_token_ids is not an option of this engine"),
        ({"prompt": "p", "temprature": 1}, "temprature is unknown: is temperature meant?"),
        ({"prompt": "p", "maxTokens": 1}, "maxTokens is unknown: is max_tokens meant?"),
        ({"prompt": "p", "top-p": 1}, "top-p is unknown: is top_p meant?"),
        ({"Prompt": "p"}, "has neither prompt nor messages"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_the_rows_error(fields: dict[str, Any], words: str) -> None:
    assert words in error(fields)


def test_other_fields_are_kept() -> None:
    fields = {"prompt": "p", "topic": "os", "label": [1, {"x": None}], "system_id": 4, "answer": "a", "n_words": 3}
    found = row(fields)
    assert found.extra == {name: value for name, value in fields.items() if name != "prompt"}


def test_a_refused_row_keeps_its_id_and_its_other_fields() -> None:
    found = one({"id": "q7", "topic": "os", "temperature": -1, "prompt": "p"})
    assert isinstance(found, Refused)
    line = json.loads(encode(refused(found)))
    assert (line["id"], line["extra"], line["status"]) == ("q7", {"topic": "os"}, "error")
    assert line["error"] == "line 1: temperature is -1: must be from 0 to 100" and line["finish_reason"] == "failed"
    assert (line["text"], line["worker"], line["attempts"], line["request"]) == ("", None, 0, 0)


def test_a_row_depends_on_its_own_fields_alone() -> None:
    rows = b'{"prompt": "a"}\n{"prompt": "b", "seed": 3}\n{"prompt": "a"}'
    first, _, third = judged(rows)
    (alone,) = judged(b'{"prompt": "a"}')
    assert isinstance(first, PromptRow) and isinstance(third, PromptRow) and isinstance(alone, PromptRow)
    assert first.sampling == third.sampling == alone.sampling
    assert first.key == third.key == alone.key


def test_keys_tell_rows_models_and_csv_headers_apart() -> None:
    (record,) = read(b'{"prompt": "a"}', "jsonl")
    keys = {judge(record, 0, base, DEFAULTS, None).key for base in (b"1", b"2")}
    keys |= {row.key for row in judged(b'{"prompt": "a" }\n{"prompt": "c"}')}
    keys |= {row.key for row in judged(b"prompt,id\nx,y\n", "csv") + judged(b"id,prompt\nx,y\n", "csv")}
    assert len(keys) == 6 and all(len(key) == 16 and int(key, 16) >= 0 for key in keys)


# -- anything ---------------------------------------------------------------------------------------------------------

PIECES = st.sampled_from(
    [b"prompt", b"messages", b'"', b",", b"\n", b"{", b"}", b":", b"[", b"]", b"1", b"null", b"\xff", b"\x00", b"id",
     b"\\ud800", b'{"prompt": "x"}\n', b'{"prompt": "x", "id": "y"}\n', b"prompt,id\n", b"\t", b"1e999", b"\r", b" "]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(pieces=st.lists(PIECES | st.binary(max_size=6), max_size=14), format=st.sampled_from(FORMATS))
def test_nothing_malformed_is_more_than_a_row(pieces: list[bytes], format: str) -> None:
    """Rows or errors, whose results can be written and read again; only a CSV header may end the run."""
    try:
        found = judged(b"".join(pieces), format)
    except UsageError as error:
        assert format in ("csv", "tsv") and "header" in str(error)
        return
    for index, item in enumerate(found):
        assert item.index == index
        if isinstance(item, Refused):
            line = encode(refused(item))
        else:
            line = encode(ResultRow(id=item.id, index=index, status="ok", key=item.key, extra=dict(item.extra)))
        assert line.count(b"\n") == 1 and line.endswith(b"\n")
        again = json.loads(line)
        assert again["index"] == index and again["key"] == item.key and again["id"] == item.id


VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.lists(st.none(), max_size=2)


@settings(max_examples=300, deadline=None)
@given(fields=st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=8), VALUES, max_size=6))
def test_any_object_is_a_row_or_an_error(fields: dict[str, Any]) -> None:
    found = judged(json.dumps(fields, allow_nan=False, default=str).encode()) if _finite(fields) else []
    for item in found:
        if isinstance(item, PromptRow):
            assert isinstance(item.prompt, (str, list)) and isinstance(item.sampling, SamplingParams)
            for name in ("temperature", "top_p", "max_tokens", "seed"):
                if fields.get(name) is not None:
                    assert getattr(item.sampling, name) == fields[name]
        else:
            assert "\n" not in json.loads(encode(refused(item)))["error"]


def _finite(fields: dict[str, Any]) -> bool:
    return all(not isinstance(value, float) or value - value == 0 for value in fields.values())


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\x00"), max_size=12)


@settings(max_examples=150, deadline=None)
@given(rows=st.lists(st.tuples(TEXT, TEXT.filter(lambda text: text != "")), max_size=6))
def test_what_the_csv_module_writes_is_read_as_it_was(rows: list[tuple[str, str]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["topic", "prompt"])
    writer.writerows(rows)
    found = judged(text.getvalue().encode(), "csv")
    wanted = [(topic, prompt) for topic, prompt in rows if topic.strip() or prompt.strip()]
    assert [row.prompt for row in found if isinstance(row, PromptRow)] == [prompt for _, prompt in wanted]
    assert [dict(row.extra).get("topic", "") for row in found] == [topic for topic, _ in wanted]


# -- rows of other programs -------------------------------------------------------------------------------------------

BATCH_LINE = {"custom_id": "r-1", "method": "POST", "url": "/v1/chat/completions"}


def test_a_row_of_an_openai_batch_file() -> None:
    parts = [{"type": "text", "text": "What is "}, {"type": "text", "text": "a pipe?"}]
    body = {"model": "m", "messages": [{"role": "user", "content": parts, "name": "ann"}], "max_tokens": 5, "seed": 7}
    found = row({**BATCH_LINE, "body": body})
    assert (found.id, found.prompt) == ("r-1", [{"role": "user", "content": "What is a pipe?"}])
    assert (found.sampling.max_tokens, found.sampling.seed, found.extra) == (5, 7, {})


def test_what_an_openai_row_cannot_have_fails_the_row_under_its_own_id() -> None:
    found = one({**BATCH_LINE, "body": {"prompt": "p", "tools": [{}]}})
    assert isinstance(found, Refused) and found.id == "r-1"
    assert found.error == "line 1: body field tools cannot be done by this version"


def test_pandas_row_numbers_and_floats() -> None:
    found = judged(b",prompt,id,max_tokens\n0,What?,1.0,5.0\n1,Who?,2.0,\n", "csv")
    assert [(one.id, one.extra) for one in found] == [("1.0", {"unnamed": "0"}), ("2.0", {"unnamed": "1"})]
    assert isinstance(found[0], PromptRow) and found[0].sampling.max_tokens == 5
    assert row({"id": 3.0, "prompt": "p"}).id == 3 and "id must be" in error({"id": 1.5, "prompt": "p"})


def test_a_column_without_a_name_elsewhere_is_refused() -> None:
    with pytest.raises(UsageError, match="must have a name of its own"):
        read(b"prompt,\na,b\n", "csv")


def test_mongodbs_key_is_copied() -> None:
    assert row({"_id": {"$oid": "5f"}, "prompt": "p"}).extra == {"_id": {"$oid": "5f"}}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b'{"prompt": "p", "score": NaN}', "is not JSON: NaN is not a JSON value: null is"),
        (b'{"prompt": "p", "score": -Infinity}', "is not JSON: -Infinity is not a JSON value"),
        (rb'{"prompt": "\ud800"}', "half a character"),
        (rb'{"prompt": "a\udc00b"}', "half a character"),
        (b'{"prompt": "\xff"}', "is not UTF-8"),
        (b"{'prompt': 'p'}", "column 2: names and texts stand in double quotes"),
        (b'{"prompt": "p"', "is not JSON: column 15"),
        (b'{"prompt": "p", "x": 1e999}', "is not JSON: a number is too large"),
    ],
)
def test_a_line_that_is_not_json_says_why_in_our_words(data: bytes, words: str) -> None:
    assert words in error(data)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 980), st.sampled_from(["[", '{"a":']))
def test_what_is_accepted_can_be_read_back(depth: int, opening: str) -> None:
    inner = (opening * depth + ("1" if opening != "[" else "") + {"[": "]", '{"a":': "}"}[opening] * depth).encode()
    found = one(b'{"prompt": "p", "note": ' + inner + b"}")
    assert isinstance(found, PromptRow) == (depth <= 200)
    if isinstance(found, PromptRow):
        result = ResultRow(id=0, index=0, status="ok", extra=dict(found.extra), key=found.key)
        assert json.loads(encode(result))["extra"] == dict(found.extra)
    else:
        assert "nested more than 200 levels deep" in found.error
