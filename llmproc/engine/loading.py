"""From a checkpoint to a model that is ready to run: converted, packed, with its angles. One process, or a template.

Used by `service` (which packs into shared memory), bench, doctor and tests (`open_forward`, everything in one process).
"""

from __future__ import annotations

import dataclasses
import mmap
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from llmproc import kernels
from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.ggml_types import weight_type_of
from llmproc.checkpoints.model_file import ModelFile, open_model, stored_types
from llmproc.checkpoints.weight_source import MemorySource
from llmproc.checkpoints.weight_types import FLOATS, converted_description
from llmproc.checkpoints.weights import Int8Matrix, Weights
from llmproc.config import EngineOptions, WeightType
from llmproc.engine import libm
from llmproc.engine.batch import PAGE
from llmproc.engine.filling import distinct, fill
from llmproc.engine.forward import Forward
from llmproc.engine.packing import Packing, padded
from llmproc.engine.workspace import Model
from llmproc.errors import UsageError
from llmproc.hardware.memory import usable_memory
from llmproc.kernels.calls import fill_angles
from llmproc.kernels.entries import tile_name
from llmproc.kernels.kinds import F32_C, INT8
from llmproc.kernels.stored import TILES, Tiles

SAME = {"int8": "Q8_0", "q4": "Q4_0", "f16": "F16", "f32": "F32"}  # by `--weights`: the stored type that it makes


def plan_model(model: ModelFile, options: EngineOptions) -> Packing:
    """Plan where everything will lie. UsageError when the options do not fit the checkpoint."""
    described, wanted = conversion(model, options.weights)
    if options.c_order and wanted is not None:
        raise UsageError(f"--weights is {options.weights}: the C engine's order is for weights as they are in the file")

    def tiles_of(name: str, layer: int | None) -> Tiles:
        if wanted is not None:
            return TILES[SAME[wanted]]
        return stored_tiles(model.stored_type(name, layer), described.group_size, options.c_order)

    return Packing(described, tiles_of)


def conversion(model: ModelFile, weights: str | None) -> tuple[ModelDescription, WeightType | None]:
    """Return what is run, and the type that matrices are converted to at load; None: each as it is stored.

    Files of floats can become any type. Quantised ones stay as they are, or are run as the float32 values that they
    stand for. UsageError for a type that cannot be made of what the file holds.
    """
    held, described = stored_types(model), model.description
    if weights is None or held == {SAME.get(weights)} or (weights == "int8" and held == {"int8"}):
        return described, None
    plain = dataclasses.replace(described, weight_type="f32", group_size=0)
    if held <= FLOATS:
        described = converted_description(plain, weights, model.path)
    elif weights == "f32" and "int8" not in held:
        described = plain
    else:
        described = converted_description(described, weights, model.path, ", ".join(sorted(held)))
    return described, described.weight_type


def stored_tiles(stored: str, group: int, c_order: bool) -> Tiles:
    """Return the tiles of a matrix as it is stored."""
    if stored == "int8":
        return Tiles(INT8, group)
    return Tiles(F32_C, 1) if stored == "F32" and c_order else TILES[stored]


def variants(model: ModelFile, packing: Packing) -> list[str]:
    """Return the kernels' variants that loading and running need, for one call of `kernels.load`."""
    stored = ((model.stored_type(name, layer), place) for (name, layer), place in distinct(packing))
    return [*packing.variants, *sorted({tile_name(kind) for kind, place in stored if TILES.get(kind) == place.tiles})]


