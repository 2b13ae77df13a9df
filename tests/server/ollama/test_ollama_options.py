"""`options`: Ollama's defaults and names as SamplingParams, and names without effect."""

from __future__ import annotations

from typing import Any

import pytest
from server.ollama.ollama_answers import CHAT, CONTEXT, asked, question, refused, served

from llmproc.config import SamplingParams
from llmproc.server.asking import DEFAULT_MAX_TOKENS
from llmproc.server.ollama.asking import draw_seed
from llmproc.server.ollama.dialects import OllamaChat
from llmproc.server.ollama.options import WITHOUT_EFFECT


def sampling(**options: Any) -> SamplingParams:
    return asked(options=options).sampling


def ignored(**options: Any) -> tuple[str, ...]:
    return asked(options=options).ignored


def test_fact_25_the_defaults_are_ollamas() -> None:
    expected = SamplingParams(temperature=0.8, top_k=40, top_p=0.9, max_tokens=DEFAULT_MAX_TOKENS, seed=77)
    assert asked().sampling == sampling() == expected and expected.repetition_penalty == 1.0


def test_each_option_has_its_own_place() -> None:
    found = sampling(
        temperature=0, top_k=5, top_p=0.25, min_p=0.125, seed=9, num_predict=7, stop=["a", "b"], repeat_penalty=1.5,
        presence_penalty=0.5, frequency_penalty=-0.5,
    )  # fmt: skip
    assert found == SamplingParams(
        temperature=0, top_k=5, top_p=0.25, min_p=0.125, seed=9, max_tokens=7, stop=("a", "b"), repetition_penalty=1.5,
        presence_penalty=0.5, frequency_penalty=-0.5,
    )  # fmt: skip


def test_fact_25_null_options_are_absent() -> None:
    names = ("temperature", "top_k", "top_p", "seed", "num_predict", "stop", "num_ctx", "repeat_last_n", "mirostat")
    found = asked(options=dict.fromkeys(names))
    assert found == asked() and found.ignored == ()


@pytest.mark.parametrize(
    ("given", "expected"), [(None, 4096), (-1, 4096), (0, 4096), (-2, CONTEXT), (1, 1), (128.0, 128), (9999, 9999)]
)
def test_num_predict(given: float | None, expected: int) -> None:
    assert sampling(num_predict=given).max_tokens == expected


@pytest.mark.parametrize(("given", "expected"), [(None, 77), (-1, 77), (0, 0), (42, 42), (42.0, 42), (-7, -7)])
def test_seed_is_drawn_when_none_is_named(given: float | None, expected: int) -> None:
    assert sampling(seed=given).seed == expected


def test_drawn_seeds_differ_and_fit_any_reader_of_numbers() -> None:
    found = {draw_seed() for _ in range(64)}
    assert len(found) > 60 and all(0 <= seed < 1 << 31 for seed in found)


def test_a_seed_beyond_64_bits_is_taken_modulo() -> None:
    assert sampling(seed=(1 << 64) + 5).seed == 5


@pytest.mark.parametrize(("given", "expected"), [("a", ("a",)), (["a", "b", "a"], ("a", "b")), ([], ()), (None, ())])
def test_stop_is_a_text_or_a_list(given: Any, expected: tuple[str, ...]) -> None:
    assert sampling(stop=given).stop == expected


def test_repeat_last_n_zero_switches_penalties_off() -> None:
    options = {"repeat_penalty": 1.5, "presence_penalty": 1, "frequency_penalty": 1}
    off, on = sampling(**options, repeat_last_n=0), sampling(**options, repeat_last_n=-1)
    assert (off.repetition_penalty, off.presence_penalty, off.frequency_penalty) == (1.0, 0.0, 0.0)
    assert (on.repetition_penalty, on.presence_penalty, on.frequency_penalty) == (1.5, 1, 1)
    assert ignored(repeat_last_n=0) == ignored(repeat_last_n=-1) == () and ignored(repeat_last_n=64) != ()


def test_num_ctx_within_the_context_changes_nothing() -> None:
    assert sampling(num_ctx=CONTEXT) == sampling(num_ctx=1) == sampling()
    assert ignored(num_ctx=CONTEXT) == () and ignored(num_ctx=CONTEXT - 1) == ("num_ctx",)


def test_num_ctx_above_the_context_is_refused_by_name() -> None:
    told = refused(CHAT, question(options={"num_ctx": CONTEXT + 1}))
    assert told == "options.num_ctx is 513: must be 512 at most, the context that this server was started with"
    assert OllamaChat(served(context=CONTEXT + 1)).read(question(options={"num_ctx": CONTEXT + 1})).prompts


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("temperature", -1), ("temperature", 101), ("top_k", -2), ("top_p", -0.1), ("min_p", 1.1), ("num_ctx", 0),
        ("repeat_penalty", 0), ("presence_penalty", 2.5), ("frequency_penalty", -2.5), ("stop", ""),
        ("stop", ["a"] * 17), ("stop", ["a" * 513]), ("repeat_last_n", -2), ("seed", 1.5), ("seed", "1"),
        ("temperature", "hot"), ("num_predict", True),
    ],
)  # fmt: skip
def test_values_out_of_range_are_refused_by_name(option: str, value: Any) -> None:
    assert refused(CHAT, question(options={option: value})).startswith(f"options.{option}")


def test_rule_10_unknown_options_have_no_effect_and_are_named() -> None:
    found = asked(options={"num_thread": 4, "flash": {"a": [1]}, "temperature": 0.8, "use_mmap": True, "numa": None})
    assert found.sampling == asked().sampling and found.ignored == ("num_thread", "flash", "use_mmap")


@pytest.mark.parametrize("option", [name for names in WITHOUT_EFFECT.values() for name in names])
def test_known_options_without_effect_are_named(option: str) -> None:
    assert ignored(**{option: 1}) == (option,) and sampling(**{option: 1}) == sampling()


def test_names_that_clients_make_up_are_bounded() -> None:
    """They go to a log and to counters: neither their number nor their length is the client's to choose."""
    found = ignored(**{f"{index}\n{'x' * 100}": 1 for index in range(100)})
    assert len(found) <= 32 and all(len(name) <= 40 and name.isprintable() for name in found)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"keep_alive": "5m"}, ("keep_alive",)), ({"keep_alive": 0}, ("keep_alive",)), ({"keep_alive": -1}, ()),
        ({"truncate": True}, ("truncate",)), ({"truncate": False}, ()), ({"shift": True}, ("shift",)),
        ({"shift": False}, ()), ({"top_logprobs": 3}, ("top_logprobs",)), ({"top_logprobs": 0}, ()),
        ({"top_logprobs": 3, "logprobs": True}, ()),
    ],
)  # fmt: skip
def test_fields_that_change_nothing_are_named(fields: dict[str, Any], expected: tuple[str, ...]) -> None:
    assert asked(**fields).ignored == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [({}, None), ({"logprobs": False}, None), ({"logprobs": True}, 0), ({"logprobs": True, "top_logprobs": 3}, 3)],
)
def test_logprobs(fields: dict[str, Any], expected: int | None) -> None:
    assert asked(**fields).sampling.logprobs == expected
