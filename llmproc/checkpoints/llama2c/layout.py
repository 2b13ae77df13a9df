"""Where every tensor lies in a checkpoint: the three layouts of llama2.c as one table. Arithmetic only, no I/O.

Used by the header reader (exact file size), the views and the writer, so that these three can never disagree.

    version 2   256-byte header, fp32 norms, then int8 matrices, each followed by its fp32 scales
    version 1   256-byte header, the same order, everything fp32
    legacy      28-byte header, everything fp32 in another order, with two rope tables that are not needed

All integers are Python's own: a product of hostile header fields cannot overflow.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.tensors import LAYER_MATRICES, LAYER_TENSORS, MATRICES, tensor_shape

Layout = Literal["version 2", "version 1", "legacy"]
LAYOUTS: tuple[Layout, ...] = get_args(Layout)
HEADER_BYTES: dict[Layout, int] = {"version 2": 256, "version 1": 256, "legacy": 28}

ROPE_TABLES = frozenset(("rope_cos", "rope_sin"))  # only in the legacy layout; we compute our own

_NEW_ORDER = ("attention_norm", "ffn_norm", "final_norm", "embedding", *LAYER_MATRICES, "classifier")
ORDER: dict[Layout, tuple[str, ...]] = {
    "version 2": _NEW_ORDER,
    "version 1": _NEW_ORDER,
    "legacy": (
        *("embedding", "attention_norm", "wq", "wk", "wv", "wo", "ffn_norm", "w1", "w2", "w3"),
        *("final_norm", "rope_cos", "rope_sin", "classifier"),
    ),
}


@dataclass(frozen=True, slots=True)
class TensorSpan:
    """One tensor of one file: `offset` and `nbytes` (scales included) count from the start of the file."""

    name: str
    layer: int | None
    shape: tuple[int, ...]
    offset: int
    nbytes: int
    scales_offset: int | None  # int8 matrices: where their scales start

    @property
    def label(self) -> str:
        """Return the name in messages, such as `layer 3 wq`."""
        return self.name if self.layer is None else f"layer {self.layer} {self.name}"


def span_shape(description: ModelDescription, name: str) -> tuple[int, ...]:
    """Return the shape of one tensor of the file: a model's tensor (of one layer), or a rope table."""
    if name in ROPE_TABLES:
        return description.seq_len, description.head_dim // 2
    return tensor_shape(description, name)


def names_of(description: ModelDescription, layout: Layout) -> tuple[str, ...]:
    """Return the tensors of this file in file order; one name stands for all layers."""
    shared = description.shared_classifier
    return tuple(name for name in ORDER[layout] if not (shared and name == "classifier"))


def tensor_bytes(description: ModelDescription, layout: Layout, name: str) -> int:
    """Return the bytes of one tensor (of one layer), with its scales."""
    count = math.prod(span_shape(description, name))
    if layout == "version 2" and name in MATRICES:
        return count + 4 * (count // description.group_size)
    return 4 * count


def file_size(description: ModelDescription, layout: Layout) -> int:
    """Return the exact bytes of a file with this header, without building a table, whatever the header says."""
    body = sum(
        tensor_bytes(description, layout, name) * (description.n_layers if name in LAYER_TENSORS else 1)
        for name in names_of(description, layout)
    )
    return HEADER_BYTES[layout] + body


def spans(description: ModelDescription, layout: Layout) -> Iterator[TensorSpan]:
    """Yield every tensor in file order, without gaps from the end of the header to the end of the file."""
    offset = HEADER_BYTES[layout]
    for name in names_of(description, layout):
        shape, nbytes = span_shape(description, name), tensor_bytes(description, layout, name)
        quantised = layout == "version 2" and name in MATRICES
        layers: list[int | None] = [*range(description.n_layers)] if name in LAYER_TENSORS else [None]
        for layer in layers:
            yield TensorSpan(name, layer, shape, offset, nbytes, offset + math.prod(shape) if quantised else None)
            offset += nbytes
