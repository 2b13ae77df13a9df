"""Files into the engine's memory: values of any types, rows in the order that kernels rotate, little memory beside."""

from __future__ import annotations

import dataclasses
import mmap
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from checkpoints import gguf_files
from engine.feature_cases import ROPE, WITH_NORMS, model_with, single_ids
from engine.filled_files import SIZES, filled, matrix_in, mixed_gguf, small_file, vector_in
from engine.one_sequence import Model, OneSequence, bits, one_sequence
from engine.planted_errors import in_layer

from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.features import ModelFeatures
from llmproc.checkpoints.ggml_types import converted_weights
from llmproc.checkpoints.model_file import open_model
from llmproc.checkpoints.rotation_order import with_pairs
from llmproc.checkpoints.tensors import LAYER_MATRICES, tensor_shape
from llmproc.checkpoints.weight_choice import MADE, chosen_weights
from llmproc.checkpoints.weight_source import MemorySource, StoredRows
from llmproc.config import WEIGHT_TYPES, EngineOptions, WeightType
from llmproc.engine import filling
from llmproc.engine.filling import PIECE, fill
from llmproc.engine.loading import open_forward, plan_weights
from llmproc.engine.packing import Packing
from llmproc.kernels.stored import TILES, Tiles

OPTIONS = EngineOptions(threads=2)
FLOATS = (
    {"attn_q.weight": "F16", "attn_v.weight": "F16", "ffn_down.weight": "BF16", "": "F32"},
    {"attn_q.weight": "F32", "ffn_down.weight": "F16", "token_embd.weight": "F16", "": "BF16"},
)
QUANTISED = {
    "Q4_K_M": {"attn_v.weight": "Q6_K", "ffn_down.weight": "Q6_K", "token_embd.weight": "Q6_K", "": "Q4_K"},
    "old": {"attn_v.weight": "Q5_0", "ffn_down.weight": "Q5_1", "token_embd.weight": "F16", "": "Q4_0"},
    "small": {
        "attn_v.weight": "Q5_K", "ffn_down.weight": "Q3_K", "token_embd.weight": "Q8_0", "attn_q.weight": "MXFP4",
        "ffn_up.weight": "IQ4_NL", "ffn_gate.weight": "Q4_1", "": "Q2_K",
    },
}  # fmt: skip
ERROR, VISIBLE = 0.05, 0.3  # root mean squares as parts of the logits' spread: 127 steps of activations, a wrong row


def logits_of_file(path: Path, options: EngineOptions = OPTIONS) -> np.ndarray:
    with open_forward(path, options) as forward:
        return single_ids(OneSequence(forward), ids_of_file())


def logits_in_memory(model: Model) -> np.ndarray:
    with one_sequence(model, OPTIONS) as sequence:
        return single_ids(sequence, ids_of_file())


def ids_of_file() -> list[int]:
    return np.random.default_rng(1).integers(0, SIZES["vocab"], 30).tolist()


def dequantised(path: Path) -> Model:
    model = open_model(path)
    assert model.description.weight_type == "f32"
    return model.description, model.load().weights


@pytest.mark.parametrize("architecture", ["llama", "qwen2"])
@pytest.mark.parametrize("types", FLOATS, ids=["most F32", "most BF16"])
def test_floats_of_several_types_give_the_bits_of_float32(
    tmp_path: Path, types: dict[str, str], architecture: str
) -> None:
    path = mixed_gguf(tmp_path / "m.gguf", types, architecture)
    expected = logits_in_memory(dequantised(path))
    np.testing.assert_array_equal(bits(logits_of_file(path)), bits(expected))
    wide = dataclasses.replace(OPTIONS, weights="f32")
    np.testing.assert_array_equal(bits(logits_of_file(path, wide)), bits(expected))


@pytest.mark.parametrize("name", QUANTISED)
def test_quantised_types_come_near_their_float32_values(tmp_path: Path, name: str) -> None:
    path = mixed_gguf(tmp_path / "m.gguf", QUANTISED[name])
    model, found = dequantised(path), logits_of_file(path)
    expected = logits_in_memory(model)
    assert 0 < difference(found, expected) < ERROR, "or nothing was quantised"
    wide = dataclasses.replace(OPTIONS, weights="f32")
    np.testing.assert_array_equal(bits(logits_of_file(path, wide)), bits(expected))
    for matrix in LAYER_MATRICES:
        rolled: Any = np.roll(getattr(model[1].layers[0], matrix), 1, axis=0).copy()
        assert difference(logits_in_memory(in_layer(model, 0, **{matrix: rolled})), expected) > VISIBLE, matrix


