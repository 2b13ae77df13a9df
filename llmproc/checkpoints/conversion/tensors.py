"""One tensor of a model at a time, whatever format it is in, with rows of q and k in the order that the target wants.

Used by the targets. Nothing is kept: beside the file that is written one tensor stands in memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from llmproc.checkpoints.features import Pairs
from llmproc.checkpoints.gguf.loading import TensorReader
from llmproc.checkpoints.gguf.model_file import GgufFile
from llmproc.checkpoints.gguf.tensor_types import TYPES_BY_NAME, TensorType
from llmproc.checkpoints.huggingface.loading import FolderReader
from llmproc.checkpoints.huggingface.model_file import HuggingFaceFolder
from llmproc.checkpoints.llama2c.model_file import Llama2cFile
from llmproc.checkpoints.llama2c.tensor_reader import SpanReader
from llmproc.checkpoints.model_file import ModelFile
from llmproc.checkpoints.rotation_order import Order, reordered_rows, row_order
from llmproc.checkpoints.source_file import refuse
from llmproc.checkpoints.weights import FINITE_CHUNK, Float32, Int8Matrix, Matrix

if TYPE_CHECKING:
    import numpy.typing as npt

_F32 = TYPES_BY_NAME["F32"]


class SourceTensors:
    """The tensors of an open model. A target asks for each once."""

    def __init__(self, model: ModelFile, reader: TensorReader | FolderReader | SpanReader, pairs: Pairs) -> None:
        """Take the open reader of `model`; `pairs`: the order of rotated pairs that the target wants."""
        self._model, self._reader = model, reader
        self._orders: dict[str, Order] = {}
        d = model.description
        if d.features.rope.pairs != pairs:
            heads = {"wq": d.n_heads, "wk": d.n_kv_heads, "q_norm": 1, "k_norm": 1}
            self._orders = {name: row_order(count, d.head_dim, pairs) for name, count in heads.items()}

    def type_of(self, name: str, layer: int | None) -> TensorType:
        """Return the GGUF type that holds a matrix as the file has it, exactly; F32 for llama2.c's int8 groups."""
        if isinstance(self._reader, TensorReader):
            return self._reader.type_of(name, layer)
        if isinstance(self._reader, FolderReader):
            return TYPES_BY_NAME[self._reader.dtype_of(name, layer)]
        return _F32

    def raw(self, name: str, layer: int | None) -> npt.NDArray[np.uint8]:
        """Return the bytes of a quantised matrix of a GGUF file as stored, (rows, bytes of a row)."""
        assert isinstance(self._reader, TensorReader)
        info, found = self._reader.raw(name, layer)
        rows = found.reshape(info.shape[0], -1)
        return rows[self._orders[name]] if name in self._orders else rows

    def values(self, name: str, layer: int | None, part: str = "weight") -> Float32:
        """Return the float32 values of a tensor. CheckpointError for one that is not finite."""
        found = self._reader.values(name, layer, part)
        flat = found.reshape(-1)
        for start in range(0, flat.size, FINITE_CHUNK):
            if not np.isfinite(flat[start : start + FINITE_CHUNK]).all():
                label = f"layer {layer} {name}" if layer is not None else name
                raise refuse(self._model.path, label, "not finite", "every weight must be finite")
        return found[self._orders[name]] if name in self._orders else found

    def int8_groups(self, name: str, layer: int | None) -> Int8Matrix | None:
        """Return a matrix that is stored as int8 with scales, as llama2.c holds it: float32 scales; None for others."""
        found: Matrix
        if isinstance(self._reader, SpanReader):
            found = self._reader.matrix(name, layer)
        elif isinstance(self._reader, TensorReader) and self._reader.type_of(name, layer).name == "Q8_0":
            parts = self._reader.parts(name, layer)
            found = Int8Matrix(parts.values, parts.scales)
        else:
            return None
        if not isinstance(found, Int8Matrix):
            return None
        return reordered_rows(found, self._orders[name]) if name in self._orders else found  # type: ignore[return-value]

    def require_unchanged(self) -> None:
        """Raise CheckpointError when a file has changed since it was opened."""
        self._reader.require_unchanged()


@contextmanager
def source_tensors(model: ModelFile, pairs: Pairs) -> Iterator[SourceTensors]:
    """Open the files of a model for reading one tensor after another. CheckpointError when one has changed."""
    assert isinstance(model, (GgufFile, HuggingFaceFolder, Llama2cFile))
    with model.weight_source() as reader:
        yield SourceTensors(model, reader, pairs)
