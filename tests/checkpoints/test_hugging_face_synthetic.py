"""Synthetic folders: what is written is what is read, in little memory, whole or not at all; tokenizers work."""

from __future__ import annotations

import dataclasses
import json
import math
import os
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from checkpoints.conversions import same_logits
from text.random_texts import random_texts

from llmproc.checkpoints.architectures import ARCHITECTURES
from llmproc.checkpoints.conversion.gguf_target import write_as_gguf
from llmproc.checkpoints.huggingface.safetensors import read_safetensors
from llmproc.checkpoints.huggingface.safetensors_writer import SafetensorPlan, write_safetensors
from llmproc.checkpoints.huggingface.synthetic import write_synthetic_folder
from llmproc.checkpoints.model_file import open_model
from llmproc.checkpoints.synth_shapes import MODEL_SHAPES, SynthModel, synthetic_model
from llmproc.errors import CheckpointError, UsageError
from llmproc.text.tokenizers.folder import load_folder_tokenizer
from llmproc.text.tokenizers.gguf import load_gguf_tokenizer
from llmproc.text.tokenizers.made_vocabulary import byte_level_vocabulary, sentencepiece_vocabulary
from llmproc.text.tokenizers.tokenizer_json_writer import folder_files

FILES = [
    "chat_template.jinja", "config.json", "generation_config.json", "model.safetensors", "tokenizer.json",
    "tokenizer_config.json",
]  # fmt: skip


def tiny(architecture: str | None = None) -> SynthModel:
    return synthetic_model("tiny", architecture, gguf=False)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("weights", ["f32", "bf16"])
def test_what_is_written_is_what_is_read(tmp_path: Path, architecture: str, weights: str) -> None:
    path = tmp_path / "model"
    written = write_synthetic_folder(path, tiny(architecture), weights, 1)
    read = open_model(path)
    assert dataclasses.asdict(read.description) == {**dataclasses.asdict(written), "end_tokens": (0, 2)}
    assert read.notes == () and sorted(os.listdir(path)) == FILES and os.listdir(tmp_path) == ["model"]
    assert read.description.features.architecture == architecture
    head = read_safetensors(path / "model.safetensors")
    assert {info.dtype for info in head.tensors.values()} == {weights.upper()}
    config = json.loads((path / "config.json").read_text())
    assert "rope_theta" not in config and config["rope_parameters"]["rope_type"] == "default"
    assert config["dtype"] == {"f32": "float32", "bf16": "bfloat16"}[weights]


@pytest.mark.parametrize("weights", ["f32", "f16", "bf16"])
def test_weights_are_spread_as_real_ones(tmp_path: Path, weights: str) -> None:
    write_synthetic_folder(tmp_path / "m", tiny("qwen2"), weights, 3)
    found = open_model(tmp_path / "m").load().weights
    for layer in found.layers:
        for name in ("wq", "wo", "w2"):
            matrix = np.asarray(getattr(layer, name), np.float32)
            assert abs(matrix.std() * math.sqrt(matrix.shape[1]) - 1) < 0.05
        assert 0.89 <= layer.ffn_norm.min() <= layer.ffn_norm.max() <= 1.1
        assert set(layer.biases) == {"wq", "wk", "wv"} and np.abs(layer.biases["wq"]).max() <= 0.1


def test_the_seed_decides_the_bytes(tmp_path: Path) -> None:
    contents = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        write_synthetic_folder(tmp_path / name, tiny(), "bf16", seed)
        contents.append({file.name: file.read_bytes() for file in (tmp_path / name).iterdir()})
    assert contents[0] == contents[1] != contents[2]
    assert contents[0]["tokenizer.json"] == contents[2]["tokenizer.json"]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_its_gguf_is_the_same_model_with_the_same_tokenizer(tmp_path: Path, architecture: str) -> None:
    folder, gguf = tmp_path / "m", tmp_path / "m.gguf"
    write_synthetic_folder(folder, tiny(architecture), "f32", 1)
    write_as_gguf(open_model(folder), gguf, None, None)
    assert same_logits(folder, gguf)
    ours, theirs = tokenizer_of_gguf(gguf), load_folder_tokenizer(folder, 1024)
    for text in random_texts(60):
        assert ours.encode(text) == theirs.encode(text)
    assert ours.bos == theirs.bos == (None if architecture in ("llama", "qwen2", "qwen3", "granite") else 0)
    assert set(theirs.eos) == {0, 2} <= set(ours.eos)


def tokenizer_of_gguf(path: Path) -> Any:
    model: Any = open_model(path)
    return load_gguf_tokenizer(path, model.metadata, model.description.vocab_size)


