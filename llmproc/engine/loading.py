"""From a checkpoint to a model that is ready to run: converted, packed, with its angles. One process, or a template.

Used by `service` (which packs into shared memory), bench, doctor and tests (`open_forward`, everything in one process).
"""

from __future__ import annotations

import mmap
from collections.abc import Callable
from pathlib import Path

import numpy as np

from llmproc import kernels
from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.ggml_types import convert
from llmproc.checkpoints.model_file import ModelFile, open_model
from llmproc.checkpoints.weight_types import converted_description
from llmproc.checkpoints.weights import Matrix, Weights
from llmproc.config import EngineOptions
from llmproc.engine.batch import PAGE
from llmproc.engine.forward import Forward
from llmproc.engine.packing import Packing, kind_of, padded
from llmproc.engine.workspace import Model
from llmproc.errors import UsageError
from llmproc.hardware.memory import usable_memory
from llmproc.kernels.calls import fill_angles


def plan_model(model: ModelFile, options: EngineOptions) -> Packing:
    """Plan where everything will lie. UsageError when the options do not fit the checkpoint."""
    described = converted_description(model.description, options.weights, model.path)
    converted = described.weight_type != model.description.weight_type
    if options.c_order and converted:
        raise UsageError(f"--weights is {options.weights}: the C engine's order is for weights as they are in the file")
    return Packing(described, kind_of(described, converted, options.c_order))


def pack_model(
    packing: Packing, weights: Weights, buffer: memoryview, path: Path, progress: Callable[[int, int], None]
) -> None:
    """Convert and pack every matrix. CheckpointError naming the tensor when one cannot be converted."""

    def converter(label: str, matrix: Matrix) -> Matrix:
        return convert(matrix, packing.description.weight_type, path, label)

    packing.pack(weights, buffer, converter, progress)


def make_model(packing: Packing, buffer: memoryview, options: EngineOptions) -> Model:
    """Make the model over packed memory: computes the angles, needs the kernels."""
    d = packing.description
    context = options.positions(d.seq_len)
    angles = np.empty((context, 2 * d.head_dim), np.float32)
    fill_angles(angles, np.float32(d.rope_theta))
    return Model(packing, np.frombuffer(buffer, np.uint8), angles, context)


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
    pack_model(packing, model.load().weights, memory, path, lambda done, total: None)
    return _start(packing, memory, options)


def open_weights(description: ModelDescription, weights: Weights, options: EngineOptions) -> Forward:
    """Do the same for a model in memory, stored as it is. ValueError when weights and description do not fit."""
    scales = getattr(weights.embedding, "scales", None)
    halves = scales is not None and scales.dtype == np.float16
    packing = Packing(description, kind_of(description, halves, options.c_order))
    memory = memoryview(mmap.mmap(-1, packing.size))
    packing.pack(weights, memory, lambda label, matrix: matrix, lambda done, total: None)
    return _start(packing, memory, options)


def _start(packing: Packing, memory: memoryview, options: EngineOptions) -> Forward:
    kernels.load(kernels.COMMON)
    model = make_model(packing, memory, options)
    free = usable_memory()
    available = free.usable if free.usable is not None else 1 << 30
    return Forward(model, options, pool_pages(packing.description, options, available // 2))
