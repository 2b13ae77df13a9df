"""Random damage: a typed error or a valid model, soon, and never more memory than twice the file."""

from __future__ import annotations

import random
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from checkpoints.invalid_checkpoints import LAYOUTS, valid

from llmproc.checkpoints.llama2c.header import Header
from llmproc.checkpoints.model_file import open_model
from llmproc.checkpoints.weights import Int8Matrix, Weights, named_floats
from llmproc.errors import CheckpointError

SHAPE = {"dim": 16, "hidden_dim": 32, "n_heads": 4, "n_kv_heads": 2, "vocab_size": 2048, "seq_len": 40}


def _is_sound(header: Header, weights: Weights) -> None:
    """What a kernel relies on, worked out anew."""
    d = header.description
    assert d.n_heads * d.head_dim == d.dim and d.n_heads % d.n_kv_heads == 0 and d.head_dim % 2 == 0
    assert len(weights.layers) == d.n_layers
    kv = d.dim // d.n_heads * d.n_kv_heads
    expected = {"wq": (d.dim, d.dim), "wk": (kv, d.dim), "wv": (kv, d.dim), "wo": (d.dim, d.dim)}
    expected |= {"w1": (d.hidden_dim, d.dim), "w2": (d.dim, d.hidden_dim), "w3": (d.hidden_dim, d.dim)}
    matrices = [(weights.embedding, (d.vocab_size, d.dim)), (weights.classifier, (d.vocab_size, d.dim))]
    for layer in weights.layers:
        assert layer.attention_norm.shape == layer.ffn_norm.shape == (d.dim,)
        matrices += [(getattr(layer, name), shape) for name, shape in expected.items()]
    for matrix, (rows, cols) in matrices:
        if isinstance(matrix, Int8Matrix):
            assert matrix.values.shape == (rows, cols)
            assert matrix.scales.shape == (rows, cols // d.group_size) and cols % d.group_size == 0
        else:
            assert matrix.shape == (rows, cols)
    assert all(np.isfinite(array).all() for _, array in named_floats(weights))


def _flip_and_load(path: Path, layout: str, seed: int, count: int) -> dict[str, int]:
    good = valid(layout, **SHAPE)
    path.write_bytes(good)
    open_model(path).load()  # imports and caches are not the file's memory
    draw = random.Random(seed)
    named = {"version 2": 41, "version 1": 37, "legacy": 28}[layout]
    seen = {"valid": 0, "refused": 0}
    tracemalloc.start()
    try:
        for number in range(count):
            data = bytearray(good)
            for _ in range(draw.choice((1, 1, 1, 2, 3))):
                where = draw.choice((named, named, named, 256, len(data)))
                data[draw.randrange(where)] ^= 1 << draw.randrange(8)
            path.write_bytes(data)
            del data
            tracemalloc.reset_peak()
            before, start = tracemalloc.get_traced_memory()[0], time.perf_counter()
            try:
                header = open_model(path)
                weights = header.load().weights
            except CheckpointError as error:
                seen["refused"] += 1
                assert str(error).isprintable() and str(error).startswith(f"{path}: "), f"flip {number}"
            else:
                seen["valid"] += 1
                peak = tracemalloc.get_traced_memory()[1]
                _is_sound(header, weights)
                del header, weights
                assert peak - before <= 2 * len(good), f"flip {number}"
                continue
            assert tracemalloc.get_traced_memory()[1] - before <= 2 * len(good), f"flip {number}"
            assert time.perf_counter() - start < 1, f"flip {number}"
    finally:
        tracemalloc.stop()
    return seen


@pytest.mark.parametrize("layout", LAYOUTS)
def test_flips(tmp_path: Path, layout: str) -> None:
    seen = _flip_and_load(tmp_path / "flipped.bin", layout, seed=1, count=100)
    assert seen["valid"] and seen["refused"], seen


@pytest.mark.soak
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_thousand_flips(tmp_path: Path, layout: str) -> None:
    seen = _flip_and_load(tmp_path / "flipped.bin", layout, seed=2, count=1000)
    assert seen["valid"] and seen["refused"], seen


def test_random_bytes_are_refused(tmp_path: Path) -> None:
    draw = random.Random(3)
    path = tmp_path / "noise.bin"
    for _ in range(50):
        path.write_bytes(draw.randbytes(draw.randrange(600)))
        with pytest.raises(CheckpointError):
            open_model(path).load()
