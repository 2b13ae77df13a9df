"""Configuration: every value that breaks its rule is refused by name."""

from __future__ import annotations

import os
import pickle
import re
from dataclasses import fields
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from llmproc import config, errors
from llmproc.config import (
    EngineOptions,
    Environment,
    SamplingParams,
    Scheduling,
    check_workers,
    from_mapping,
    parse_cpus,
)
from llmproc.errors import CheckpointError, LlmprocError, StartError, UsageError


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"temperature": -0.1}, "temperature"),
        ({"temperature": float("nan")}, "temperature"),
        ({"temperature": float("inf")}, "temperature"),
        ({"top_p": 1.1}, "top_p"),
        ({"top_p": -1.0}, "top_p"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": 2.0}, "max_tokens"),
        ({"max_tokens": "3"}, "max_tokens"),
        ({"seed": 1.5}, "seed"),
        ({"seed": None}, "seed"),
        ({"seed": True}, "seed"),
        ({"temperature": "0.5"}, "temperature"),
        ({"temperature": None}, "temperature"),
        ({"top_p": [0.5]}, "top_p"),
        ({"temperature": True}, "temperature is True"),
        ({"temperature": 10**400}, "temperature is a number of too many digits"),
        ({"min_p": Fraction(10**400)}, "min_p"),
        ({"max_tokens": 10**5000}, "max_tokens is a number of too many digits"),
        ({"top_k": True}, "top_k"),
        ({"min_p": 1.5}, "min_p"),
        ({"presence_penalty": 2.1}, "presence_penalty"),
        ({"frequency_penalty": float("nan")}, "frequency_penalty"),
        ({"repetition_penalty": 101}, "repetition_penalty"),
        ({"logit_bias": {5: 100.5}}, "logit_bias is 100.5"),
        ({"logit_bias": {5: True}}, "logit_bias is True"),
        ({"logit_bias": [(5, 1), (5, 2)]}, "must have each token once"),
        ({"logit_bias": [(1, 2, 3)]}, "must map tokens to numbers"),
        ({"logprobs": 21}, "logprobs"),
        ({"min_tokens": -1}, "min_tokens"),
        ({"max_tokens": 4, "min_tokens": 5}, "min_tokens is 5: must be from 0 to max_tokens, 4"),
        ({"n": 0}, "n is 0"),
        ({"stop": [1]}, "stop"),
        ({"colour": 1}, "colour"),
        ({"top_k": -2}, "top_k is -2: must be from 1 to 1048576, or 0 for all tokens"),
        ({"top_k": 1.5}, "top_k is 1.5: must be a whole number"),
        ({"min_p": 1.1}, "min_p is 1.1: must be from 0 to 1"),
        ({"presence_penalty": -2.1}, "presence_penalty is -2.1: must be from -2 to 2"),
        ({"frequency_penalty": "1"}, "frequency_penalty is 1: must be from -2 to 2"),
        ({"repetition_penalty": 0}, "repetition_penalty is 0: must be above 0"),
        ({"repetition_penalty": float("nan")}, "repetition_penalty is nan"),
        ({"logit_bias": 5}, "logit_bias is 5: must map tokens to numbers"),
        ({"logit_bias": {"5": 1}}, "logit_bias is '5': must be a whole number"),
        ({"logit_bias": {5: 101}}, "logit_bias is 101: must be from -100 to 100"),
        ({"logit_bias": {-1: 1}}, "logit_bias is -1: must be a token's number"),
        ({"logit_bias": dict.fromkeys(range(1025), 1)}, "logit_bias is 1025 tokens: must have 1024 at most"),
        ({"stop": 5}, "stop is 5: must be a text or a list of texts"),
        ({"stop": b"a"}, "stop is b'a': must be a text or a list of texts"),
        ({"stop": ["a", None]}, "must be a text or a list of texts"),
        ({"stop": ""}, "stop is '': must have from 1 to 512 characters"),
        ({"stop": "a" * 513}, "must have from 1 to 512 characters"),
        ({"stop": [str(number) for number in range(17)]}, "stop is 17 texts: must be 16 at most"),
        ({"stop": "\udcff"}, r"stop is '\\udcff': must be Unicode text"),
        ({"logprobs": -1}, "logprobs is -1: must be from 0 to 20"),
        ({"logprobs": True}, "logprobs is True: must be a whole number"),
        ({"ignore_eos": 1}, "ignore_eos is 1: must be true or false"),
        ({"min_tokens": 513}, "min_tokens is 513: must be from 0 to max_tokens, 512"),
        ({"n": 129}, "n is 129: must be from 1 to 128"),
    ],
)
def test_bad_sampling_values_are_named(values: dict[str, Any], word: str) -> None:
    with pytest.raises(UsageError, match=word):
        from_mapping(SamplingParams, values)


