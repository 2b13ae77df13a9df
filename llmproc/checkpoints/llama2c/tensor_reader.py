"""A file of llama2.c read one tensor at a time, for what must not hold a whole model: the template, conversions."""

from __future__ import annotations

import os
from contextlib import ExitStack
from types import TracebackType

import numpy as np
import numpy.typing as npt

from llmproc.checkpoints.fingerprint import fingerprint_opened
from llmproc.checkpoints.ggml_types import dequantise
from llmproc.checkpoints.llama2c.header import Header, parse_header
from llmproc.checkpoints.llama2c.layout import HEADER_BYTES, TensorSpan, spans
from llmproc.checkpoints.source_file import identity, open_regular, read_span, refuse
from llmproc.checkpoints.weight_source import Rows, StoredRows
from llmproc.checkpoints.weights import Float32, Int8Matrix, Matrix


class SpanReader:
    """The open file: a tensor is read when it is asked for, and nothing is kept. A WeightSource."""

    def __init__(self, header: Header) -> None:
        """Keep where each tensor lies; the file is opened on entering."""
        self._header = header
        self._spans = {(span.name, span.layer): span for span in spans(header.description, header.layout)}
        self._stack, self._fd = ExitStack(), -1
        self._identity: tuple[int, int, int, int] | None = None

    def __enter__(self) -> SpanReader:
        self._fd, status = self._stack.enter_context(open_regular(self._header.path))
        self._identity = identity(status)
        head, path, size = os.pread(self._fd, HEADER_BYTES["version 2"], 0), self._header.path, status.st_size
        if size != self._header.size or parse_header(path, head, size) != self._header:
            self._stack.close()
            raise refuse(path, "header", "changed", "must still be the one that was checked")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def matrix(self, name: str, layer: int | None) -> Matrix:
        """Return a tensor in the type of the file. CheckpointError when the file ends before it does."""
        span = self._spans[name, layer]
        return self._viewed(span, self._read(span.offset, span.nbytes))

    def _read(self, offset: int, nbytes: int) -> npt.NDArray[np.uint8]:
        raw = np.empty(nbytes, np.uint8)
        read_span(self._header.path, self._fd, offset, raw.data)
        return raw

    def values(self, name: str, layer: int | None, part: str = "weight") -> Float32:
        """Return the float32 values of a tensor; the format has no `part` but `weight`. CheckpointError."""
        return dequantise(self.matrix(name, layer))

    def vector(self, name: str, layer: int | None, part: str) -> Float32:
        """Return a norm."""
        return self.values(name, layer, part)

    def rows(self, name: str, layer: int | None, first: int, count: int) -> Rows:
        """Return rows of a matrix in the type of the file. CheckpointError when the file ends before."""
        span = self._spans[name, layer]
        _, columns = span.shape
        if span.scales_offset is None:
            return StoredRows(
                "F32", self._read(span.offset + 4 * first * columns, 4 * count * columns), (count, columns)
            )
        groups = columns // self._header.description.group_size
        values = self._read(span.offset + first * columns, count * columns).view(np.int8).reshape(count, columns)
        scales = self._read(span.scales_offset + 4 * first * groups, 4 * count * groups)
        return Int8Matrix(values, scales.view("<f4").reshape(count, groups))

    def fingerprint(self) -> str:
        """Identify what was read. CheckpointError when the file has changed since it was opened."""
        found = fingerprint_opened([self._fd])
        self.require_unchanged()
        return found

    def require_unchanged(self) -> None:
        """Raise CheckpointError when the file has changed since it was opened."""
        if identity(os.fstat(self._fd)) != self._identity:
            raise refuse(self._header.path, "file", "changed", "must not be written to while it is read")

    def _viewed(self, span: TensorSpan, raw: np.ndarray) -> Matrix:
        if span.scales_offset is None:
            return raw.view("<f4").reshape(span.shape)
        rows, cols = span.shape
        count = rows * cols
        scales = raw[count:].view("<f4").reshape(rows, cols // self._header.description.group_size)
        return Int8Matrix(raw[:count].view(np.int8).reshape(rows, cols), scales)
