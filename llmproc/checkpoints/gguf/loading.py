"""The tensors of a GGUF model as arrays in memory of our own: all of them, or one after another. Used by `model_file`.

Never mapped: when a mapped file is truncated, its reader dies with SIGBUS. A file whose matrices are all F32, F16, Q8_0
or Q4_0 keeps its type; any other (BF16, K-quants, mixtures of types) is loaded as the float32 values it stands for.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from types import TracebackType

import numpy as np

from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.fingerprint import fingerprint_opened
from llmproc.checkpoints.gguf.dequantising import GroupedParts, TensorBytes, dequantised, grouped_parts
from llmproc.checkpoints.gguf.head import GgufHead, TensorInfo
from llmproc.checkpoints.gguf.names import file_name
from llmproc.checkpoints.gguf.split import GgufSet
from llmproc.checkpoints.gguf.tensor_types import TensorType
from llmproc.checkpoints.source_file import identity, open_regular, read_span, refuse
from llmproc.checkpoints.tensors import MATRICES
from llmproc.checkpoints.weight_source import StoredRows
from llmproc.checkpoints.weights import Float32, Int8Matrix, LoadedModel, Matrix, Q4Matrix, assemble, check_finite


class TensorReader:
    """The open files of a model: one tensor is read when it is asked for, and nothing is kept. A WeightSource."""

    def __init__(self, files: GgufSet) -> None:
        """Keep what the heads say; the files are opened on entering."""
        self._files, self._tensors = files, files.tensors()
        self._stack, self._opened = ExitStack(), dict[str, int]()
        self._piece: TensorBytes = np.empty(0, np.uint8)

    def __enter__(self) -> TensorReader:
        with ExitStack() as stack:
            for head in self._files.heads:
                fd, _ = stack.enter_context(open_regular(head.path))
                _require_unchanged(head, fd)
                self._opened[str(head.path)] = fd
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def type_of(self, name: str, layer: int | None) -> TensorType:
        """Return the type in which a tensor is stored. KeyError for one that the model does not have."""
        return self._tensors[file_name(name, layer)][1].type

    def values(self, name: str, layer: int | None, part: str = "weight") -> Float32:
        """Return the float32 values of a tensor of any type. CheckpointError when the file ends before it does."""
        info, raw = self.raw(name, layer, part)
        return dequantised(info.type, raw, info.shape)

    def parts(self, name: str, layer: int | None) -> GroupedParts:
        """Return whole numbers, scales and minimums of a quantised matrix. KeyError for a type of floats."""
        info, raw = self.raw(name, layer)
        rows, cols = info.shape
        return grouped_parts(info.type, raw, (rows, cols))

    def raw(self, name: str, layer: int | None, part: str = "weight") -> tuple[TensorInfo, TensorBytes]:
        """Return the bytes of a tensor as stored. CheckpointError when the file ends before it does."""
        head, info = self._tensors[file_name(name, layer, part)]
        raw = np.empty(info.nbytes, np.uint8)
        read_span(head.path, self._opened[str(head.path)], info.offset, raw.data)
        return info, raw

    def vector(self, name: str, layer: int | None, part: str) -> Float32:
        """Return a norm or a bias as float32."""
        return self.values(name, layer, part)

    def rows(self, name: str, layer: int | None, first: int, count: int) -> StoredRows:
        """Return rows of a matrix as stored, in memory that the next call uses again. CheckpointError as above."""
        head, info = self._tensors[file_name(name, layer)]
        columns = info.shape[1]
        row_bytes = columns // info.type.block * info.type.block_bytes
        if len(self._piece) < count * row_bytes:
            self._piece = np.empty(count * row_bytes, np.uint8)
        raw = self._piece[: count * row_bytes]
        read_span(head.path, self._opened[str(head.path)], info.offset + first * row_bytes, raw.data)
        return StoredRows(info.type.name, raw, (count, columns))

    def fingerprint(self) -> str:
        """Identify what was read. CheckpointError when a file has changed since its head was read."""
        found = fingerprint_opened([self._opened[str(head.path)] for head in self._files.heads])
        self.require_unchanged()
        return found

    def require_unchanged(self) -> None:
        """Raise CheckpointError when a file has changed since its head was read."""
        for head in self._files.heads:
            _require_unchanged(head, self._opened[str(head.path)])


def load_set(files: GgufSet, description: ModelDescription) -> LoadedModel:
    """Read every tensor. CheckpointError when a file has changed since its head was read, or holds NaN or infinity."""
    with TensorReader(files) as reader:

        def load(name: str, layer: int | None, part: str) -> Matrix:
            if name not in MATRICES or part == "bias" or description.weight_type == "f32":
                return reader.values(name, layer, part)
            return _matrix(reader, name, layer, description)

        weights = assemble(description, load)
        found = reader.fingerprint()
    check_finite(weights, files.heads[0].path)
    return LoadedModel(weights, found)


def _require_unchanged(head: GgufHead, fd: int) -> None:
    if identity(os.fstat(fd)) != head.identity:
        raise refuse(head.path, "file", "changed", "must still be the one whose head was checked")


def _matrix(reader: TensorReader, name: str, layer: int | None, description: ModelDescription) -> Matrix:
    """Return a matrix of a file whose matrices are all of one type, in that type."""
    if description.weight_type == "f16":
        info, raw = reader.raw(name, layer)
        return raw.view("<f2").reshape(info.shape)
    parts = reader.parts(name, layer)
    if description.weight_type == "int8":
        return Int8Matrix(parts.values, parts.scales)
    return Q4Matrix((parts.values + np.int8(8)).view(np.uint8), parts.scales.astype(np.float16))
