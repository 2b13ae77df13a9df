"""Conversions between formats: the same logits at every position, types bit for bit, or a refusal by name."""

from __future__ import annotations

import dataclasses
import os
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from checkpoints import hugging_face_folders, naive_gguf
from checkpoints.conversions import SIZES, folder_with_tokenizer, letters_tokenizer, logits, same_logits, synthetic
from checkpoints.parity_models import MODELS
from checkpoints.test_gguf_split import split

from llmproc.checkpoints.conversion import gguf_target
from llmproc.checkpoints.conversion.gguf_target import WEIGHTS, rounded_to_bf16, write_as_gguf
from llmproc.checkpoints.conversion.llama2c_target import write_as_llama2c
from llmproc.checkpoints.ggml_types import dequantise
from llmproc.checkpoints.gguf.model_file import GgufFile
from llmproc.checkpoints.model_file import open_model
from llmproc.checkpoints.synth import SHAPES, write_synthetic
from llmproc.config import shipped_file
from llmproc.errors import CheckpointError, TokenizerError, UsageError

SHIPPED, SHIPPED_TOKENIZER = shipped_file("model", "model.bin"), shipped_file("tokenizer", "tokenizer.bin")
REFUSED = {  # of the parity models, what GGUF cannot say
    "llama, longrope": "RoPE scaling is longrope: must be default, linear, llama3 or yarn: ",
    "qwen2, window in later layers": "sliding window is 16: must be absent: a GGUF file of qwen2 does not say ",
    "qwen3, window in later layers": "sliding window is 16: must be absent: a GGUF file of qwen3 does not say ",
    "qwen3, layer types": "sliding window is 32: must be absent: a GGUF file of qwen3 does not say ",
    "smollm3, a list of its own": r"layers without RoPE is \[0\]: must be \[\]: ",
}


# --- to GGUF


@pytest.mark.parametrize("name", sorted(MODELS))
def test_every_feature_of_a_folder_survives_or_is_refused(tmp_path: Path, name: str) -> None:
    """formats.md 28: at position 0 wrong conversions agree too, so every position is looked at."""
    folder = MODELS[name].write(tmp_path / "folder")
    model, out = open_model(folder), tmp_path / "model.gguf"
    tokenizer = letters_tokenizer(tmp_path / "tokenizer.bin", model.description.vocab_size)
    if name in REFUSED:
        with pytest.raises(CheckpointError, match=REFUSED[name]):
            write_as_gguf(model, out, None, tokenizer)
        assert not out.exists()
        return
    write_as_gguf(model, out, None, tokenizer)
    assert same_logits(folder, out, 2e-5, 200)


@pytest.mark.parametrize("architecture", ["llama", "qwen2", "qwen3", "smollm3", "mistral"])
def test_rows_of_queries_and_keys_change_places_where_they_must(tmp_path: Path, architecture: str) -> None:
    """formats.md 8: permuted for llama and smollm3 only."""
    folder = folder_with_tokenizer(tmp_path / "folder", architecture)
    write_as_gguf(open_model(folder), tmp_path / "model.gguf", None, None)
    one, other = open_model(folder).load().weights, open_model(tmp_path / "model.gguf").load().weights
    moved = not np.array_equal(dequantise(one.layers[1].wq), dequantise(other.layers[1].wq))
    assert moved == (architecture in ("llama", "smollm3", "mistral"))
    assert np.array_equal(dequantise(one.layers[1].wv), dequantise(other.layers[1].wv))
    assert same_logits(folder, tmp_path / "model.gguf")


@pytest.mark.parametrize("dtype", ["F32", "F16", "BF16"])
def test_types_are_kept(tmp_path: Path, dtype: str) -> None:
    folder = folder_with_tokenizer(tmp_path / "folder", dtype=dtype)
    write_as_gguf(open_model(folder), tmp_path / "model.gguf", None, None)
    found = open_model(tmp_path / "model.gguf")
    assert isinstance(found, GgufFile)
    assert {info.type.name for info in found.tensors.values() if len(info.shape) == 2} == {dtype}
    with found.weight_source() as ours, open_model(folder).weight_source() as theirs:
        for layer in range(2):
            assert np.array_equal(ours.values("w2", layer), theirs.values("w2", layer))  # type: ignore[attr-defined]
            assert np.array_equal(ours.vector("ffn_norm", layer, "weight"), theirs.vector("ffn_norm", layer, "weight"))


