"""Sampling options as they are typed, saved and shown: what goes out comes back, and nothing else is taken."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmproc.config import SamplingParams
from llmproc.errors import UsageError
from llmproc.session.option_texts import NAMES, biases_by_token, option_text, other_options, value_of, with_options

STOPS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6)
OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "temperature": st.floats(0, 100),
        "top_p": st.floats(0, 1),
        "max_tokens": st.integers(50, 1 << 20),
        "seed": st.integers(0, (1 << 64) - 1),
        "top_k": st.integers(0, 1 << 20),
        "min_p": st.floats(0, 1),
        "presence_penalty": st.floats(-2, 2),
        "frequency_penalty": st.floats(-2, 2),
        "repetition_penalty": st.floats(0.01, 100),
        "logit_bias": st.dictionaries(st.integers(0, 1000), st.floats(-100, 100), max_size=4),
        "stop": st.lists(STOPS, max_size=3),
        "logprobs": st.none() | st.integers(0, 20),
        "ignore_eos": st.booleans(),
        "min_tokens": st.integers(0, 50),
        "n": st.integers(1, 128),
    },
)


@settings(max_examples=300, deadline=None)
@given(OPTIONS)
def test_what_is_shown_can_be_typed(options: dict[str, Any]) -> None:
    params = SamplingParams(**options)
    typed = {name: value_of(name, option_text(name, getattr(params, name))) for name in NAMES if name != "stop"}
    stops = [] if not params.stop else value_of("stop", option_text("stop", params.stop))
    assert SamplingParams(**typed, stop=stops) == params


@settings(max_examples=300, deadline=None)
@given(OPTIONS)
def test_what_is_saved_comes_back(options: dict[str, Any]) -> None:
    params = SamplingParams(**options)
    saved = json.loads(json.dumps(other_options(params)))
    plain = SamplingParams(params.temperature, params.top_p, params.max_tokens, params.seed)
    assert with_options(plain, saved) == params
    defaults = asdict(SamplingParams())
    assert all(getattr(params, name) != defaults[name] for name in saved), "nothing that says nothing is saved"


@pytest.mark.parametrize(
    ("text", "stops"),
    [
        ("", []), ("END", ["END"]), ("[END]", ["[END]"]), ('"', ['"']), ('"a" b', ['"a" b']), (r'"\n"', ["\n"]),
        ('["a", "b"]', ["a", "b"]), ("[]", []), ('""', []), ("[1]", ["[1]"]), ("[" * 5000, ["[" * 5000]),
        ("{}", ["{}"]),
    ],
)  # fmt: skip
def test_a_stop_text_is_itself_unless_it_is_json(text: str, stops: list[str]) -> None:
    assert value_of("stop", text) == stops


@pytest.mark.parametrize(
    ("text", "biases"),
    [("", {}), ("15=-100, 7=2.5,", {15: -100, 7: 2.5}), ('{"15": -100}', {15: -100}), (" {}", {})],
)
def test_biases(text: str, biases: dict[int, float]) -> None:
    assert value_of("logit_bias", text) == biases


@pytest.mark.parametrize(
    "text", ["15", "a=1", "1=a", "1=2=3", "{", '{"a": 1}', '{"-1": 1}', '{"1.0": 1}', "=", '{"²": 1}']
)
def test_what_is_no_bias_is_refused_by_name(text: str) -> None:
    with pytest.raises(UsageError, match=r"^logit_bias is "):
        value_of("logit_bias", text)


def test_names_of_json_objects_are_tokens() -> None:
    assert biases_by_token({"7": "x", "15": -1}) == {7: "x", 15: -1}, "values are SamplingParams' to judge"
    with pytest.raises(UsageError, match="logit_bias is for 'x'"):
        biases_by_token({"x": 1})


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("temperature", "", "temperature is missing: must be a number"),
        ("top_k", "1.5", "top_k is 1.5: must be a whole number"),
        ("n", "two", "n is two: must be a whole number"),
        ("ignore_eos", "maybe", "ignore_eos is maybe: must be on or off"),
        ("logprobs", "x", "logprobs is x: must be a whole number"),
        ("max_tokens", "9" * 5000, "must be a whole number"),
    ],
)
def test_words_that_cannot_be_a_value(name: str, text: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        value_of(name, text)
    assert words in str(caught.value)


def test_switches() -> None:
    assert [value_of("ignore_eos", text) for text in ("on", "OFF", "true", "False")] == [True, False, True, False]
    assert value_of("logprobs", "off") is None is value_of("logprobs", "") and value_of("logprobs", "0") == 0


def test_an_unknown_option_of_a_file_is_refused() -> None:
    with pytest.raises(UsageError, match="'colour' is unknown"):
        with_options(SamplingParams(), {"colour": 1})
