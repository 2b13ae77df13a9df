"""The tensors of a folder as arrays in memory of our own, one after another. Used by `model_file`.

Never mapped: when a mapped file is truncated, its reader dies with SIGBUS. BF16 is widened to float32, exactly.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.fingerprint import fingerprint_opened
from llmproc.checkpoints.halves import widened
from llmproc.checkpoints.huggingface.names import file_name
from llmproc.checkpoints.huggingface.safetensors import SafetensorInfo, SafetensorsHead
from llmproc.checkpoints.huggingface.shards import WeightFiles
from llmproc.checkpoints.source_file import identity, open_regular, read_span, refuse
from llmproc.checkpoints.tensors import MATRICES
from llmproc.checkpoints.weight_source import StoredRows
from llmproc.checkpoints.weights import Float32, LoadedModel, Matrix, assemble, check_finite

_DTYPES = {"F32": "<f4", "F16": "<f2", "BF16": "<u2"}


class FolderReader:
    """The open files of a folder: one tensor is read when it is asked for. A WeightSource."""

    def __init__(self, files: WeightFiles) -> None:
        """Keep what the headers say; the files are opened on entering."""
        self._files, self._tensors = files, files.tensors()
        self._stack, self._opened = ExitStack(), dict[Path, int]()
        self._piece: npt.NDArray[np.uint8] = np.empty(0, np.uint8)

    def __enter__(self) -> FolderReader:
        with ExitStack() as stack:
            self._opened = {head.path: _open(stack, head) for head in self._files.heads}
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def dtype_of(self, name: str, layer: int | None) -> str:
        """Return the type in which a tensor is stored. KeyError for one that the model does not have."""
        return self._tensors[file_name(name, layer)][1].dtype

    def stored(self, name: str, layer: int | None, part: str = "weight") -> npt.NDArray[Any]:
        """Return a tensor as stored, BF16 as uint16. CheckpointError when the file ends before it does."""
        head, info = self._tensors[file_name(name, layer, part)]
        return read_array(head, info, self._opened[head.path])

    def values(self, name: str, layer: int | None, part: str = "weight") -> Float32:
        """Return the float32 values of a tensor. CheckpointError as `stored`."""
        return widened(self.stored(name, layer, part))

    def vector(self, name: str, layer: int | None, part: str) -> Float32:
        """Return a norm or a bias as float32."""
        return self.values(name, layer, part)

    def rows(self, name: str, layer: int | None, first: int, count: int) -> StoredRows:
        """Return rows of a matrix as stored, in memory that the next call uses again. CheckpointError as above."""
        head, info = self._tensors[file_name(name, layer)]
        columns = info.shape[1]
        row_bytes = columns * np.dtype(_DTYPES[info.dtype]).itemsize
        if len(self._piece) < count * row_bytes:
            self._piece = np.empty(count * row_bytes, np.uint8)
        raw = self._piece[: count * row_bytes]
        read_span(head.path, self._opened[head.path], info.offset + first * row_bytes, raw.data)
        return StoredRows(info.dtype, raw, (count, columns))

    def fingerprint(self) -> str:
        """Identify what was read. CheckpointError when a file has changed since it was opened."""
        found = fingerprint_opened([self._opened[head.path] for head in self._files.heads])
        self.require_unchanged()
        return found

    def require_unchanged(self) -> None:
        """Raise CheckpointError when a file has changed since its header was read."""
        for head in self._files.heads:
            _require_unchanged(head, self._opened[head.path])


def load_files(files: WeightFiles, description: ModelDescription) -> LoadedModel:
    """Read every tensor. CheckpointError when a file has changed since it was opened, or holds NaN or infinity."""
    with FolderReader(files) as reader:

        def load(name: str, layer: int | None, part: str) -> Matrix:
            halves = name in MATRICES and part == "weight" and description.weight_type == "f16"
            return reader.stored(name, layer, part) if halves else reader.values(name, layer, part)

        weights = assemble(description, load)
        found = reader.fingerprint()
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