@pytest.mark.parametrize("seed", [1 << 64, (1 << 64) + 7, (1 << 200) + 42, -(1 << 64) + 5, -(1 << 63) - 1])
def test_a_seed_beyond_64_bits_is_taken_modulo_2_to_the_64(seed: int) -> None:
    assert SamplingParams(seed=seed).seed == seed % (1 << 64)


def test_lists_of_options_have_one_form() -> None:
    params = SamplingParams(logit_bias={7: 1, 5: -2}, stop=["b", "a", "b"], top_k=-1)  # type: ignore[arg-type]
    assert (params.logit_bias, params.stop, params.top_k) == (((5, -2.0), (7, 1.0)), ("b", "a"), 0)
    assert SamplingParams(stop="a").stop == ("a",) and hash(params) == hash(params.changed())


def test_only_options_of_logits_make_a_request_another() -> None:
    """Where a text stops, how many answers there are and what ends them are not the engine's affair."""
    assert not SamplingParams(stop="a", n=3, ignore_eos=True, temperature=0, seed=1, max_tokens=5).shapes
    for name, value in (("top_k", 1), ("min_p", 0.1), ("logprobs", 0), ("min_tokens", 1), ("logit_bias", {1: 1})):
        assert SamplingParams().changed(**{name: value}).shapes
    for name in ("presence_penalty", "frequency_penalty", "repetition_penalty"):
        assert SamplingParams().changed(**{name: 0.5}).shapes


def test_a_choice_has_its_own_seed_and_is_one() -> None:
    params = SamplingParams(seed=(1 << 64) - 1, n=3, stop="a")
    assert params.choice(0) == params.changed(n=1)
    assert params.choice(1) == params.changed(n=1, seed=0), "seeds are taken modulo 2^64"


@pytest.mark.parametrize("seed", [-1, -(1 << 63), 0, (1 << 64) - 1])
def test_a_seed_of_64_bits_stays_as_it_is(seed: int) -> None:
    assert SamplingParams(seed=seed).seed == seed


def test_numbers_of_numpy_become_pythons_own() -> None:
    """As they come out of a column of a data frame; they go over a pipe and into JSON."""
    params = SamplingParams(np.float32(0.5), np.float64(0.25), np.int64(7), np.uint64(2**63 + 1))  # type: ignore[arg-type]
    assert params == SamplingParams(0.5, 0.25, 7, 2**63 + 1)
    assert [type(getattr(params, field.name)) for field in fields(params)][:4] == [float, float, int, int]
    shaped = SamplingParams(min_p=np.float32(0.5), top_k=np.int8(3), logit_bias={np.int64(7): np.float16(1.5)})  # type: ignore[dict-item,arg-type]
    assert (type(shaped.min_p), type(shaped.top_k)) == (float, int)
    assert [type(each) for each in shaped.logit_bias[0]] == [int, float]
    biased = SamplingParams(logit_bias={np.int64(5): np.float32(0.5)}, top_k=np.int32(4), logprobs=np.int8(2))  # type: ignore[arg-type]
    assert biased == SamplingParams(logit_bias=((5, 0.5),), top_k=4, logprobs=2)
    assert [type(part) for part in biased.logit_bias[0]] == [int, float] and type(biased.top_k) is int
    options = EngineOptions(threads=np.int8(2), sequences=np.int32(3), context=np.int64(99))  # type: ignore[arg-type]
    assert options == EngineOptions(threads=2, sequences=3, context=99) and type(options.threads) is int
    assert type(check_workers(np.int16(4))) is int  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=r"max_tokens is .*: must be a whole number"):
        SamplingParams(max_tokens=np.float64(4))  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="temperature is nan"):
        SamplingParams(np.float32("nan"))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["threads", "sequences", "context", "kv_memory", "batch_tokens"])
@pytest.mark.parametrize("value", ["3", 2.5, True])
def test_counts_are_whole_numbers(name: str, value: object) -> None:
    """They go to other processes as they are."""
    with pytest.raises(
        UsageError, match=rf"^{name.replace('_', '-')} is {re.escape(repr(value))}: must be a whole number$"
    ):
        EngineOptions(**{name: value})  # type: ignore[arg-type]


@pytest.mark.parametrize("value", ["2", 2.5, True, None, 0, 65])
def test_numbers_of_workers(value: object) -> None:
    with pytest.raises(UsageError, match=r"^workers is .*: must be"):
        check_workers(value)  # type: ignore[arg-type]


def test_options_that_change_logits_are_known_and_the_others_do_not_count() -> None:
    assert not SamplingParams().shapes
    assert not SamplingParams(temperature=0, top_p=1, stop="x", ignore_eos=True, n=3, top_k=-1, min_p=0).shapes
    for values in (
        {"top_k": 1}, {"min_p": 0.1}, {"presence_penalty": -1}, {"frequency_penalty": 1}, {"repetition_penalty": 2},
        {"logit_bias": {1: 0}}, {"logprobs": 0}, {"min_tokens": 1},
    ):  # fmt: skip
        assert from_mapping(SamplingParams, values).shapes, values


