"""The rotary embedding in config.json: formats.md's rules 4 and 5, in the old form and the new one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from checkpoints.hugging_face_folders import write_folder

from llmproc.checkpoints.huggingface.model_file import HuggingFaceFolder
from llmproc.errors import CheckpointError

WIDE: dict[str, int] = {"dim": 64, "head_dim": 16}
LLAMA3 = {"factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 64}
FORMS: dict[str, Callable[[str, dict[str, Any]], dict[str, Any]]] = {
    "new": lambda kind, values: {"rope_parameters": {"rope_theta": 10000.0, "rope_type": kind, **values}},
    "old": lambda kind, values: {"rope_theta": 10000.0, "rope_scaling": {"rope_type": kind, **values}},
    "oldest": lambda kind, values: {"rope_scaling": {"type": kind, **values}},
    "both names of the type": lambda kind, values: {"rope_scaling": {"type": kind, "rope_type": kind, **values}},
}


def opened(folder: Path, changes: dict[str, Any], model_type: str = "llama") -> HuggingFaceFolder:
    return HuggingFaceFolder.open(write_folder(folder, model_type, changes, None, **WIDE))


def frequencies(folder: Path, changes: dict[str, Any]) -> tuple[float, ...]:
    return opened(folder, changes).description.inverse_frequencies()


def refused(folder: Path, changes: dict[str, Any]) -> str:
    with pytest.raises(CheckpointError) as caught:
        opened(folder, changes)
    return str(caught.value)


@pytest.mark.parametrize("form", FORMS)
def test_rule_04_the_scalings(tmp_path: Path, form: str) -> None:
    make = FORMS[form]
    assert frequencies(tmp_path, make("linear", {"factor": 4.0}))[:2] == pytest.approx((0.25, 0.07905694))
    found = frequencies(tmp_path, make("llama3", LLAMA3))
    assert found[:4] == pytest.approx((1, 0.2443846, 0.01304226, 0.003952847), rel=1e-6)
    yarn = opened(tmp_path, make("yarn", {"factor": 4.0, "original_max_position_embeddings": 64})).description
    assert yarn.inverse_frequencies()[:4] == pytest.approx((1, 0.2371708, 0.05, 0.007905695), rel=1e-6)
    assert yarn.features.rope.attention_factor == pytest.approx(1.138629436)
    assert yarn.features.rope.pairs == "half-split" and yarn.features.rope.scaling == "yarn"
    assert frequencies(tmp_path, make("default", {}))[1] == pytest.approx(10**-0.5)


@pytest.mark.parametrize(
    ("changes", "theta"),
    [
        ({}, 10000.0),
        ({"rope_theta": 5e5}, 5e5),
        ({"rope_theta": 500000}, 5e5),
        ({"rope_parameters": {"rope_theta": 5e5, "rope_type": "default"}}, 5e5),
        ({"rope_parameters": {"rope_theta": 5e5, "rope_type": "default"}, "rope_theta": 5e5}, 5e5),
        ({"rope_parameters": {"rope_type": "default"}, "rope_theta": 5e5}, 5e5),
        ({"rope_parameters": None, "rope_scaling": None, "rope_theta": 7.5}, 7.5),
        ({"rope_parameters": {"rope_theta": 3e3, "rope_type": "default"}, "rope_scaling": {}}, 3e3),
    ],
)
def test_rule_04_where_theta_stands(tmp_path: Path, changes: dict[str, Any], theta: float) -> None:
    assert opened(tmp_path, changes).description.rope_theta == theta


def test_rule_04_theta_of_smollm3_is_two_million(tmp_path: Path) -> None:
    assert opened(tmp_path, {}, "smollm3").description.rope_theta == 2e6
    assert opened(tmp_path, {"rope_theta": 1e4}, "smollm3").description.rope_theta == 1e4


NEW = {"rope_theta": 10000.0, "rope_type": "llama3", **LLAMA3}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rope_parameters": NEW, "rope_scaling": {"type": "linear"}}, ("rope_scaling is", "linear", "llama3")),
        ({"rope_scaling": {"rope_type": "linear", "type": "yarn"}}, ("rope_scaling.type is 'yarn'", "'linear'")),
        ({"rope_parameters": NEW, "rope_theta": 5e5}, ("rope_theta is 500000.0", "10000.0")),
        ({"rope_parameters": {"full_attention": NEW, "sliding_attention": NEW}}, ("keyed by layer type",)),
        ({"rope_parameters": {"rope_theta": None}}, ("rope_parameters.rope_theta is null",)),
        ({"rope_theta": None}, ("rope_theta is null", "must be a number")),
        ({"rope_theta": "10000"}, ("rope_theta is '10000'", "must be a number")),
        ({"rope_theta": True}, ("rope_theta is true",)),
        ({"rope_theta": 0}, ("rope_theta is 0",)),
        ({"rope_theta": 1}, ("rope_theta is 1",)),
        ({"rope_scaling": ["linear", 2]}, ("rope_scaling is", "must be an object")),
        ({"rope_scaling": {"type": "ntk-by-parts", "factor": 2}}, ("'ntk-by-parts'", "linear, llama3, yarn, dynamic")),
        ({"rope_scaling": {"type": "mrope", "factor": 2}}, ("'mrope'",)),
        ({"rope_scaling": {"type": "linear"}}, ("rope_scaling.factor is null",)),
        ({"rope_scaling": {"type": "linear", "factor": 0}}, ("rope_scaling.factor is 0",)),
        ({"rope_scaling": {"type": "llama3", **LLAMA3, "high_freq_factor": 1.0}}, ("low_freq_factor is 1.0", "below")),
        ({"rope_scaling": {"type": "llama3", "factor": 8}}, ("low_freq_factor is null",)),
        ({"rope_scaling": {"type": "yarn", "factor": 4, "truncate": 1}}, ("truncate is 1", "true or false")),
        ({"rope_scaling": {"type": "yarn", "factor": 4, "beta_fast": "x"}}, ("beta_fast is 'x'",)),
        ({"rope_scaling": {"type": "longrope", "short_factor": [1.0] * 7}}, ("short_factor is 7 values", "8 finite")),
        ({"rope_scaling": {"type": "longrope"}}, ("short_factor is null",)),
        ({"rope_scaling": {"type": "linear"}, "partial_rotary_factor": 0.5}, ("partial_rotary_factor is 0.5",)),
    ],
)  # fmt: skip
def test_rule_04_what_can_be_read_in_two_ways_is_refused(
    tmp_path: Path, changes: dict[str, Any], words: tuple[str, ...]
) -> None:
    message = refused(tmp_path, changes)
    assert "config.json: " in message and message.isprintable()
    for word in words:
        assert word in message


def test_partial_rotation_is_ignored_and_said(tmp_path: Path) -> None:
    model = opened(tmp_path, {"partial_rotary_factor": 0.5})
    assert model.notes == ("partial_rotary_factor = 0.5 is ignored, as transformers does",)
    assert model.description.inverse_frequencies() == opened(tmp_path, {}).description.inverse_frequencies()
    assert opened(tmp_path, {"partial_rotary_factor": 1.0}).notes == ()


def test_yarn_by_other_keys(tmp_path: Path) -> None:
    def attention(**values: object) -> float:
        scaling = {"type": "yarn", "factor": 4.0, **values}
        return opened(tmp_path, {"rope_scaling": scaling}).description.features.rope.attention_factor

    assert attention(attention_factor=0.7) == 0.7
    assert attention(mscale=1.0, mscale_all_dim=1.0) == 1
    assert attention(mscale=1.0) == pytest.approx(1.138629436), "one alone does not count"
    without = frequencies(tmp_path, {"rope_scaling": {"type": "yarn", "factor": 4.0}})
    stated = frequencies(
        tmp_path, {"rope_scaling": {"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 64}}
    )
    assert without == stated, "the original length is max_position_embeddings where it is not stated"
    beside = {"rope_scaling": {"type": "yarn", "factor": 4.0}, "original_max_position_embeddings": 16}
    assert frequencies(tmp_path, beside) != without


def test_rule_05_dynamic_is_the_default_up_to_its_length(tmp_path: Path) -> None:
    model = opened(tmp_path, {"rope_scaling": {"type": "dynamic", "factor": 2.0}})
    assert model.description.inverse_frequencies() == opened(tmp_path, {}).description.inverse_frequencies()
    model = opened(tmp_path, {"rope_scaling": {"type": "dynamic", "factor": 2.0}})
    assert model.description.seq_len == 64 and model.description.features.rope.scaling == "dynamic"
    assert model.notes == (
        "dynamic RoPE depends on the length of the text beyond 64 positions: the context ends there",
    )


def test_rule_05_longrope_ends_at_the_original_length(tmp_path: Path) -> None:
    scaling = {"type": "longrope", "short_factor": [2.0] * 8, "long_factor": [9.0] * 8}
    changes = {"rope_scaling": scaling, "original_max_position_embeddings": 16, "max_position_embeddings": 32}
    model = opened(tmp_path, changes)
    assert model.description.seq_len == 16
    assert model.description.features.rope.attention_factor == pytest.approx(1.1180, abs=5e-5)
    assert model.description.inverse_frequencies()[:2] == pytest.approx((0.5, 0.5 * 10**-0.5))
    assert "longrope depends on the length of the text beyond 16 positions" in model.notes[0]
    scaling["attention_factor"] = 1.5  # type: ignore[assignment]
    assert opened(tmp_path, changes).description.features.rope.attention_factor == 1.5
