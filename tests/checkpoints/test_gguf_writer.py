"""GGUF files: read back byte by byte, by the gguf package, and by llama.cpp, whose logits must be ours."""

from __future__ import annotations

import dataclasses
import importlib.util
import os
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from checkpoints import naive_gguf
from checkpoints.ggml_cases import take_q4_0_apart, take_q8_0_apart

from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.ggml_types import converted_weights, dequantise
from llmproc.checkpoints.gguf import writer as gguf_writer
from llmproc.checkpoints.gguf.writer import write_gguf
from llmproc.checkpoints.model_file import open_model
from llmproc.checkpoints.synth import SHAPES, write_synthetic
from llmproc.checkpoints.weight_types import converted_description
from llmproc.checkpoints.weights import Int8Matrix, Q4Matrix, Weights
from llmproc.config import WEIGHT_TYPES
from llmproc.engine.reference import Reference
from llmproc.errors import CheckpointError, UsageError

TINY = dataclasses.replace(SHAPES["tiny"], weight_type="f32", group_size=0)
OWN = dataclasses.replace(TINY, shared_classifier=False, n_kv_heads=4, vocab_size=101, seq_len=300)
TENSOR_TYPES = {"f32": 0, "f16": 1, "q4": 2, "int8": 8}
FILE_TYPES = {"f32": 0, "f16": 1, "q4": 2, "int8": 7}
LLAMA_NAMES = {
    "attn_norm": "attention_norm", "ffn_norm": "ffn_norm", "attn_q": "wq", "attn_k": "wk", "attn_v": "wv",
    "attn_output": "wo", "ffn_gate": "w1", "ffn_down": "w2", "ffn_up": "w3",
}  # fmt: skip


def _model(folder: Path, shape: ModelDescription, seed: int = 5) -> Weights:
    write_synthetic(folder / "model.bin", shape, seed, "version 1")
    return open_model(folder / "model.bin").load().weights


def _ours(weights: Weights, name: str) -> Any:
    """What stands in Weights under llama.cpp's name."""
    parts = name.removesuffix(".weight").split(".")
    if parts[0] == "blk":
        return getattr(weights.layers[int(parts[1])], LLAMA_NAMES[parts[2]])
    return {"token_embd": weights.embedding, "output_norm": weights.final_norm, "output": weights.classifier}[parts[0]]


def _expected_names(description: ModelDescription) -> set[str]:
    names = {f"blk.{layer}.{name}.weight" for layer in range(description.n_layers) for name in LLAMA_NAMES}
    own = set() if description.shared_classifier else {"output.weight"}
    return names | own | {"token_embd.weight", "output_norm.weight"}


@pytest.mark.parametrize("shape", [TINY, OWN], ids=["shared classifier", "own classifier"])
@pytest.mark.parametrize("weight_type", WEIGHT_TYPES)
def test_every_byte_is_where_it_belongs(tmp_path: Path, weight_type: str, shape: ModelDescription) -> None:
    weights = _model(tmp_path, shape)
    path = tmp_path / "model.gguf"
    write_gguf(path, shape, weights, weight_type)
    metadata, tensors = naive_gguf.read(path)
    assert set(tensors) == _expected_names(shape)
    arrays = converted_weights(weights, weight_type, path)
    for name, (kind, found_shape, raw) in tensors.items():
        ours = _ours(arrays, name)
        if isinstance(ours, np.ndarray):
            assert kind == (1 if ours.dtype == np.float16 else 0) and found_shape == ours.shape
            assert raw == ours.tobytes(), name
            continue
        assert kind == TENSOR_TYPES[weight_type] and found_shape == ours.values.shape
        take_apart = take_q8_0_apart if weight_type == "int8" else take_q4_0_apart
        values, scales = take_apart(np.frombuffer(raw, np.uint8))
        assert np.array_equal(values, ours.values.reshape(-1, 32)), name
        assert np.array_equal(scales, ours.scales.view(np.uint16).reshape(-1)), name
    assert all(tensors[name][0] == 0 for name in tensors if "norm" in name), "norms stay float32"
    assert metadata["general.file_type"] == FILE_TYPES[weight_type]
    assert sorted(os.listdir(tmp_path)) == ["model.bin", "model.gguf"]


