"""Models for guarded_program: every feature at once over odd sizes, and a file in which all of GGUF's types stand."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
from checkpoints import gguf_files
from engine.naive_models import Model, random_model

from llmproc.checkpoints.features import ModelFeatures, RotaryEmbedding
from llmproc.checkpoints.gguf.random_blocks import RandomBlocks
from llmproc.checkpoints.gguf.tensor_types import TENSOR_TYPES, TYPE_NUMBERS
from llmproc.checkpoints.tensors import matrix_shape

BIASED = ("w1", "w2", "w3", "wk", "wo", "wq", "wv")
FILE = {"dim": 256, "hidden": 512, "layers": 3, "heads": 8, "kv_heads": 4, "head_dim": 32, "vocab": 37, "context": 330}


def with_features(seed: int, window: int, shape: dict[str, int]) -> Model:
    """A float32 model with biases, norms of queries and keys, a window, scaled angles, a layer that is not rotated."""
    d, weights = random_model(seed, "f32", **shape)
    random = np.random.default_rng(seed)
    frequencies = tuple(np.linspace(1, 0.01, d.head_dim // 2).tolist())
    d = dataclasses.replace(
        d,
        features=ModelFeatures(
            rope=RotaryEmbedding("half-split", "any", frequencies, 1.1), biases=BIASED, query_key_norm=True,
            windows=(0, window), no_rope_layers=(1,),
        ),
    )  # fmt: skip

    def vector(length: int, middle: float) -> np.ndarray:
        return random.uniform(middle - 0.3, middle + 0.3, length).astype(np.float32)

    layers = [
        dataclasses.replace(
            layer, biases={name: vector(matrix_shape(d, name)[0], 0) for name in BIASED},
            q_norm=vector(d.head_dim, 1), k_norm=vector(d.head_dim, 1),
        )
        for layer in weights.layers
    ]  # fmt: skip
    return d, dataclasses.replace(weights, layers=layers)


def write_of_every_type(path: Path, seed: int = 0) -> None:
    """A GGUF file whose matrices take one type after the other, beginning with type `seed`."""
    arrays, blocks, kinds = gguf_files.small_arrays("qwen2", **FILE), RandomBlocks(seed), list(TENSOR_TYPES.values())
    tensors, number = {}, seed
    for name, array in arrays.items():
        if array.ndim == 1:
            tensors[name] = gguf_files.floats(array / 8 if name.endswith("bias") else np.ones_like(array))
            continue
        kind = kinds[number % len(kinds)]
        raw = b"".join(np.ascontiguousarray(part).tobytes() for part in blocks.matrix(kind, array.shape))
        tensors[name], number = (TYPE_NUMBERS[kind.name], array.shape, raw), number + 1
    path.write_bytes(gguf_files.gguf_bytes(gguf_files.small_pairs("qwen2", **FILE), tensors))
