"""Sampling options in the rows of an input: in every format the same, and what cannot be one is the row's error."""

from __future__ import annotations

import json
from dataclasses import fields as fields_of
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmproc.batch.formats import records
from llmproc.batch.rows import FIELDS, PromptRow, Refused, judge
from llmproc.batch.source import SourceLine
from llmproc.config import SamplingParams

DEFAULTS = SamplingParams(temperature=0.5, max_tokens=70, n=2, logprobs=3, stop="x")


def judged(data: bytes, format: str = "jsonl") -> list[PromptRow | Refused]:
    lines = [SourceLine(number, part, True, 0) for number, part in enumerate(data.split(b"\n"), 1)]
    return [judge(record, index, b"", DEFAULTS, None) for index, record in enumerate(records(lines, format))]


def row(**options: Any) -> PromptRow:
    (found,) = judged(json.dumps({"prompt": "p", **options}).encode())
    assert isinstance(found, PromptRow), found
    return found


def error(**options: Any) -> str:
    (found,) = judged(json.dumps({"prompt": "p", **options}).encode())
    assert isinstance(found, Refused), found
    return found.error


def test_every_option_is_a_field_of_a_row() -> None:
    assert {field.name for field in fields_of(SamplingParams)} <= set(FIELDS)


def test_options_of_a_row_go_before_those_of_the_command_line() -> None:
    given = {
        "top_k": 5.0, "min_p": 0.1, "presence_penalty": -1, "frequency_penalty": 0.5, "repetition_penalty": 1.5,
        "logit_bias": {"15": -100, "7": 1.5}, "stop": ["a", "b"], "logprobs": 0, "ignore_eos": True, "min_tokens": 4,
        "n": 1,
    }  # fmt: skip
    found = row(**given)
    biases = {15: -100, 7: 1.5}
    assert found.sampling == DEFAULTS.changed(**{**given, "top_k": 5, "logit_bias": biases}) and not found.extra
    assert row(stop=None, n=None, logprobs=None).sampling == DEFAULTS
    assert row(stop=[], logprobs=False).sampling == DEFAULTS.changed(stop=(), logprobs=None)


def test_a_table_has_the_same_options() -> None:
    data = (
        b"prompt\ttop_k\tstop\tlogit_bias\tignore_eos\tlogprobs\tn\n"
        b"a\t5\tThe end\t15=-100,7=1.5\ttrue\t2\t3\n"
        b'b\t\t"[""x"", ""y""]"\t"{""15"": 1}"\toff\t\t\n'
        b"c\t\t\t\t\t\t\n"
    )
    first, second, third = (found for found in judged(data, "tsv"))
    assert isinstance(first, PromptRow) and isinstance(second, PromptRow) and isinstance(third, PromptRow)
    assert first.sampling == DEFAULTS.changed(
        top_k=5, stop="The end", logit_bias={15: -100, 7: 1.5}, ignore_eos=True, logprobs=2, n=3
    )
    assert second.sampling == DEFAULTS.changed(stop=["x", "y"], logit_bias={15: 1}) and third.sampling == DEFAULTS


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"top_k": 1.5}, "top_k is 1.5: must be a whole number"),
        ({"top_k": "5"}, "top_k is '5': must be a number"),
        ({"n": 0}, "n is 0: must be from 1 to 128"),
        ({"n": True}, "n is True: must be a number"),
        ({"logprobs": True}, "logprobs is True: must be a number"),
        ({"logprobs": 21}, "logprobs is 21: must be from 0 to 20"),
        ({"stop": 5}, "stop is 5: must be a text or a list of texts"),
        ({"stop": ["a", 5]}, "stop is ['a', 5]: must be a text or a list of texts"),
        ({"stop": {"a": 1}}, "stop is {'a': 1}: must be a text or a list of texts"),
        ({"stop": [""]}, "stop is '': must have from 1 to 512 characters"),
        ({"logit_bias": [[15, 1]]}, "logit_bias is [[15, 1]]: must be an object of tokens and numbers"),
        ({"logit_bias": {"x": 1}}, "logit_bias is for 'x': must be for a token's number"),
        ({"logit_bias": {"15": "much"}}, "logit_bias is much: must be from -100 to 100"),
        ({"ignore_eos": 1}, "ignore_eos is 1: must be true or false"),
        ({"ignore_eos": "yes"}, "ignore_eos is 'yes': must be true or false"),
        ({"min_tokens": 71}, "min_tokens is 71: must be from 0 to max_tokens, 70"),
        ({"topk": 5}, "topk is unknown: is top_k meant?"),
        ({"stops": "a"}, "stops is unknown: is stop meant?"),
        ({"logprob": 1}, "logprob is unknown: is logprobs meant?"),
    ],
)  # fmt: skip
def test_a_wrong_option_is_the_rows_error(options: dict[str, Any], words: str) -> None:
    assert words in error(**options)


def test_a_cell_that_cannot_be_the_option_is_the_rows_error() -> None:
    data = b"prompt,logit_bias,ignore_eos\na,much,\nb,,maybe\n"
    errors = [found.error for found in judged(data, "csv") if isinstance(found, Refused)]
    assert errors == [
        "line 2: logit_bias is 'much': must be an object of tokens and numbers",
        "line 3: ignore_eos is 'maybe': must be true or false",
    ]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
OPTIONS = st.dictionaries(st.sampled_from([field.name for field in fields_of(SamplingParams)]), VALUES, max_size=5)


@settings(max_examples=300, deadline=None)
@given(OPTIONS)
def test_any_value_is_an_option_or_one_line_of_error(options: dict[str, Any]) -> None:
    for found in judged(json.dumps({"prompt": "p", **options}).encode()):
        if isinstance(found, Refused):
            assert "\n" not in found.error and found.error.startswith("line 1")
        else:
            assert isinstance(found.sampling, SamplingParams)
