"""Models for the engine's tests: a naive loader that shares nothing with `checkpoints`, and random models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.weights import Int8Matrix, LayerWeights, Weights

Model = tuple[ModelDescription, Weights]
MATRICES = ("wq", "wk", "wv", "wo", "w1", "w2", "w3")


def shapes(d: ModelDescription) -> dict[str, tuple[int, int]]:
    width = d.n_heads * d.head_dim
    return {
        "wq": (width, d.dim), "wk": (d.kv_dim, d.dim), "wv": (d.kv_dim, d.dim), "wo": (d.dim, width),
        "w1": (d.hidden_dim, d.dim), "w2": (d.dim, d.hidden_dim), "w3": (d.hidden_dim, d.dim),
    }  # fmt: skip


class Cursor:
    """Reads arrays one behind the other."""

    def __init__(self, data: bytes, offset: int) -> None:
        self.data, self.offset = data, offset

    def take(self, dtype: str, *shape: int) -> np.ndarray:
        count = int(np.prod(shape))
        array = np.frombuffer(self.data, dtype, count, self.offset).reshape(shape)
        self.offset += array.nbytes
        return array

    def int8(self, rows: int, columns: int, group: int) -> Int8Matrix:
        return Int8Matrix(self.take("i1", rows, columns), self.take("<f4", rows, columns // group))


def load_version_2(path: Path) -> Model:
    data = path.read_bytes()
    dim, hidden, layers, heads, kv_heads, vocab, length = np.frombuffer(data, "<i4", 7, 8).tolist()
    shared, group = bool(data[36]), int(np.frombuffer(data, "<i4", 1, 37)[0])
    head_dim = dim // heads
    d = ModelDescription(dim, hidden, layers, heads, kv_heads, vocab, length, head_dim, shared, "int8", group)
    cursor = Cursor(data, 256)
    attention, ffn, final = cursor.take("<f4", layers, dim), cursor.take("<f4", layers, dim), cursor.take("<f4", dim)
    embedding = cursor.int8(vocab, dim, group)
    parts = {name: [cursor.int8(*shapes(d)[name], group) for _ in range(layers)] for name in MATRICES}
    classifier = embedding if shared else cursor.int8(vocab, dim, group)
    assert cursor.offset == len(data)
    rows = [LayerWeights(attention[i], ffn[i], **{name: parts[name][i] for name in MATRICES}) for i in range(layers)]
    return d, Weights(embedding, rows, final, classifier)


def load_legacy(path: Path) -> Model:
    data = path.read_bytes()
    dim, hidden, layers, heads, kv_heads, vocab, length = np.frombuffer(data, "<i4", 7, 0).tolist()
    shared, vocab, head_dim = vocab > 0, abs(vocab), dim // heads
    d = ModelDescription(dim, hidden, layers, heads, kv_heads, vocab, length, head_dim, shared, "f32", 0)
    cursor = Cursor(data, 28)
    embedding, attention = cursor.take("<f4", vocab, dim), cursor.take("<f4", layers, dim)
    parts = {name: cursor.take("<f4", layers, *shapes(d)[name]) for name in MATRICES[:4]}
    ffn = cursor.take("<f4", layers, dim)
    parts |= {name: cursor.take("<f4", layers, *shapes(d)[name]) for name in MATRICES[4:]}
    final, _ = cursor.take("<f4", dim), cursor.take("<f4", length, head_dim)
    classifier = embedding if shared else cursor.take("<f4", vocab, dim)
    assert cursor.offset == len(data)
    rows = [LayerWeights(attention[i], ffn[i], **{name: parts[name][i] for name in MATRICES}) for i in range(layers)]
    return d, Weights(embedding, rows, final, classifier)


def random_model(seed: int = 0, weight_type: str = "int8", group: int = 4, **sizes: Any) -> Model:
    """A model of any shape with random weights; its norms are near one, its logits spread a few units."""
    random = np.random.default_rng(seed)
    chosen = {
        "dim": 16,
        "hidden_dim": 24,
        "n_layers": 2,
        "n_heads": 4,
        "n_kv_heads": 2,
        "vocab_size": 50,
        "seq_len": 64,
    }
    chosen |= sizes
    head_dim = chosen.pop("head_dim", chosen["dim"] // chosen["n_heads"])
    d = ModelDescription(
        **chosen, head_dim=head_dim, shared_classifier=False, weight_type=weight_type,
        group_size=group if weight_type == "int8" else 0,
    )  # fmt: skip

    def matrix(rows: int, columns: int) -> Any:
        if weight_type == "f32":
            return (random.standard_normal((rows, columns)) * 2 / np.sqrt(columns)).astype(np.float32)
        values = random.integers(-128, 128, (rows, columns), dtype=np.int8)
        scales = random.uniform(0.5, 1.5, (rows, columns // group)) / 32 / np.sqrt(columns)
        return Int8Matrix(values, scales.astype(np.float32))

    def norm() -> np.ndarray:
        return random.uniform(0.5, 1.5, d.dim).astype(np.float32)

    rows = [
        LayerWeights(norm(), norm(), **{name: matrix(*shape) for name, shape in shapes(d).items()})
        for _ in range(d.n_layers)
    ]
    return d, Weights(matrix(d.vocab_size, d.dim), rows, norm(), matrix(d.vocab_size, d.dim))
