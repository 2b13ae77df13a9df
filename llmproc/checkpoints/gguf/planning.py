"""The tensors of a GGUF file to be written: each with its name there, its shape and its type. No I/O, no NumPy.

Used by the writers.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.gguf.mixes import WeightMix, tensor_type
from llmproc.checkpoints.gguf.model_pairs import rope_divisors
from llmproc.checkpoints.gguf.names import ROPE_DIVISORS, file_name
from llmproc.checkpoints.gguf.tensor_types import TYPES_BY_NAME, TensorType
from llmproc.checkpoints.tensors import all_tensors, tensor_shape


@dataclass(frozen=True, slots=True)
class PlannedTensor:
    """One tensor of a file to be written: where it stands in a model, and its name, shape and type in the file."""

    ours: str  # as in `tensors`, or ROPE_DIVISORS
    layer: int | None
    part: str  # `weight` or `bias`
    name: str
    shape: tuple[int, ...]  # innermost size last
    type: TensorType

    @property
    def nbytes(self) -> int:
        """Return the bytes of its data."""
        return math.prod(self.shape) // self.type.block * self.type.block_bytes

    @property
    def label(self) -> str:
        """Return the name in messages, such as `layer 3 wq`."""
        named = self.ours if self.part == "weight" else f"{self.ours} {self.part}"
        return named if self.layer is None else f"layer {self.layer} {named}"


def planned_tensors(description: ModelDescription, mix: WeightMix) -> Iterator[PlannedTensor]:
    """Yield every tensor of a file of this model, and the divisors of its RoPE if there are any."""
    floats = TYPES_BY_NAME["F32"]
    if rope_divisors(description):
        pairs = (description.head_dim // 2,)
        yield PlannedTensor(ROPE_DIVISORS, None, "weight", ROPE_DIVISORS, pairs, floats)
    for ours, layer, part in all_tensors(description):
        shape = tensor_shape(description, ours)
        bias = part == "bias"
        kind = floats if bias else tensor_type(mix, description, ours, layer)
        yield PlannedTensor(ours, layer, part, file_name(ours, layer, part), shape[:1] if bias else shape, kind)
