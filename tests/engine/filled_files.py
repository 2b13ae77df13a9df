"""Files of small models, and what memory holds after it was filled from one. Used by tests of filling."""

from __future__ import annotations

import mmap
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from checkpoints import gguf_files, invalid_checkpoints
from checkpoints.hugging_face_folders import small_arrays, stored, write_folder

from llmproc.checkpoints.gguf.random_blocks import RandomBlocks
from llmproc.checkpoints.gguf.tensor_types import TYPE_NUMBERS, TYPES_BY_NAME
from llmproc.checkpoints.model_file import ModelFile, open_model
from llmproc.config import EngineOptions
from llmproc.engine.loading import pack_model, plan_model
from llmproc.engine.packing import Packing, padded
from llmproc.simd.layout import LANES

Progress = Callable[[int, int], None]
SIZES = {"dim": 256, "hidden": 512, "heads": 4, "kv_heads": 2, "head_dim": 64, "vocab": 50, "context": 64}
OWN = "GGUF", "safetensors", "llama2.c legacy", "llama2.c version 1", "llama2.c version 2"


def filled(model: ModelFile, options: EngineOptions, progress: Progress = lambda *at: None) -> tuple[Packing, bytes]:
    """Fill memory from a file, as the template does."""
    packing = plan_model(model, options)
    memory = mmap.mmap(-1, packing.size)  # not closed: an error's traceback holds arrays over it
    pack_model(model, packing, memoryview(memory), options, progress)
    return packing, memory[:]


def vector_in(packing: Packing, memory: bytes, name: str, layer: int | None, part: str, length: int) -> np.ndarray:
    """A norm or bias as the kernels find it."""
    return np.frombuffer(memory, np.float32, length, packing.vectors[name, layer, part])


def matrix_in(packing: Packing, memory: bytes, name: str, layer: int | None) -> np.ndarray:
    """A matrix of float32 as the kernels find it, back in rows."""
    place = packing.matrices[name, layer]
    tiles = np.frombuffer(memory, np.float32, padded(place.rows) * place.columns, place.values)
    rows = tiles.reshape(-1, place.columns, LANES).swapaxes(1, 2).reshape(-1, place.columns)
    assert not rows[place.rows :].any(), "rows that fill no tile up are zero"
    return rows[: place.rows]


# -- GGUF files of any types


def mixed_gguf(path: Path, types: Mapping[str, str], architecture: str = "llama", seed: int = 1, **sizes: int) -> Path:
    """Write a model whose matrices are of `types`, by the end of a name (`ffn_down.weight`); "" is for all others."""
    chosen = {**SIZES, **sizes}
    blocks, random = RandomBlocks(seed), np.random.default_rng(seed)
    tensors: dict[str, Any] = {}
    for name, array in gguf_files.small_arrays(architecture, seed, **chosen).items():
        if array.ndim == 2:
            kind = TYPES_BY_NAME[next(kind for end, kind in types.items() if name.endswith(end))]
            raw = b"".join(piece.tobytes() for piece in blocks.matrix(kind, array.shape))
            tensors[name] = TYPE_NUMBERS[kind.name], array.shape, raw
        else:
            tensors[name] = gguf_files.floats(random.uniform(0.8, 1.2, array.shape))
    path.write_bytes(gguf_files.gguf_bytes(gguf_files.small_pairs(architecture, **chosen), tensors))
    return path


# -- a small model of each format


def small_file(folder: Path, form: str) -> ModelFile:
    """One of OWN, with tensors of every sort that the format has."""
    if form == "GGUF":
        pairs, tensors = gguf_files.small_model("qwen2")
        (folder / "m.gguf").write_bytes(gguf_files.gguf_bytes(pairs, tensors))
        return open_model(folder / "m.gguf")
    if form == "safetensors":
        arrays = {name: stored(array) for name, (_, array) in small_arrays("qwen3").items()}
        return open_model(write_folder(folder / "m", "qwen3", None, arrays))
    (folder / "m.bin").write_bytes(invalid_checkpoints.valid(form.removeprefix("llama2.c "), shared=0))
    return open_model(folder / "m.bin")


def weights_of(model: ModelFile) -> Path:
    """The file that holds the weights of a `small_file`."""
    return model.path / "model.safetensors" if model.path.is_dir() else model.path