def test_metadata(tmp_path: Path) -> None:
    shape = dataclasses.replace(
        OWN, norm_eps=1e-3, rope_theta=500000.0, n_kv_heads=2, vocab_size=300, end_tokens=(5, 2)
    )
    write_gguf(
        tmp_path / "m.gguf", shape, _model(tmp_path, dataclasses.replace(OWN, n_kv_heads=2, vocab_size=300)), "f32"
    )
    metadata, _ = naive_gguf.read(tmp_path / "m.gguf")
    tokens = metadata.pop("tokenizer.ggml.tokens")
    scores, kinds = metadata.pop("tokenizer.ggml.scores"), metadata.pop("tokenizer.ggml.token_type")
    assert metadata.pop("llama.attention.layer_norm_rms_epsilon") == pytest.approx(1e-3)
    assert metadata == {
        "general.architecture": "llama",
        "general.name": "llmproc",
        "general.alignment": 32,
        "general.file_type": 0,
        "general.quantization_version": 2,
        "llama.vocab_size": 300,
        "llama.context_length": 300,
        "llama.embedding_length": 64,
        "llama.block_count": 2,
        "llama.feed_forward_length": 192,
        "llama.attention.head_count": 4,
        "llama.attention.head_count_kv": 2,
        "llama.rope.dimension_count": 16,
        "llama.rope.freq_base": 500000.0,
        "tokenizer.ggml.model": "llama",
        "tokenizer.ggml.unknown_token_id": 0,
        "tokenizer.ggml.bos_token_id": 1,
        "tokenizer.ggml.eos_token_id": 5,
    }
    assert len(tokens) == len(scores) == len(kinds) == len(set(tokens)) == 300
    assert tokens[:4] == ["<unk>", "<s>", "</s>", "<0x00>"] and tokens[258:260] == ["<0xFF>", "<token 259>"]
    assert kinds[:4] == [2, 3, 3, 6] and kinds[258:] == [6] + [1] * 41 and not any(scores)


@pytest.mark.parametrize("vocab_size", [2, 3, 259, 260])
def test_placeholders_of_any_vocabulary(tmp_path: Path, vocab_size: int) -> None:
    shape = dataclasses.replace(TINY, vocab_size=vocab_size)
    write_gguf(tmp_path / "m.gguf", shape, _model(tmp_path, shape), "q4")
    metadata, _ = naive_gguf.read(tmp_path / "m.gguf")
    for part in ("tokens", "scores", "token_type"):
        assert len(metadata[f"tokenizer.ggml.{part}"]) == vocab_size
    assert metadata["tokenizer.ggml.eos_token_id"] == min(2, vocab_size - 1)


def test_converted_arrays_are_written_as_they_are(tmp_path: Path) -> None:
    weights = _model(tmp_path, TINY)
    for weight_type in WEIGHT_TYPES:
        write_gguf(tmp_path / "a.gguf", TINY, weights, weight_type)
        arrays = converted_weights(weights, weight_type, "model.bin")
        description = converted_description(TINY, weight_type, "model.bin")
        write_gguf(tmp_path / "b.gguf", description, arrays, weight_type)
        assert (tmp_path / "a.gguf").read_bytes() == (tmp_path / "b.gguf").read_bytes()


def test_pieces_make_no_difference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = _model(tmp_path, TINY)
    for weight_type in ("int8", "q4"):
        write_gguf(tmp_path / "a.gguf", TINY, weights, weight_type)
        with monkeypatch.context() as patch:
            patch.setattr(gguf_writer, "PIECE_GROUPS", 7)
            write_gguf(tmp_path / "b.gguf", TINY, weights, weight_type)
        assert (tmp_path / "a.gguf").read_bytes() == (tmp_path / "b.gguf").read_bytes()


@pytest.mark.parametrize("weight_type", ["int8", "q4", "f16"])
def test_one_matrix_at_a_time(tmp_path: Path, weight_type: str) -> None:
    """16 MB of float32 whose largest matrix has 1 MB: never a second copy of the model in memory."""
    shape = dataclasses.replace(TINY, dim=256, hidden_dim=1024, n_layers=4, n_heads=4, head_dim=64, vocab_size=256)
    weights = _model(tmp_path, shape)
    tracemalloc.start()
    try:
        write_gguf(tmp_path / "m.gguf", shape, weights, weight_type)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 3e6


# --- what is refused


def test_groups_that_gguf_cannot_hold(tmp_path: Path) -> None:
    write_synthetic(tmp_path / "model.bin", "tiny", 1)
    header = open_model(tmp_path / "model.bin")
    weights = header.load().weights
    with pytest.raises(UsageError, match="the weights are int8 in groups of 64 with float32 scales: GGUF holds"):
        write_gguf(tmp_path / "m.gguf", header.description, weights, "int8")
    with pytest.raises(UsageError, match="--weights is q4: must be int8"):
        write_gguf(tmp_path / "m.gguf", header.description, weights, "q4")
    narrow = dataclasses.replace(SHAPES["tiny"], group_size=32)
    write_synthetic(tmp_path / "model.bin", narrow, 1)
    with pytest.raises(UsageError, match="int8 in groups of 32 with float32 scales"):
        write_gguf(tmp_path / "m.gguf", narrow, open_model(tmp_path / "model.bin").load().weights, "int8")
    assert os.listdir(tmp_path) == ["model.bin"]


