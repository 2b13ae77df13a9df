"""Checkpoints written in every layout we read: whole or not at all.

Used by training (export), synthetic models and tests. A header must pass our own reader's rules first, so we never
write what we would refuse. How a file takes its place in one step is `replacement`'s.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.ggml_types import dequantise
from llmproc.checkpoints.llama2c.header import pack_header, parse_description
from llmproc.checkpoints.llama2c.layout import ROPE_TABLES, Layout, TensorSpan, file_size, spans
from llmproc.checkpoints.llama2c.quantisation import quantise
from llmproc.checkpoints.replacement import replacing
from llmproc.checkpoints.source_file import refuse
from llmproc.checkpoints.weights import Floats, Int8Matrix, Q4Matrix, Weights

Progress: TypeAlias = Callable[[int, int], None]  # bytes written, bytes in all
Chunks: TypeAlias = Callable[[TensorSpan], Iterable[np.ndarray]]
_ROPE_ROWS = 4096


def write_checkpoint(
    path: Path | str,
    description: ModelDescription,
    arrays: Weights | Mapping[str, Any],
    layout: Layout,
    progress: Progress | None = None,
) -> None:
    """Write `arrays` to `path` in `layout`.

    `arrays`: a `Weights`, or a mapping from the tensor names of layout.py to an array, or for tensors of a layer to
    a sequence of them (or one array with the layers as first axis). Each matrix may be float32 (rows, cols) or an
    Int8Matrix; it is quantised or dequantised where the layout asks for it.

    Raises CheckpointError when the description breaks a rule of the format, when a weight is not finite and when
    the file cannot be written; ValueError when arrays and description do not fit, or the format cannot hold them.
    """
    write_chunks(path, description, layout, lambda span: _chunks_of(path, description, span, arrays), progress)


def write_chunks(
    path: Path | str, description: ModelDescription, layout: Layout, chunks: Chunks, progress: Progress | None = None
) -> None:
    """Write a checkpoint whose tensors come piece by piece: `chunks(span)` yields arrays that make up span.nbytes."""
    head = _checked_header(path, description, layout)
    total = file_size(description, layout)
    with replacing(path) as file:
        done = file.write(head)
        for span in spans(description, layout):
            pieces = _rope_chunks(description, span) if span.name in ROPE_TABLES else chunks(span)
            for piece in pieces:
                done += file.write(np.ascontiguousarray(piece).data.cast("B"))
                if progress is not None:
                    progress(done, total)
            if done != span.offset + span.nbytes:
                raise ValueError(f"{span.label} ends at byte {done}, it must end at {span.offset + span.nbytes}")


def _checked_header(path: Path | str, description: ModelDescription, layout: Layout) -> bytes:
    """Return the header once our own reader accepts it. CheckpointError; ValueError for what no header can hold."""
    numbers = [value for value in dataclasses.astuple(description) if isinstance(value, int)]
    if not all(abs(number) < 2**31 for number in numbers):
        raise ValueError(f"a field does not fit 32 bits: {description}")
    head = pack_header(description, layout)
    read = parse_description(path, head, layout)
    # end tokens belong to the tokenizer's sidecar; every other field must come back as it went in
    if dataclasses.replace(read, end_tokens=description.end_tokens) != description:
        raise ValueError(f"the layout {layout} cannot hold {description}")
    return head


def _chunks_of(
    path: Path | str, description: ModelDescription, span: TensorSpan, arrays: Weights | Mapping[str, Any]
) -> Iterator[np.ndarray]:
    array = _pick(arrays, span)
    if isinstance(array, Int8Matrix):
        _require(span, array.values, np.int8, span.shape)
        rows, cols = span.shape
        groups = cols // description.group_size if description.group_size else array.scales.shape[1]
        _require(span, array.scales, np.float32, (rows, groups))
        _require_finite(path, span, array.scales)
        if span.scales_offset is None:
            array = dequantise(array)
    elif isinstance(array, Q4Matrix):
        raise ValueError(f"{span.label} is q4, which no layout holds")
    else:
        array = np.asarray(array, dtype=np.float32)
        _require(span, array, np.float32, span.shape)
        _require_finite(path, span, array)
        if span.scales_offset is not None:
            array = quantise(array, description.group_size)
    if isinstance(array, Int8Matrix):
        yield array.values
        yield array.scales.astype("<f4", copy=False)
    else:
        yield array.astype("<f4", copy=False)


def _pick(arrays: Weights | Mapping[str, Any], span: TensorSpan) -> Any:
    if isinstance(arrays, Weights):
        return getattr(arrays if span.layer is None else arrays.layers[span.layer], span.name)
    return arrays[span.name] if span.layer is None else arrays[span.name][span.layer]


def _require(span: TensorSpan, array: np.ndarray, dtype: type, shape: tuple[int, ...]) -> None:
    if array.dtype != dtype or array.shape != shape:
        raise ValueError(f"{span.label} is {array.dtype} {array.shape}, it must be {np.dtype(dtype)} {shape}")


def _require_finite(path: Path | str, span: TensorSpan, array: Floats) -> None:
    if not np.isfinite(array).all():
        raise refuse(path, span.label, "not finite", "every weight must be finite")


def _rope_chunks(description: ModelDescription, span: TensorSpan) -> Iterator[np.ndarray]:
    """Yield what other readers of the legacy layout expect: cos or sin of position * theta ** (-2i / head_dim)."""
    rows, half = span.shape
    frequency = description.rope_theta ** (-np.arange(half, dtype=np.float64) / half)
    table = np.cos if span.name == "rope_cos" else np.sin
    for start in range(0, rows, _ROPE_ROWS):
        position = np.arange(start, min(rows, start + _ROPE_ROWS), dtype=np.float64)
        yield table(np.outer(position, frequency)).astype("<f4")