def test_an_answer_of_several_is_that_of_its_own_seed() -> None:
    assert SamplingParams(seed=2**64 - 1, n=3, top_k=2).choice(1) == SamplingParams(seed=0, top_k=2)


def test_biases_and_stops_have_one_form() -> None:
    found = SamplingParams(logit_bias={9: 1, 3: -2.5}, stop=["b", "a", "b"])  # type: ignore[arg-type]
    assert found.logit_bias == ((3, -2.5), (9, 1.0)) and found.stop == ("b", "a")
    assert SamplingParams(logit_bias=found.logit_bias, stop="x").stop == ("x",)


def test_a_changed_copy_is_checked_too() -> None:
    with pytest.raises(UsageError, match="top_p"):
        SamplingParams().changed(top_p=2)
    assert SamplingParams().changed(seed=7).seed == 7


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"policy": "deadline"}, "policy"),
        ({"nice": 20}, "nice"),
        ({"nice": -21}, "nice"),
        ({"rt_priority": 0}, "rt-priority"),
        ({"rt_priority": 100}, "rt-priority"),
        ({"cpus": ()}, "cpus"),
        ({"cpus": (4095,)}, "cpus"),
    ],
)
def test_bad_scheduling_values_are_named(values: dict[str, object], word: str) -> None:
    with pytest.raises(UsageError, match=word):
        from_mapping(Scheduling, values)


def test_cores_are_parsed() -> None:
    assert parse_cpus("0") == (0,)
    assert parse_cpus("0,2-4, 3") == (0, 2, 3, 4)


@pytest.mark.parametrize("text", ["", "a", "3-1", "1-", "-1", "0,,1", "0-99999"])
def test_bad_cores_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="cpus"):
        parse_cpus(text)


def test_cores_outside_the_allowed_are_named() -> None:
    free = next(cpu for cpu in range(4096) if cpu not in os.sched_getaffinity(0))
    with pytest.raises(UsageError, match=f"cpus is {free}"):
        Scheduling(cpus=(free,))


def test_environment_is_read_in_one_place() -> None:
    found = Environment.read({"LLMPROC_MODEL": "m.bin", "LLMPROC_RUN_DIR": "none", "OTHER": "x"})
    assert found == Environment(Path("m.bin"), None, "none")
    root = Path(config.__file__).parent
    reads = re.compile(r"""(environ|variables|found)\b.*["']LLMPROC_|getenv\(["']LLMPROC_""")
    assert [path.name for path in root.rglob("*.py") if reads.search(path.read_text())] == ["config.py"]


def test_shipped_files_are_looked_up_beside_the_package_then_inside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "llmproc"
    monkeypatch.setattr(config, "_PACKAGE", package)
    assert config.shipped_file("model", "model.bin") == package / "shipped_model" / "model.bin"
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.bin").touch()
    assert config.shipped_file("model", "model.bin") == tmp_path / "model" / "model.bin"


def test_errors_survive_a_process_boundary() -> None:
    original = CheckpointError("f", "dim", 3, "must be even")
    again = errors.rebuild("CheckpointError", str(original))
    assert type(again) is CheckpointError and str(again) == str(original) and again.exit_code == 4
    assert type(errors.rebuild("Nonsense", "x")) is StartError
    assert type(errors.rebuild("annotations", "x")) is StartError


def test_every_error_has_its_codes() -> None:
    kinds = [k for k in vars(errors).values() if isinstance(k, type) and issubclass(k, LlmprocError)]
    assert len(kinds) > 10
    for kind in kinds:
        assert 1 <= kind.exit_code <= 5 and 400 <= kind.http_status < 600, kind


KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, LlmprocError)]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_errors_survive_pickling(kind: type[LlmprocError]) -> None:
    """Ray, Dask and concurrent.futures carry them so; nothing of ours does."""
    parts: tuple[object, ...] = ("schema.type", "is 5") if kind is errors.SchemaError else ("a line",)
    if issubclass(kind, errors.InvalidFileError):
        parts = (Path("m.bin"), "group size", 3, "must be 64")
    for error in (kind(*parts), errors.rebuild(kind.__name__, "a line")):
        again = pickle.loads(pickle.dumps(error))
        assert type(again) is type(error) is kind and str(again) == str(error) and again.args == error.args
        assert vars(again) == vars(error) and again.exit_code == error.exit_code


def test_all_errors_are_seen_by_the_test_above() -> None:
    assert len(KINDS) == len(set(KINDS)) >= 12 and errors.TokenizerError in KINDS