def difference(found: np.ndarray, expected: np.ndarray) -> float:
    return float(np.sqrt(((found - expected) ** 2).mean()) / expected.std())


@pytest.mark.parametrize("weights", WEIGHT_TYPES)
def test_a_file_of_floats_converted_gives_the_bits_of_converted_arrays(tmp_path: Path, weights: WeightType) -> None:
    path = mixed_gguf(tmp_path / "m.gguf", FLOATS[0])
    model = open_model(path)
    described, wanted = chosen_weights(model, weights)
    assert wanted == weights
    expected = logits_in_memory((described, converted_weights(model.load().weights, weights, path)))
    found = logits_of_file(path, dataclasses.replace(OPTIONS, weights=weights))
    np.testing.assert_array_equal(bits(found), bits(expected))


# -- the order of rows


@contextmanager
def memory_of(packing: Packing) -> Iterator[memoryview]:
    with mmap.mmap(-1, packing.size) as memory, memoryview(memory) as view:
        yield view


def filled_from(model: Model) -> tuple[Packing, bytes]:
    packing = plan_weights(*model)
    with memory_of(packing) as view:
        fill(packing, MemorySource.of(model[1]), view, "memory", None)
        return packing, bytes(view)


@pytest.mark.parametrize("kinds", [("f32",), ("int8", "q4", "f16", "f32")], ids=["f32", "mixed"])
def test_both_orders_of_pairs_fill_the_same_memory(kinds: tuple[str, ...]) -> None:
    """Queries and keys, their biases and norms; and nothing else changes places."""
    features = dataclasses.replace(WITH_NORMS, rope=dataclasses.replace(ROPE, inverse_frequencies=()))
    halves = model_with(features, kinds, dim=64, hidden_dim=96, head_dim=32)
    assert halves[0].features.rope.pairs == "half-split"
    assert filled_from(halves)[1] == filled_from(with_pairs(*halves, "interleaved"))[1]
    as_they_are = dataclasses.replace(halves[0], features=with_pairs(*halves, "interleaved")[0].features)
    assert filled_from(halves)[1] != filled_from((as_they_are, halves[1]))[1]


def test_rows_of_half_split_pairs_stand_beside_each_other() -> None:
    """Row by row, without the code of the other order: row i of a head, then row i + 4."""
    d, weights = model_with(dataclasses.replace(WITH_NORMS, rope=dataclasses.replace(ROPE, inverse_frequencies=())),
                            head_dim=8)  # fmt: skip
    packing, memory = filled_from((d, weights))
    one_head = [0, 4, 1, 5, 2, 6, 3, 7]
    for number, layer in enumerate(weights.layers):
        for name, heads, norm in (("wq", 4, "q_norm"), ("wk", 2, "k_norm")):
            rows = [8 * head + row for head in range(heads) for row in one_head]
            bias = vector_in(packing, memory, name, number, "bias", len(rows))
            np.testing.assert_array_equal(bias, layer.biases[name][rows])
            np.testing.assert_array_equal(matrix_in(packing, memory, name, number), getattr(layer, name)[rows])
            found = vector_in(packing, memory, norm, number, "weight", 8)
            np.testing.assert_array_equal(found, getattr(layer, norm)[one_head])
        for name in ("wv", "wo", "w1", "w2", "w3"):
            np.testing.assert_array_equal(matrix_in(packing, memory, name, number), getattr(layer, name))
            bias = vector_in(packing, memory, name, number, "bias", tensor_shape(d, name)[0])
            np.testing.assert_array_equal(bias, layer.biases[name])


