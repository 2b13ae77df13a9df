"""Synthetic checkpoints: exact sizes, sane statistics, the same bytes from the same seed, little memory."""

from __future__ import annotations

import dataclasses
import math
import os
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from checkpoints.invalid_checkpoints import LAYOUTS

from llmproc.checkpoints.ggml_types import dequantise
from llmproc.checkpoints.llama2c.header import pack_header, parse_header, read_header
from llmproc.checkpoints.llama2c.layout import Layout, file_size
from llmproc.checkpoints.model_file import open_model
from llmproc.checkpoints.synth import SHAPES, write_synthetic
from llmproc.checkpoints.tensors import MATRICES
from llmproc.checkpoints.weights import Int8Matrix
from llmproc.errors import CheckpointError, UsageError


def test_sizes_of_the_shapes() -> None:
    sizes = {name: file_size(description, "version 2") for name, description in SHAPES.items()}
    assert sizes["smollm-135m"] == 143_025_664
    assert 1.2e9 < sizes["llama-3.2-1b-like"] < 1.4e9
    assert 0.5e9 < sizes["qwen2.5-0.5b-like"] < 0.6e9
    for name, description in SHAPES.items():
        head = pack_header(description, "version 2")
        assert parse_header(name, head, sizes[name]).description == description, "the format can hold it"


def test_smollm_is_written_whole_in_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    seen: list[tuple[int, int]] = []
    tracemalloc.start()
    try:
        write_synthetic(path, "smollm-135m", 1, progress=lambda done, total: seen.append((done, total)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert path.stat().st_size == 143_025_664
    assert peak < 40e6
    assert seen[-1] == (143_025_664, 143_025_664) and len(seen) > 100
    header = open_model(path)
    weights = header.load().weights
    assert header.description == SHAPES["smollm-135m"]
    assert weights.classifier is weights.embedding and len(weights.layers) == 30
    path.unlink()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_statistics(tmp_path: Path, layout: Layout) -> None:
    path = tmp_path / "model.bin"
    description = write_synthetic(path, "tiny", 5, layout)
    header = open_model(path)
    weights = header.load().weights
    assert header.description == description and header.version == layout
    for layer in weights.layers:
        for name in sorted(MATRICES - {"embedding", "classifier"}):
            matrix = getattr(layer, name)
            plain = dequantise(matrix) if isinstance(matrix, Int8Matrix) else matrix
            assert abs(plain.std() * math.sqrt(plain.shape[1]) - 1) < 0.1, name
            assert abs(plain.mean()) < 0.1 * plain.std(), name
        assert layer.ffn_norm.min() >= 0.9 and layer.attention_norm.max() <= 1.1
    if isinstance(weights.embedding, Int8Matrix):
        assert weights.embedding.values.min() == -127 and weights.embedding.values.max() == 127
        assert np.unique(weights.embedding.scales).size > 100, "a mixed-up scale must show"


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_seed_decides_the_bytes(tmp_path: Path, layout: Layout) -> None:
    contents = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        write_synthetic(tmp_path / name, "tiny", seed, layout)
        contents.append((tmp_path / name).read_bytes())
    assert contents[0] == contents[1] != contents[2]


def test_any_lawful_description_will_do(tmp_path: Path) -> None:
    shape = dataclasses.replace(SHAPES["tiny"], shared_classifier=False, group_size=32, vocab_size=100)
    path = tmp_path / "model.bin"
    assert write_synthetic(path, shape, 1) == shape
    assert read_header(path).description == shape
    with pytest.raises(CheckpointError, match="group_size is 48: must divide dim = 64"):
        write_synthetic(path, dataclasses.replace(shape, group_size=48), 1)
    assert os.listdir(tmp_path) == ["model.bin"] and read_header(path).description == shape


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("gpt-5", 1), "--shape is gpt-5: must be one of smollm-135m, "),
        (("tiny", 1, "version 3"), "--layout is version 3: must be one of version 2, "),
        (("tiny", -1), "--seed is -1: must not be negative"),
    ],
)
def test_wrong_arguments(tmp_path: Path, arguments: tuple, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        write_synthetic(tmp_path / "model.bin", *arguments)
    assert not os.listdir(tmp_path)
