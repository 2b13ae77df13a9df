"""The tensors of a folder as arrays in memory of our own, one after another. Used by `model_file`.

Never mapped: when a mapped file is truncated, its reader dies with SIGBUS. BF16 is widened to float32, exactly.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import Any

import numpy as np
import numpy.typing as npt

from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.fingerprint import fingerprint_files
from llmproc.checkpoints.halves import widened
from llmproc.checkpoints.huggingface.names import file_name
from llmproc.checkpoints.huggingface.safetensors import SafetensorInfo, SafetensorsHead
from llmproc.checkpoints.huggingface.shards import WeightFiles
from llmproc.checkpoints.source_file import identity, open_regular, read_span, refuse
from llmproc.checkpoints.tensors import MATRICES
from llmproc.checkpoints.weights import LoadedModel, Matrix, assemble, check_finite

_DTYPES = {"F32": "<f4", "F16": "<f2", "BF16": "<u2"}


def load_files(files: WeightFiles, description: ModelDescription) -> LoadedModel:
    """Read every tensor. CheckpointError when a file has changed since it was opened, or holds NaN or infinity."""
    tensors = files.tensors()
    with ExitStack() as stack:
        opened = {head.path: _open(stack, head) for head in files.heads}

        def load(name: str, layer: int | None, part: str) -> Matrix:
            head, info = tensors[file_name(name, layer, part)]
            array = read_array(head, info, opened[head.path])
            halves = name in MATRICES and part == "weight" and description.weight_type == "f16"
            return array if halves else widened(array)

        weights = assemble(description, load)
        found = fingerprint_files([head.path for head in files.heads])
        for head in files.heads:
            _require_unchanged(head, opened[head.path])
    check_finite(weights, files.heads[0].path)
    return LoadedModel(weights, found)


def read_array(head: SafetensorsHead, info: SafetensorInfo, fd: int) -> npt.NDArray[Any]:
    """Return one tensor of an open file as stored, BF16 as uint16. CheckpointError when the file ends before."""
    array = np.empty(info.shape, _DTYPES[info.dtype])
    read_span(head.path, fd, info.offset, array.reshape(-1).view(np.uint8).data)
    return array


def _open(stack: ExitStack, head: SafetensorsHead) -> int:
    fd, _ = stack.enter_context(open_regular(head.path))
    _require_unchanged(head, fd)
    return fd


def _require_unchanged(head: SafetensorsHead, fd: int) -> None:
    if identity(os.fstat(fd)) != head.identity:
        raise refuse(head.path, "file", "changed", "must still be the one whose header was checked")