@pytest.mark.parametrize("architecture", ["qwen2", "llama"])
def test_rows_of_a_file(tmp_path: Path, architecture: str) -> None:
    """formats.md: GGUF's qwen2 is half-split, its llama is not."""
    pairs, tensors = gguf_files.small_model(architecture)
    (tmp_path / "m.gguf").write_bytes(gguf_files.gguf_bytes(pairs, tensors))
    packing, memory = filled(open_model(tmp_path / "m.gguf"), OPTIONS)
    arrays = gguf_files.small_arrays(architecture)
    one_head = [0, 4, 1, 5, 2, 6, 3, 7] if architecture == "qwen2" else list(range(8))
    rows = [8 * head + row for head in range(2) for row in one_head]
    np.testing.assert_array_equal(matrix_in(packing, memory, "wk", 1), arrays["blk.1.attn_k.weight"][rows])
    if architecture == "qwen2":
        found = vector_in(packing, memory, "wk", 1, "bias", 16)
        np.testing.assert_array_equal(found, arrays["blk.1.attn_k.bias"][rows])


def test_the_multiplier_of_logits_is_part_of_the_last_norm() -> None:
    d, weights = model_with(WITH_NORMS)
    packing, memory = filled_from((d, weights))
    found = vector_in(packing, memory, "final_norm", None, "weight", d.dim)
    np.testing.assert_array_equal(found, weights.final_norm * np.float32(0.5))


# -- pieces, and the memory that they take


@pytest.mark.parametrize("form", ["GGUF", "llama2.c version 2"])
@pytest.mark.parametrize("weights", [None, "int8"])
def test_pieces_of_any_size_fill_the_same_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str, weights: str | None
) -> None:
    model, options = small_file(tmp_path, form), dataclasses.replace(OPTIONS, weights=weights)
    whole = filled(model, options)[1]
    for piece in (1, 16 * 32 * 3):
        monkeypatch.setattr(filling, "PIECE", piece)
        assert filled(model, options)[1] == whole


class EndlessSource:
    """A WeightSource whose tensors are made as they are asked for, and noted: (name, rows, bytes)."""

    def __init__(self, description: ModelDescription, stored: str) -> None:
        self.description, self.stored, self.asked = description, stored, list[tuple[str, int, int]]()

    def __enter__(self) -> EndlessSource:
        return self

    def __exit__(self, *details: object) -> None: ...

    def vector(self, name: str, layer: int | None, part: str) -> np.ndarray:
        return np.ones(tensor_shape(self.description, name)[0], np.float32)

    def rows(self, name: str, layer: int | None, first: int, count: int) -> StoredRows:
        columns = tensor_shape(self.description, name)[1]
        nbytes = count * columns * {"F32": 4, "BF16": 2}[self.stored]
        self.asked.append((name, count, nbytes))
        return StoredRows(self.stored, np.zeros(nbytes, np.uint8), (count, columns))

    def fingerprint(self) -> str:
        return ""


@pytest.mark.parametrize(
    ("stored", "wanted", "most"), [("F32", None, 9), ("BF16", None, 4), ("BF16", "int8", 12), ("F32", "f32", 9)]
)
def test_memory_beside_the_model_is_a_few_pieces(
    monkeypatch: pytest.MonkeyPatch, stored: str, wanted: WeightType | None, most: int
) -> None:
    """`most`: bytes for each value of a piece, of which a source may make the next before the last one is let go.

    The whole model is 18 of the largest. Here they are smaller than elsewhere: tracemalloc is slow.
    """
    monkeypatch.setattr(filling, "PIECE", PIECE // 8)
    features = ModelFeatures(rope=dataclasses.replace(ROPE, inverse_frequencies=()))
    d = ModelDescription(1024, 4096, 1, 8, 2, 2051, 64, 128, False, wanted or "f32", 0, features=features)
    tiles: Tiles = TILES[MADE[wanted] if wanted else stored]
    packing, source = Packing(d, lambda name, layer: tiles), EndlessSource(d, stored)
    with memory_of(packing) as view:
        tracemalloc.start()
        try:
            fill(packing, source, view, "memory", wanted)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    largest = max(PIECE // 8, 1024 * 1024)  # wq, whose rows change places all at once
    size = {"F32": 4, "BF16": 2}[stored]
    assert max(nbytes for _, _, nbytes in source.asked) == largest * size
    assert sum(nbytes for *_, nbytes in source.asked) == size * (2 * 2051 + 4096 * 3 + 1024 * 2 + 256 * 2) * 1024
    assert sum(count for name, count, _ in source.asked if name == "w1") == 4096
    assert size * largest <= peak < most * largest + (1 << 20)
