"""Damage done to files at random, and what must hold afterwards: a typed error or a sound model, little memory, soon.

Used by the tests of the GGUF and Hugging Face readers.
"""

from __future__ import annotations

import random
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np

from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.model_file import open_model
from llmproc.checkpoints.tensors import all_tensors, tensor_shape
from llmproc.checkpoints.weights import Int8Matrix, Q4Matrix, Weights, named_floats
from llmproc.errors import CheckpointError

PATIENCE_S = 2.0
OVERHEAD = 2 << 20  # bytes beside a multiple of the file: descriptions, names, Python's own


def require_sound(d: ModelDescription, weights: Weights) -> None:
    """What a kernel relies on, worked out from the description alone."""
    assert d.n_heads % d.n_kv_heads == 0 and d.head_dim % 2 == 0 and len(weights.layers) == d.n_layers
    features = d.features
    assert len(d.inverse_frequencies()) == d.head_dim // 2
    assert all(np.isfinite(f) and f >= 0 for f in d.inverse_frequencies()) and np.isfinite(
        features.rope.attention_factor
    )
    assert len(features.windows) in (0, d.n_layers) and all(window >= 0 for window in features.windows)
    assert all(0 <= layer < d.n_layers for layer in features.no_rope_layers)
    assert all(0 <= token < d.vocab_size for token in d.end_tokens)
    for name, layer, part in all_tensors(d):
        owner = weights if layer is None else weights.layers[layer]
        array = weights.layers[layer or 0].biases[name] if part == "bias" else getattr(owner, name)
        shape = array.values.shape if isinstance(array, (Int8Matrix, Q4Matrix)) else array.shape
        assert shape == (tensor_shape(d, name)[:1] if part == "bias" else tensor_shape(d, name)), name
    assert all(np.isfinite(array).all() for _, array in named_floats(weights))


def open_damaged(path: Path, what: str, file_bytes: int, most: int) -> bool:
    """Open and load `path`; return whether it was valid. Asserts all that is promised of a damaged file."""
    tracemalloc.reset_peak()
    before, start = tracemalloc.get_traced_memory()[0], time.perf_counter()
    valid = True
    try:
        model = open_model(path)
        weights = model.load().weights
    except CheckpointError as error:
        assert str(error).isprintable() and str(error).startswith(str(path)), what
        valid = False
    peak = tracemalloc.get_traced_memory()[1] - before
    assert peak <= most * file_bytes + OVERHEAD, f"{what}: {peak} bytes for a file of {file_bytes}"
    assert time.perf_counter() - start < PATIENCE_S, what
    if valid:
        require_sound(model.description, weights)
    return valid


def flips(
    write: Callable[[bytes], Path], good: bytes, head: int, seed: int, count: int, most: int = 4
) -> dict[str, int]:
    """Flip bits of `good`, mostly in its first `head` bytes, `count` times; return how often it stayed valid."""
    open_model(write(good)).load()  # imports and caches are not the file's memory
    draw = random.Random(seed)
    seen = {"valid": 0, "refused": 0}
    tracemalloc.start()
    try:
        for number in range(count):
            data = bytearray(good)
            for _ in range(draw.choice((1, 1, 1, 2, 3))):
                where = draw.choice((head, head, head, len(data)))
                data[draw.randrange(where)] ^= 1 << draw.randrange(8)
            path = write(bytes(data))
            del data
            seen["valid" if open_damaged(path, f"flip {number}", len(good), most) else "refused"] += 1
    finally:
        tracemalloc.stop()
    return seen
