"""Damaged GGUF files: a typed error or a valid model, bounded memory and time."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from checkpoints import gguf_files as files
from checkpoints.damaging import flips, open_damaged

from llmproc.checkpoints.gguf.tensor_types import TENSOR_TYPES
from llmproc.checkpoints.model_file import open_model
from llmproc.errors import CheckpointError

ARCHITECTURES = ("llama", "qwen2", "qwen3", "smollm3", "granite")
EDGES = [0, 1, 2, 3, 31, 33, 255, 256, 65535, 1 << 31, (1 << 31) - 1, (1 << 32) - 1]
WIDE_EDGES = [*EDGES, 1 << 32, 1 << 61, 1 << 62, 1 << 63, (1 << 64) - 1]


def writer(folder: Path) -> Callable[[bytes], Path]:
    def write(data: bytes) -> Path:
        (folder / "m.gguf").write_bytes(data)
        return folder / "m.gguf"

    return write


def head_of(good: bytes) -> int:
    return good.index(b"blk.1.ffn_down.weight") + 64


def flip_all(folder: Path, seed: int, count: int) -> None:
    for number, architecture in enumerate(ARCHITECTURES):
        good = files.gguf_bytes(*files.small_model(architecture))
        seen = flips(writer(folder), good, head_of(good), seed + number, count // len(ARCHITECTURES))
        assert seen["valid"] and seen["refused"], (architecture, seen)


def test_flips(tmp_path: Path) -> None:
    flip_all(tmp_path, seed=1, count=200)


@pytest.mark.soak
def test_two_thousand_flips(tmp_path: Path) -> None:
    flip_all(tmp_path, seed=100, count=2000)


def broken(draw: random.Random) -> bytes:
    """A file in which one number of the head is a number at which readers go wrong."""
    pairs, tensors = files.small_model(draw.choice(ARCHITECTURES))
    choice = draw.randrange(4)
    if choice == 0:
        key = draw.choice([key for key in pairs if pairs[key][0] == files.U32])
        kind = draw.choice((files.U32, files.U64, files.I64))
        wide = draw.choice(EDGES if kind == files.U32 else WIDE_EDGES)
        pairs[key] = (kind, wide - (1 << 64) if kind == files.I64 and wide >= 1 << 63 else wide)
    elif choice == 1:
        key = draw.choice(list(pairs))
        pairs[key] = draw.choice(other_values())
    elif choice == 2:
        name = draw.choice(list(tensors))
        kind, shape, data = tensors[name]
        other = draw.choice([*TENSOR_TYPES, 4, 16, 38, 1 << 31])
        sizes = draw.choice([shape, shape[::-1], (*shape, 1), (1, *shape), (draw.choice(WIDE_EDGES), 32), (0,)])
        tensors[name] = (draw.choice((kind, other)), sizes, data)
    else:
        good = bytearray(files.gguf_bytes(pairs, tensors))
        at = draw.randrange(4, head_of(bytes(good)))
        good[at : at + 8] = draw.choice(WIDE_EDGES).to_bytes(8, "little")
        return bytes(good)
    return files.gguf_bytes(pairs, tensors)


def other_values() -> list[tuple[int, Any]]:
    numbers = [(files.F32, number) for number in (0.0, -1.0, 1e38, float("inf"), float("nan"), 1e-42)]
    return [
        *numbers,
        (files.F64, 5e-324),
        (files.BOOL, True),
        (files.STRING, ""),
        (files.STRING, "\n\x1b[31m\u202e"),
        (files.STRING, "x" * 5000),
        (files.ARRAY, (files.STRING, ["a\n"] * 7)),
        (files.ARRAY, (files.I32, [2, 2])),
        (files.ARRAY, (files.F32, [float("nan")] * 2)),
    ]


def break_many(folder: Path, seed: int, count: int) -> None:
    write, draw = writer(folder), random.Random(seed)
    open_model(write(files.gguf_bytes(*files.small_model()))).load()
    refused = 0
    tracemalloc.start()
    try:
        for number in range(count):
            data = broken(draw)
            refused += not open_damaged(write(data), f"file {number}", len(data), most=4)
    finally:
        tracemalloc.stop()
    assert count // 2 < refused < count


def test_broken_files(tmp_path: Path) -> None:
    break_many(tmp_path, seed=1, count=100)


@pytest.mark.soak
def test_five_hundred_broken_files(tmp_path: Path) -> None:
    break_many(tmp_path, seed=2, count=500)


@pytest.mark.parametrize("number", sorted(TENSOR_TYPES))
def test_random_bytes_of_every_type_are_refused_by_name(tmp_path: Path, number: int) -> None:
    """Among thousands of random scales (or values) one is infinite."""
    kind, random_bytes = TENSOR_TYPES[number], random.Random(number)
    pairs, tensors = files.small_model(dim=256, hidden=256, heads=4, head_dim=64)
    for name, (_, shape, _) in list(tensors.items()):
        if len(shape) == 2:
            nbytes = int(np.prod(shape)) // kind.block * kind.block_bytes
            tensors[name] = (number, shape, random_bytes.randbytes(nbytes))
    path = writer(tmp_path)(files.gguf_bytes(pairs, tensors))
    with pytest.raises(CheckpointError, match="must be finite"):
        open_model(path).load()


def test_noise_behind_the_magic_is_refused(tmp_path: Path) -> None:
    draw, write = random.Random(3), writer(tmp_path)
    for _ in range(60):
        with pytest.raises(CheckpointError):
            open_model(write(b"GGUF\3\0\0\0" + draw.randbytes(draw.randrange(600))))


def test_a_huge_head_costs_little_memory(tmp_path: Path) -> None:
    """A sparse file of 8 GiB that claims as much in strings and numbers as it has bytes."""
    import struct

    path = tmp_path / "huge.gguf"
    for kind, count in ((files.STRING, 1 << 29), (files.U8, 1 << 32), (files.STRING, 1 << 17)):
        head = (
            b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + files.string("a") + struct.pack("<IIQ", files.ARRAY, kind, count)
        )
        with path.open("wb") as file:
            file.write(head)
            file.truncate(8 << 30)
        tracemalloc.start()
        try:
            with pytest.raises(CheckpointError):
                open_model(path)
            assert tracemalloc.get_traced_memory()[1] < 16 << 20
        finally:
            tracemalloc.stop()
