"""Random models with any features of `checkpoints.features` together, each matrix in a weight type of its own."""

from __future__ import annotations

from typing import Any

import numpy as np

from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.features import ModelFeatures, Multipliers, RotaryEmbedding
from llmproc.checkpoints.ggml_types import convert
from llmproc.checkpoints.tensors import HEAD_NORMS, MATRICES, all_tensors, tensor_shape
from llmproc.checkpoints.weights import Weights, assemble
from llmproc.config import WEIGHT_TYPES

LAYERS, CONTEXT, VOCABULARY = 3, 64, 40
BIASED = ("w1", "w2", "w3", "wk", "wo", "wq", "wv")


def random_features(random: np.random.Generator, head_dim: int) -> ModelFeatures:
    pairs = ("interleaved", "half-split")[random.integers(2)]
    frequencies = tuple(np.sort(random.uniform(0.001, 1, head_dim // 2))[::-1]) if random.integers(2) else ()
    rope = RotaryEmbedding(pairs, "any", frequencies, float(random.uniform(0.8, 1.2)))  # type: ignore[arg-type]
    return ModelFeatures(
        rope=rope,
        biases=tuple(name for name in BIASED if random.integers(2)),
        query_key_norm=bool(random.integers(2)),
        windows=tuple(int(w) for w in random.integers(0, 9, LAYERS)) if random.integers(2) else (),
        no_rope_layers=tuple(layer for layer in range(LAYERS) if random.integers(3) == 0),
        multipliers=random_multipliers(random) if random.integers(2) else Multipliers(),
    )


def random_multipliers(random: np.random.Generator) -> Multipliers:
    embedding, residual, attention, logits = random.uniform(0.3, 3, 4)
    return Multipliers(embedding, residual, attention / 5 if random.integers(2) else None, logits)


def featured_model(seed: int, mixed: bool = True) -> tuple[ModelDescription, Weights]:
    """A model whose columns are multiples of 32; its logits spread a unit or two. `mixed`: of all weight types."""
    random = np.random.default_rng(seed)
    kv_heads, group, head_dim = int(random.integers(1, 4)), int(random.integers(1, 4)), 32
    d = ModelDescription(
        64, 96, LAYERS, kv_heads * group, kv_heads, VOCABULARY, CONTEXT, head_dim, bool(random.integers(2)), "f32", 0,
        norm_eps=1e-5, rope_theta=float(random.choice([100.0, 10000.0])), features=random_features(random, head_dim),
    )  # fmt: skip
    kinds = {name: WEIGHT_TYPES[random.integers(4)] for name, *_ in all_tensors(d)}

    def load(name: str, layer: int | None, part: str) -> Any:
        shape = tensor_shape(d, name)
        if part == "bias":
            return (random.standard_normal(shape[0]) * 0.2).astype(np.float32)
        if name not in MATRICES:
            low, high = (0.5, 1.5) if name in HEAD_NORMS else (0.8, 1.2)
            return random.uniform(low, high, shape).astype(np.float32)
        matrix = (random.standard_normal(shape) * 1.3 / np.sqrt(shape[1])).astype(np.float32)
        return convert(matrix, kinds[name] if mixed else "f32", "model", name)

    return d, assemble(d, load)
