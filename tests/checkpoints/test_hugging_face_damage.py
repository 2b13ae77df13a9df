"""Damaged Hugging Face folders: a typed error or a valid model, bounded memory and time."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from checkpoints import hugging_face_folders as folders
from checkpoints.damaging import flips, open_damaged
from checkpoints.hugging_face_folders import safetensors_bytes, small_arrays, write_folder

from llmproc.checkpoints.model_file import open_model


def writer(folder: Path, name: str) -> Callable[[bytes], Path]:
    def write(data: bytes) -> Path:
        (folder / name).write_bytes(data)
        return folder

    return write


def flip_all(folder: Path, seed: int, count: int) -> None:
    """Flip bits of the weights' header and of config.json, each in a folder of its own."""
    valid = dict.fromkeys(("model.safetensors", "config.json"), 0)
    for number, model_type in enumerate(("llama", "qwen2", "qwen3", "smollm3", "mistral", "granite")):
        place = write_folder(folder / model_type, model_type)
        for name in valid:
            good = (place / name).read_bytes()
            seen = flips(writer(place, name), good, min(len(good), 2400), seed + number, count // 10, most=8)
            (place / name).write_bytes(good)
            valid[name] += seen["valid"]
            assert seen["refused"], (model_type, name, seen)
    assert all(valid.values()), valid


def test_flips(tmp_path: Path) -> None:
    flip_all(tmp_path, seed=1, count=200)


@pytest.mark.soak
def test_two_thousand_flips(tmp_path: Path) -> None:
    flip_all(tmp_path, seed=50, count=2000)


ODD = [
    0,
    -1,
    1,
    3,
    1 << 31,
    1 << 63,
    1 << 70,
    10**400,
    1e308,
    1e-308,
    "",
    "\n\x1b[31m",
    None,
    True,
    [],
    [1],
    {},
    {"a": {}},
]


def break_many(folder: Path, seed: int, count: int) -> None:
    """Give one key of config.json or of the header a value at which readers go wrong."""
    draw, refusals = random.Random(seed), 0
    open_model(write_folder(folder)).load()
    tracemalloc.start()
    try:
        for number in range(count):
            kind = draw.choice(("llama", "qwen2", "qwen3", "smollm3", "mistral", "granite"))
            config, arrays = folders.small_config(kind), small_arrays(kind)
            if draw.random() < 0.5:
                keys = [*config, "rope_scaling", "rope_theta", "rope_parameters", "sliding_window", "layer_types"]
                write_folder(folder, kind, {draw.choice(keys): draw.choice(ODD)})
            else:
                write_folder(folder, kind)
                entry: dict[str, Any] = {"dtype": "F32", "shape": [32], "data_offsets": [0, 128]}
                entry[draw.choice(list(entry))] = draw.choice([*ODD, [draw.choice(ODD)], [draw.choice(ODD)] * 2])
                content = safetensors_bytes(arrays, header={draw.choice(list(arrays)): entry})
                (folder / "model.safetensors").write_bytes(content)
            size = (folder / "model.safetensors").stat().st_size
            refusals += not open_damaged(folder, f"folder {number}", size, most=8)
    finally:
        tracemalloc.stop()
    assert count // 2 < refusals < count


def test_broken_folders(tmp_path: Path) -> None:
    break_many(tmp_path, seed=1, count=100)


@pytest.mark.soak
def test_five_hundred_broken_folders(tmp_path: Path) -> None:
    break_many(tmp_path, seed=2, count=500)