def pack_model(
    model: ModelFile, packing: Packing, buffer: memoryview, options: EngineOptions,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> str:  # fmt: skip
    """Read, check, convert and pack the weights; return the fingerprint of what was read. CheckpointError."""
    _, wanted = conversion(model, options.weights)
    with model.weight_source() as source:
        fill(packing, source, buffer, model.path, wanted, progress)
        return source.fingerprint()


def make_model(packing: Packing, buffer: memoryview, options: EngineOptions) -> Model:
    """Make the model over packed memory: computes the angles, needs the kernels."""
    d = packing.description
    context = options.positions(d.seq_len)
    angles = np.empty((context, 2 * d.head_dim), np.float32)
    fill_angles(angles, frequencies(d), d.features.rope.attention_factor)
    return Model(packing, np.frombuffer(buffer, np.uint8), angles, context)


def frequencies(description: ModelDescription) -> npt.NDArray[np.float32]:
    """Return the angle of each pair at position 1, (head_dim / 2,): the file's scaling, or theta alone, as in C."""
    scaled = description.features.rope.inverse_frequencies
    if scaled:
        return np.array(scaled, np.float32)
    exponents = np.arange(0, description.head_dim, 2, dtype=np.float32) / np.float32(description.head_dim)
    return np.float32(1) / libm.power(np.float32(description.rope_theta), exponents)


def page_bytes(description: ModelDescription, options: EngineOptions) -> int:
    """Return the bytes of one page: PAGE positions of all layers."""
    size = 2 if options.kv_type == "f16" else 4
    d = description
    return d.n_layers * d.n_kv_heads * PAGE * size * (d.head_dim + padded(d.head_dim))


def pool_pages(description: ModelDescription, options: EngineOptions, memory_bytes: int) -> int:
    """Return the pages of the KV pool: by `kv_memory`, else a full context for every sequence as far as memory goes.

    UsageError when not even one full context fits: no sequence could be sure to finish.
    """
    context = options.positions(description.seq_len)
    one, size = -(-context // PAGE), page_bytes(description, options)
    wanted = one * options.sequences
    most = (memory_bytes if options.kv_memory is None else options.kv_memory) // size
    if most < one:
        name, value = ("kv-memory", options.kv_memory) if options.kv_memory is not None else ("context", context)
        rule = f"one sequence of {context} positions needs {one * size} bytes"
        raise UsageError(f"--{name} is {value}: {rule}, there are {most * size}")
    return min(wanted, most) if options.kv_memory is None else most


def open_forward(path: Path, options: EngineOptions) -> Forward:
    """Do everything in this process: read, convert, pack, compile, start the team. `close` it."""
    model = open_model(path)
    packing = plan_model(model, options)
    memory = memoryview(mmap.mmap(-1, packing.size))  # begins on a page: tiles on cache lines
    kernels.load(kernels.COMMON, *variants(model, packing))
    pack_model(model, packing, memory, options)
    return _start(packing, memory, options)


def open_weights(description: ModelDescription, weights: Weights, options: EngineOptions) -> Forward:
    """Do the same for a model in memory, stored as it is. ValueError when weights and description do not fit."""
    packing = plan_weights(description, weights, options.c_order)
    memory = memoryview(mmap.mmap(-1, packing.size))
    fill(packing, MemorySource.of(weights), memory, "memory", None)
    return _start(packing, memory, options)


def plan_weights(description: ModelDescription, weights: Weights, c_order: bool = False) -> Packing:
    """Plan where everything of a model in memory will lie. ValueError."""
    layers = weights.layers

    def tiles_of(name: str, layer: int | None) -> Tiles:
        matrix = getattr(weights if layer is None else layers[layer], name)
        if isinstance(matrix, Int8Matrix) and matrix.scales.dtype == np.float32:
            return Tiles(INT8, description.group_size)
        stored = {"int8": "Q8_0", "q4": "Q4_0", "f16": "F16", "f32": "F32"}[weight_type_of(matrix)]
        return stored_tiles(stored, description.group_size, c_order)

    if len(layers) != description.n_layers:
        raise ValueError(f"{len(layers)} layers of weights, {description.n_layers} in the description")
    return Packing(description, tiles_of)


def _start(packing: Packing, memory: memoryview, options: EngineOptions) -> Forward:
    kernels.load(kernels.COMMON)
    model = make_model(packing, memory, options)
    free = usable_memory()
    available = free.usable if free.usable is not None else 1 << 30
    return Forward(model, options, pool_pages(packing.description, options, available // 2))
