"""From a checked header to arrays: the file copied into memory of our own, and views of it without a copy.

Serves the template (which gives shared memory as the buffer), the NumPy reference, training and tests. The file is
never mapped: a mapped file that somebody truncates kills its reader with SIGBUS. No arithmetic on weights here.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.llama2c.header import Header, parse_header, read_header
from llmproc.checkpoints.llama2c.layout import LAYER_TENSORS, ROPE_TABLES, Layout, Span, file_size, spans
from llmproc.checkpoints.source_file import identity, open_regular, read_exactly, refuse

Float32: TypeAlias = npt.NDArray[np.float32]
Float16: TypeAlias = npt.NDArray[np.float16]
Floats: TypeAlias = Float32 | Float16
FINITE_CHUNK = 1 << 16  # values judged at once: stays in cache, costs 64 KiB


@dataclass(frozen=True, slots=True)
class Int8Matrix:
    """A quantised matrix: row r, column c stands for values[r, c] * scales[r, c // group]."""

    values: npt.NDArray[np.int8]  # (rows, cols)
    scales: Floats  # (rows, cols // group); float32 in llama2.c's files, float16 in GGUF's Q8_0


@dataclass(frozen=True, slots=True)
class Q4Matrix:
    """A 4-bit matrix: row r, column c stands for (values[r, c] - 8) * scales[r, c // 32]."""

    values: npt.NDArray[np.uint8]  # (rows, cols), 0..15, one in a byte
    scales: Float16  # (rows, cols // 32)


Matrix: TypeAlias = Int8Matrix | Q4Matrix | Floats


@dataclass(frozen=True, slots=True)
class LayerWeights:
    """One layer. Matrices are (outputs, inputs), norms (dim,)."""

    attention_norm: Float32
    ffn_norm: Float32
    wq: Matrix  # (dim, dim)
    wk: Matrix  # (kv_dim, dim)
    wv: Matrix  # (kv_dim, dim)
    wo: Matrix  # (dim, dim)
    w1: Matrix  # (hidden_dim, dim), gate
    w2: Matrix  # (dim, hidden_dim), down
    w3: Matrix  # (hidden_dim, dim), up


@dataclass(frozen=True, slots=True)
class Weights:
    """A whole model; `classifier is embedding` when the file shares them."""

    embedding: Matrix  # (vocab_size, dim)
    layers: list[LayerWeights]
    final_norm: Float32
    classifier: Matrix  # (vocab_size, dim)


def read_into(header: Header, buffer: memoryview) -> None:
    """Copy the whole file (header too) into the first `header.size` bytes of `buffer`.

    CheckpointError when the file is no longer the one `header` was read from, or changes while it is read;
    ValueError when the buffer is too small or read-only. After an error the buffer's content means nothing.
    """
    if buffer.readonly or buffer.nbytes < header.size:
        raise ValueError(f"the buffer must be writable and hold {header.size} bytes, it has {buffer.nbytes}")
    with open_regular(header.path) as (fd, before), buffer.cast("B") as everything:
        if before.st_size != header.size:
            rule = f"must still be the {header.size} bytes its header was checked for"
            raise refuse(header.path, "file size", f"{before.st_size} bytes", rule)
        with everything[: header.size] as target:
            read_exactly(header.path, fd, target)
            head = bytes(target[:256])
        if identity(os.fstat(fd)) != identity(before):
            raise refuse(header.path, "file", "changed", "must not be written to while it is read")
    if parse_header(header.path, head, header.size) != header:
        raise refuse(header.path, "header", "changed", "must still be the one that was checked")


def view_weights(description: ModelDescription, layout: Layout, buffer: memoryview) -> Weights:
    """Views of a file that `read_into` copied into `buffer`; nothing is copied, and the buffer must outlive them.

    The views are writable exactly if the buffer is. ValueError when the buffer is too small for the description.
    """
    size = file_size(description, layout)
    if buffer.nbytes < size:
        raise ValueError(f"the buffer has {buffer.nbytes} bytes, the description implies {size}")
    single: dict[str, Any] = {}
    layers: list[dict[str, Any]] = [{} for _ in range(description.n_layers)]
    for span in spans(description, layout):
        if span.name in ROPE_TABLES:
            continue
        owner = single if span.layer is None else layers[span.layer]
        owner[span.name] = _view(description, span, buffer)
    single.setdefault("classifier", single["embedding"])
    return Weights(layers=[LayerWeights(**layer) for layer in layers], **single)


def _view(description: ModelDescription, span: Span, buffer: memoryview) -> Matrix:
    count = int(np.prod(span.shape, dtype=object))
    if span.scales_offset is None:
        return np.frombuffer(buffer, "<f4", count, span.offset).reshape(span.shape)
    rows, cols = span.shape
    group = description.group_size
    return Int8Matrix(
        values=np.frombuffer(buffer, np.int8, count, span.offset).reshape(rows, cols),
        scales=np.frombuffer(buffer, "<f4", count // group, span.scales_offset).reshape(rows, cols // group),
    )


def check_finite(weights: Weights, path: Path | str) -> None:
    """CheckpointError naming the first tensor with a NaN or an infinity: one would become token 0 for ever."""
    for label, array in named_floats(weights):
        flat = array.reshape(-1)
        for start in range(0, flat.size, FINITE_CHUNK):
            finite = np.isfinite(flat[start : start + FINITE_CHUNK])
            if not finite.all():
                index = start + int(finite.argmin())
                raise refuse(path, label, f"{flat[index]} at index {index}", "must be finite")


def named_floats(weights: Weights) -> Iterator[tuple[str, Floats]]:
    """Every float array with the name messages use, e.g. `layer 3 wq scales`; a shared classifier once."""
    tensors: list[tuple[str, Matrix]] = [("embedding", weights.embedding), ("final_norm", weights.final_norm)]
    if weights.classifier is not weights.embedding:
        tensors.append(("classifier", weights.classifier))
    for number, layer in enumerate(weights.layers):
        tensors += [(f"layer {number} {name}", getattr(layer, name)) for name in sorted(LAYER_TENSORS)]
    for label, tensor in tensors:
        yield (f"{label} scales", tensor.scales) if isinstance(tensor, (Int8Matrix, Q4Matrix)) else (label, tensor)


def load_checkpoint(path: Path | str) -> tuple[Header, Weights]:
    """Header and finite weights of `path` in private memory, for everything that runs in one process.

    CheckpointError as in read_header, read_into and check_finite.
    """
    header = read_header(path)
    buffer = np.empty(header.size, np.uint8).data
    read_into(header, buffer)
    weights = view_weights(header.description, header.layout, buffer)
    check_finite(weights, path)
    return header, weights
