"""Conversions to llama2.c's format: the same numbers, groups as they are, and all it cannot say by name."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from checkpoints.conversions import folder_with_tokenizer, same_logits, synthetic

from llmproc.checkpoints.conversion.llama2c_target import inexpressible, write_as_llama2c
from llmproc.checkpoints.ggml_types import dequantise
from llmproc.checkpoints.model_file import open_model
from llmproc.checkpoints.rotation_order import with_pairs
from llmproc.checkpoints.synth import SHAPES
from llmproc.errors import CheckpointError


@pytest.mark.parametrize("weights", ["f32", "q8_0"])
@pytest.mark.parametrize("dtype", ["F32", "BF16"])
def test_a_plain_folder_as_llama2c(tmp_path: Path, weights: str, dtype: str) -> None:
    folder = folder_with_tokenizer(tmp_path / "folder", family="smollm", dtype=dtype)
    notes = write_as_llama2c(open_model(folder), tmp_path / "model.bin", weights, None)
    assert any("does not cut text into words as smollm does" in note for note in notes)
    found = open_model(tmp_path / "model.bin")
    assert found.version == ("version 1" if weights == "f32" else "version 2")
    if weights == "f32":
        assert same_logits(folder, tmp_path / "model.bin")
    source = open_model(folder)
    _, one = with_pairs(source.description, source.load().weights, "interleaved")
    for name in ("wq", "wk", "wo", "w2"):
        first, second = (
            dequantise(getattr(one.layers[2], name)),
            dequantise(getattr(found.load().weights.layers[2], name)),
        )
        assert np.abs(first - second).max() <= (0 if weights == "f32" else np.abs(first).max() / 250)


def test_q8_0_groups_are_taken_as_they_are(tmp_path: Path) -> None:
    model = synthetic(tmp_path, "q8_0")
    write_as_llama2c(model, tmp_path / "model.bin", "q8_0", None)
    assert open_model(tmp_path / "model.bin").description.group_size == 32
    one, other = model.load().weights, open_model(tmp_path / "model.bin").load().weights
    for name in ("wq", "w2"):
        first, second = getattr(one.layers[0], name), getattr(other.layers[0], name)
        assert np.array_equal(first.values, second.values)
        assert np.array_equal(first.scales.astype(np.float32), second.scales)


@pytest.mark.parametrize(
    ("architecture", "changes", "message"),
    [
        ("qwen2", {}, r"model is qwen2 with biases \(wk, wq, wv\): llama2.c's format holds plain Llama models only"),
        ("qwen3", {}, "model is qwen3 with norms of queries and keys"),
        ("smollm3", {"rope_theta": 1e4}, "model is smollm3 with layers without RoPE: "),
        ("mistral", {"sliding_window": 8, "num_key_value_heads": 2}, "mistral with a sliding window: "),
        ("llama", {"rope_theta": 5e5}, "llama with RoPE theta 500000: "),
        ("llama", {"rms_norm_eps": 1e-6}, "llama with norm epsilon 1e-06: "),
        ("llama", {"rope_scaling": {"type": "linear", "factor": 2.0}}, "llama with linear RoPE scaling: "),
        (
            "llama",
            {"rope_theta": 5e5, "rms_norm_eps": 1e-6},
            "llama with RoPE theta 500000, norm epsilon 1e-06: ",
        ),
    ],
)
def test_what_llama2c_cannot_say_is_named(
    tmp_path: Path, architecture: str, changes: dict[str, Any], message: str
) -> None:
    folder = folder_with_tokenizer(tmp_path / "folder", architecture, "smollm", **changes)
    before = set(os.listdir(tmp_path))
    with pytest.raises(CheckpointError, match=message):
        write_as_llama2c(open_model(folder), tmp_path / "model.bin", None, None)
    assert set(os.listdir(tmp_path)) == before


def test_heads_of_another_width_are_named(tmp_path: Path) -> None:
    description = dataclasses.replace(SHAPES["tiny"], head_dim=32)
    assert list(inexpressible(description)) == ["4 heads of 32 in a width of 64"]
    assert list(inexpressible(SHAPES["tiny"])) == []