def test_llama3_scaling_stands_in_the_config(tmp_path: Path) -> None:
    model = synthetic_model("llama-3.2-1b", None, gguf=False)
    small = dataclasses.replace(
        model.description, n_layers=1, dim=128, hidden_dim=128, n_heads=2, n_kv_heads=1, vocab_size=600
    )
    write_synthetic_folder(tmp_path / "m", dataclasses.replace(model, description=small), "f16", 1)
    read = open_model(tmp_path / "m").description
    assert read.features.rope.scaling == "llama3" and read.weight_type == "f16"
    assert read.inverse_frequencies() == model.description.inverse_frequencies()


def test_little_memory(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    tracemalloc.start()
    try:
        model = synthetic_model("smollm-135m", None, gguf=False)
        small = dataclasses.replace(model, description=dataclasses.replace(model.description, vocab_size=4096))
        write_synthetic_folder(tmp_path / "m", small, "bf16", 1, lambda done, total: seen.append((done, total)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    size = (tmp_path / "m" / "model.safetensors").stat().st_size
    assert size > 200e6 and peak < 60e6 and seen[-1] == (size, size)
    (tmp_path / "m" / "model.safetensors").unlink()


def test_a_folder_that_is_there_stays(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "mine").write_text("x")
    with pytest.raises(CheckpointError, match="folder is there: must be absent or an empty folder"):
        write_synthetic_folder(tmp_path / "m", tiny(), "bf16", 1)
    assert os.listdir(tmp_path / "m") == ["mine"] and os.listdir(tmp_path) == ["m"]
    (tmp_path / "m" / "mine").unlink()
    write_synthetic_folder(tmp_path / "m", tiny(), "bf16", 1)
    assert open_model(tmp_path / "m").size > 1e6


def test_an_interrupted_folder_leaves_nothing(tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_synthetic_folder(tmp_path / "m", tiny(), "bf16", 1, stop)
    assert os.listdir(tmp_path) == []
    with pytest.raises(CheckpointError, match="unwritable"):
        write_synthetic_folder(tmp_path / "no" / "m", tiny(), "bf16", 1)
    with pytest.raises(UsageError, match="--weights is q8_0: must be one of f32, f16, bf16"):
        write_synthetic_folder(tmp_path / "m", tiny(), "q8_0", 1)


def test_safetensors_of_another_size(tmp_path: Path) -> None:
    plan = SafetensorPlan("wq", "weight", "x", "F16", (3, 5))
    assert plan.nbytes == 30
    with pytest.raises(ValueError, match="x has 28 bytes, it must have 30"):
        write_safetensors(tmp_path / "x", [plan], lambda _: [np.zeros(14, "<f2")])
    assert os.listdir(tmp_path) == []
    write_safetensors(tmp_path / "x", [plan, plan._replace(name="y")], lambda _: [np.ones((3, 5), "<f2")])
    assert {name: info.shape for name, info in read_safetensors(tmp_path / "x").tensors.items()} == {
        "x": (3, 5), "y": (3, 5),
    }  # fmt: skip
    assert int.from_bytes((tmp_path / "x").read_bytes()[:8], "little") % 8 == 0, "data begins at a multiple of 8"


@pytest.mark.parametrize("pre", ["smollm", "qwen2", "llama-bpe", "tekken"])
def test_tokenizer_json_gives_the_ids_of_its_vocabulary(tmp_path: Path, pre: str) -> None:
    vocabulary = byte_level_vocabulary(3000, pre, adds_bos=pre == "llama-bpe")
    for name, content in folder_files(vocabulary).items():
        (tmp_path / name).write_bytes(content)
    tokenizer = load_folder_tokenizer(tmp_path, 3000)
    assert tokenizer.bos == (0 if pre == "llama-bpe" else None) and tokenizer.notes == ()
    assert [tokenizer.piece(token) for token in range(3)] == [b"<|endoftext|>", b"<|im_start|>", b"<|im_end|>"]
    for text in random_texts(40):
        assert tokenizer.decode(tokenizer.encode(text)).decode() == text


def test_a_vocabulary_without_merges_has_no_tokenizer_json() -> None:
    with pytest.raises(ValueError, match="a vocabulary of llama has no merges"):
        folder_files(sentencepiece_vocabulary(600))


def test_every_shape_has_a_config_of_its_architecture() -> None:
    from llmproc.checkpoints.huggingface.config_writer import config_json

    for shape, found in MODEL_SHAPES.items():
        model = synthetic_model(shape, None, gguf=False)
        config = config_json(model.description, model.scaling, "BF16", None)
        assert config["model_type"] == found.architecture and config["vocab_size"] == found.vocab_size
        assert list(config) == sorted(config) and isinstance(config["rms_norm_eps"], float)
