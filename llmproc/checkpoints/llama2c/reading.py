"""From a checked header to arrays: the file copied into memory of our own, and views of it without a copy.

Used by the template, the NumPy reference, training and tests. The file is never mapped: when a mapped file is
truncated, its reader dies with SIGBUS. No arithmetic on weights here.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.fingerprint import fingerprint
from llmproc.checkpoints.llama2c.header import Header, parse_header
from llmproc.checkpoints.llama2c.layout import ROPE_TABLES, Layout, TensorSpan, file_size, spans
from llmproc.checkpoints.source_file import identity, open_regular, read_exactly, refuse
from llmproc.checkpoints.weights import Int8Matrix, LayerWeights, LoadedModel, Matrix, Weights, check_finite


def read_into(header: Header, buffer: memoryview) -> None:
    """Copy the whole file (header too) into the first `header.size` bytes of `buffer`.

    CheckpointError when the file has changed since `header` was read, or changes while it is read;
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
    """Return views of a file that `read_into` copied into `buffer`, which must outlive them; nothing is copied.

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


def _view(description: ModelDescription, span: TensorSpan, buffer: memoryview) -> Matrix:
    count = int(np.prod(span.shape, dtype=object))
    if span.scales_offset is None:
        return np.frombuffer(buffer, "<f4", count, span.offset).reshape(span.shape)
    rows, cols = span.shape
    group = description.group_size
    return Int8Matrix(
        values=np.frombuffer(buffer, np.int8, count, span.offset).reshape(rows, cols),
        scales=np.frombuffer(buffer, "<f4", count // group, span.scales_offset).reshape(rows, cols // group),
    )


def load_weights(header: Header) -> LoadedModel:
    """Read the whole file into private memory and view its tensors there.

    CheckpointError as in `read_into` and `check_finite`.
    """
    file = np.empty(header.size, np.uint8)  # lives as long as the views
    read_into(header, file.data)
    weights = view_weights(header.description, header.layout, file.data)
    check_finite(weights, header.path)
    return LoadedModel(weights, fingerprint(file.data))