@pytest.mark.parametrize("weights", ["q4_k_m", "q6_k", "mxfp4", "q8_0"])
def test_a_gguf_file_copied_keeps_every_block(tmp_path: Path, weights: str) -> None:
    model = synthetic(tmp_path, weights)
    write_as_gguf(model, tmp_path / "copy.gguf", None, None)
    (_, before), (metadata, after) = as_read_back(model.path), as_read_back(tmp_path / "copy.gguf")
    assert after == before
    assert metadata["general.name"] == "random tiny" and metadata["tokenizer.ggml.model"] == "gpt2"


def as_read_back(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Metadata and the tensors' bytes by the reader under test: naive_gguf knows four types only."""
    found = open_model(path)
    assert isinstance(found, GgufFile)
    data = path.read_bytes()
    return dict(found.metadata), {
        name: (info.type.name, info.shape, data[info.offset : info.offset + info.nbytes])
        for name, info in found.tensors.items()
    }


@pytest.mark.parametrize("weights", WEIGHTS)
def test_wanted_types(tmp_path: Path, weights: str) -> None:
    model = synthetic(tmp_path, "q6_k")
    write_as_gguf(model, tmp_path / "out.gguf", weights, None)
    found = open_model(tmp_path / "out.gguf")
    assert isinstance(found, GgufFile)
    kinds = {info.type.name for info in found.tensors.values() if len(info.shape) == 2}
    assert kinds == {weights.upper()} and found.metadata["general.file_type"] in (0, 1, 2, 7, 32)
    with model.weight_source() as before, found.weight_source() as after:
        for name in ("wq", "w1"):
            one, other = before.values(name, 2), after.values(name, 2)
            error = np.abs(one - other).max() / np.abs(one).max()
            assert error <= {"f32": 0, "f16": 6e-4, "bf16": 4e-3, "q8_0": 6e-3, "q4_0": 0.13}[weights]
            assert weights == "f32" or error > 0


def test_rounding_twice_is_said(tmp_path: Path) -> None:
    again = "matrices that are quantised already are quantised again to q8_0: without --weights they stay exact"
    assert write_as_gguf(open_model(SHIPPED), tmp_path / "a.gguf", "q8_0", SHIPPED_TOKENIZER) == (again,)
    assert write_as_gguf(synthetic(tmp_path, "q6_k"), tmp_path / "b.gguf", "q8_0", None) == (again,)
    assert write_as_gguf(synthetic(tmp_path, "f16"), tmp_path / "c.gguf", "q8_0", None) == ()
    assert write_as_gguf(synthetic(tmp_path, "f32"), tmp_path / "d.gguf", "q8_0", None) == ()
    folder = folder_with_tokenizer(tmp_path / "folder")
    assert write_as_gguf(open_model(folder), tmp_path / "e.gguf", "q8_0", None) == ()


@pytest.mark.parametrize(
    ("bits", "found"),
    [
        (0x3F800000, 0x3F80), (0x3F808000, 0x3F80), (0x3F818000, 0x3F82), (0x3F808001, 0x3F81), (0x3F807FFF, 0x3F80),
        (0xBF818000, 0xBF82), (0x00000000, 0x0000), (0x80000000, 0x8000), (0x7F7F0000, 0x7F7F), (0x00008001, 0x0001),
    ],
)  # fmt: skip
def test_bf16_rounds_halves_to_even(bits: int, found: int) -> None:
    values = np.array([[bits]], np.uint32).view(np.float32)
    assert rounded_to_bf16(values, Path("x"), "w").tolist() == [[found]]


def test_rows_in_pieces_are_all_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.arange(70, dtype=np.float32).reshape(10, 7)
    for size in (1, 20, 21, 1000):
        monkeypatch.setattr(gguf_target, "_PIECE", size)
        pieces = list(gguf_target.row_pieces(values))
        assert np.array_equal(np.concatenate(pieces), values)
        assert len(pieces) == {1: 10, 20: 5, 21: 4, 1000: 1}[size]


def test_what_bf16_cannot_hold_is_refused() -> None:
    values = np.array([[1, -3.4e38]], np.float32)
    with pytest.raises(CheckpointError, match=r"layer 1 wq: largest magnitude is 3.4e\+38: must be at most 3.3895e38"):
        rounded_to_bf16(values, Path("x"), "layer 1 wq")


def test_split_files_become_one(tmp_path: Path) -> None:
    first = split(tmp_path)
    write_as_gguf(open_model(first), tmp_path / "one.gguf", None, None)
    metadata, tensors = as_read_back(tmp_path / "one.gguf")
    assert not any(key.startswith("split.") for key in metadata) and len(tensors) == 20
    assert same_logits(first, tmp_path / "one.gguf", 0)


def test_the_shipped_model_comes_back_bit_for_bit(tmp_path: Path) -> None:
    gguf, back = tmp_path / "model.gguf", tmp_path / "back"
    back.mkdir()
    assert write_as_gguf(open_model(SHIPPED), gguf, None, SHIPPED_TOKENIZER) == ()
    metadata, tensors = naive_gguf.read(gguf)
    assert {kind for kind, _, _ in tensors.values()} == {0} and metadata["general.file_type"] == 0
    write_as_llama2c(open_model(gguf), back / "model.bin", None, None)
    assert (back / "model.bin").read_bytes() == SHIPPED.read_bytes()
    assert (back / "tokenizer.bin").read_bytes() == SHIPPED_TOKENIZER.read_bytes()
    assert sorted(os.listdir(back)) == ["model.bin", "tokenizer.bin", "tokenizer.meta.json"]


# --- refusals, memory


def test_a_window_that_never_bites_is_left_out(tmp_path: Path) -> None:
    folder = folder_with_tokenizer(tmp_path / "folder", "mistral", sliding_window=64, num_key_value_heads=2)
    assert write_as_gguf(open_model(folder), tmp_path / "a.gguf", None, None) == ()
    assert open_model(tmp_path / "a.gguf").description.features.windows == ()
    folder = folder_with_tokenizer(tmp_path / "folder", "mistral", sliding_window=8, num_key_value_heads=2)
    notes = write_as_gguf(open_model(folder), tmp_path / "b.gguf", None, None)
    assert notes == ("llama.cpp ignores the sliding window of 8 in such a file: it differs from position 8 on",)
    assert same_logits(folder, tmp_path / "b.gguf")


@pytest.mark.parametrize(
    ("weights", "to", "message"),
    [
        ("q9", write_as_gguf, "--weights is q9: must be one of f32, f16, bf16, q8_0, q4_0 with --to gguf"),
        ("f16", write_as_llama2c, "--weights is f16: must be one of q8_0, f32 with --to llama2c"),
    ],
)
def test_unknown_types(tmp_path: Path, weights: str, to: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        to(open_model(SHIPPED), tmp_path / "x", weights, SHIPPED_TOKENIZER)
    assert not os.listdir(tmp_path)


def test_rows_that_no_group_divides(tmp_path: Path) -> None:
    hugging_face_folders.write_folder(tmp_path / "folder", hidden=80)
    model = open_model(tmp_path / "folder")
    tokenizer = letters_tokenizer(tmp_path / "tokenizer.bin", 20)
    with pytest.raises(UsageError, match="--weights is q8_0: rows must be multiples of 32, those of layer 0 w2 in "):
        write_as_gguf(model, tmp_path / "x.gguf", "q8_0", tokenizer)
    assert not (tmp_path / "x.gguf").exists()


def test_a_weight_that_is_not_finite(tmp_path: Path) -> None:
    arrays = hugging_face_folders.small_arrays("llama", 1, "F32", **SIZES)
    arrays["model.layers.2.mlp.up_proj.weight"][1][3, 4] = np.nan
    folder = folder_with_tokenizer(tmp_path / "folder")
    hugging_face_folders.write_folder(folder, "llama", None, arrays, **SIZES)
    with pytest.raises(CheckpointError, match="layer 2 w3 is not finite: every weight must be finite"):
        write_as_gguf(open_model(folder), tmp_path / "x.gguf", None, None)
    assert not (tmp_path / "x.gguf").exists()


def test_llama2c_without_a_tokenizer(tmp_path: Path) -> None:
    with pytest.raises(TokenizerError, match="tokenizer is missing: must be named by --tokenizer"):
        write_as_gguf(open_model(SHIPPED), tmp_path / "x.gguf", None, None)


def test_one_tensor_at_a_time(tmp_path: Path) -> None:
    shape = dataclasses.replace(SHAPES["tiny"], n_layers=40, dim=256, hidden_dim=512, head_dim=64, vocab_size=2048)
    write_synthetic(tmp_path / "model.bin", shape, 1)
    largest = 2048 * 256 * 4
    tracemalloc.start()
    try:
        write_as_gguf(open_model(tmp_path / "model.bin"), tmp_path / "x.gguf", None, SHIPPED_TOKENIZER)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (tmp_path / "x.gguf").stat().st_size > 80e6
    assert peak < 8 * largest
    assert logits(tmp_path / "x.gguf", 3).shape == (3, 2048)
