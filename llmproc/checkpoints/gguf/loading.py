"""The tensors of a GGUF model as arrays in memory of our own, one after another. Used by `model_file`.

Never mapped: when a mapped file is truncated, its reader dies with SIGBUS. A file whose matrices are all F32, F16, Q8_0
or Q4_0 keeps its type; any other (BF16, K-quants, mixtures of types) is loaded as the float32 values it stands for.
"""

from __future__ import annotations

import os
from contextlib import ExitStack

import numpy as np

from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.fingerprint import fingerprint_files
from llmproc.checkpoints.gguf.dequantising import TensorBytes, dequantised, grouped_parts
from llmproc.checkpoints.gguf.head import GgufHead, TensorInfo
from llmproc.checkpoints.gguf.names import file_name
from llmproc.checkpoints.gguf.split import GgufSet
from llmproc.checkpoints.source_file import identity, open_regular, read_span, refuse
from llmproc.checkpoints.tensors import MATRICES
from llmproc.checkpoints.weights import Int8Matrix, LoadedModel, Matrix, Q4Matrix, assemble, check_finite


def load_set(files: GgufSet, description: ModelDescription) -> LoadedModel:
    """Read every tensor. CheckpointError when a file has changed since its head was read, or holds NaN or infinity."""
    tensors = files.tensors()
    with ExitStack() as stack:
        opened = {head.path: _open(stack, head) for head in files.heads}

        def load(name: str, layer: int | None, part: str) -> Matrix:
            head, info = tensors[file_name(name, layer, part)]
            raw = read_tensor(head, info, opened[head.path])
            return _array(info, raw, description, name in MATRICES and part == "weight")

        weights = assemble(description, load)
        found = fingerprint_files([head.path for head in files.heads])
        for head in files.heads:
            _require_unchanged(head, opened[head.path])
    check_finite(weights, files.heads[0].path)
    return LoadedModel(weights, found)


def read_tensor(head: GgufHead, info: TensorInfo, fd: int) -> TensorBytes:
    """Return the bytes of one tensor of an open file. CheckpointError when the file ends before it does."""
    raw = np.empty(info.nbytes, np.uint8)
    read_span(head.path, fd, info.offset, raw.data)
    return raw


def _open(stack: ExitStack, head: GgufHead) -> int:
    fd, _ = stack.enter_context(open_regular(head.path))
    _require_unchanged(head, fd)
    return fd


def _require_unchanged(head: GgufHead, fd: int) -> None:
    if identity(os.fstat(fd)) != head.identity:
        raise refuse(head.path, "file", "changed", "must still be the one whose head was checked")


def _array(info: TensorInfo, raw: TensorBytes, description: ModelDescription, matrix: bool) -> Matrix:
    if not matrix or description.weight_type == "f32":
        return dequantised(info.type, raw, info.shape)
    if description.weight_type == "f16":
        return raw.view("<f2").reshape(info.shape)
    rows, cols = info.shape
    parts = grouped_parts(info.type, raw, (rows, cols))
    if description.weight_type == "int8":
        return Int8Matrix(parts.values, parts.scales)
    return Q4Matrix((parts.values + np.int8(8)).view(np.uint8), parts.scales.astype(np.float16))