def test_what_does_not_fit_leaves_the_old_file(tmp_path: Path) -> None:
    weights = _model(tmp_path, TINY)
    path = tmp_path / "m.gguf"
    write_gguf(path, TINY, weights, "q4")
    before = path.read_bytes()
    with pytest.raises(ValueError, match=r"layer 0 w1 is \(192, 64\), it must be \(160, 64\)"):
        write_gguf(path, dataclasses.replace(TINY, hidden_dim=160), weights, "f32")
    with pytest.raises(UsageError, match=r"w2 of .* has 172"):
        write_gguf(path, dataclasses.replace(TINY, hidden_dim=172), weights, "int8")
    with pytest.raises(ValueError, match="embedding is q4, only float32 can be converted to int8"):
        write_gguf(path, TINY, converted_weights(weights, "q4", "m"), "int8")
    weights.layers[1].w3[0, 0] = 1e30
    with pytest.raises(CheckpointError, match=r"layer 1 w3: largest magnitude is 1e\+30"):
        write_gguf(path, TINY, weights, "f16")
    weights.layers[0].ffn_norm[3] = np.inf
    with pytest.raises(CheckpointError, match="layer 0 ffn_norm is not finite"):
        write_gguf(path, TINY, weights, "f32")
    with pytest.raises(CheckpointError, match="is a directory: must be a regular file"):
        write_gguf(tmp_path, TINY, weights, "f32")
    assert path.read_bytes() == before and sorted(os.listdir(tmp_path)) == ["m.gguf", "model.bin"]


# --- other readers


@pytest.mark.parametrize("weight_type", WEIGHT_TYPES)
def test_the_gguf_package_reads_the_same_numbers(tmp_path: Path, weight_type: str) -> None:
    gguf = pytest.importorskip("gguf", reason="the gguf package is not installed")
    weights = _model(tmp_path, OWN)
    write_gguf(tmp_path / "m.gguf", OWN, weights, weight_type)
    reader = gguf.GGUFReader(tmp_path / "m.gguf")
    assert {tensor.name for tensor in reader.tensors} == _expected_names(OWN)
    arrays = converted_weights(weights, weight_type, "model.bin")
    for tensor in reader.tensors:
        read = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
        ours = _ours(arrays, tensor.name)
        expected = dequantise(ours) if isinstance(ours, (Int8Matrix, Q4Matrix)) or ours.ndim == 2 else ours
        assert np.array_equal(read.reshape(expected.shape), expected), tensor.name
    assert reader.fields["llama.block_count"].contents() == 2
    assert reader.fields["tokenizer.ggml.tokens"].contents()[:2] == ["<unk>", "<s>"]
    del reader, tensor, read  # the file is mapped


VARIANTS = {
    "shared classifier": TINY,
    "own classifier, other constants": dataclasses.replace(OWN, norm_eps=0.05, rope_theta=300.0),
}
BOUNDS = {"f32": 1e-5, "f16": 5e-3, "int8": 0.06, "q4": 0.06}  # llama.cpp rounds activations to the weights' kind


@pytest.mark.parametrize("name", sorted(VARIANTS))
@pytest.mark.parametrize("weight_type", WEIGHT_TYPES)
def test_llama_cpp_computes_the_same_logits(tmp_path: Path, weight_type: str, name: str) -> None:
    if importlib.util.find_spec("llama_cpp") is None:
        pytest.skip("llama-cpp-python is not installed")
    description = VARIANTS[name]
    written = dataclasses.replace(description, norm_eps=1e-5, rope_theta=10000.0)  # no checkpoint holds other constants
    weights = _model(tmp_path, written)
    path = tmp_path / "m.gguf"
    write_gguf(path, description, weights, weight_type)
    tokens = [1, 40, 7, 9, 9, 100, 3, 55, 50, 60, 70, 80]
    program = Path(__file__).parent / "llama_cpp_logits.py"
    command = [sys.executable, str(program), str(path), str(tmp_path / "logits.npy"), *map(str, tokens)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr[-2000:]
    found = np.load(tmp_path / "logits.npy")
    arrays = converted_weights(weights, weight_type, path)
    reference = Reference(converted_description(description, weight_type, path), arrays, c_order=False)
    expected = np.stack([reference.forward(token, position) for position, token in enumerate(tokens)])
    assert found.shape == expected.shape == (len(tokens), description.vocab_size)
    error = np.linalg.norm(found - expected, axis=1) / np.linalg.norm(expected, axis=1)
    assert error.max() < BOUNDS[weight_type], error
    if name != "shared classifier" and weight_type == "f32":
        plain = Reference(written, weights, c_order=False)
        others = np.stack([plain.forward(token, position) for position, token in enumerate(tokens)])
        assert np.abs(others - expected).max() > 0.1, "the constants matter, so they were read from the file"
