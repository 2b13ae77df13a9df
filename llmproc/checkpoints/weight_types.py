"""The weight types: one table of how each is stored, and the rules of `--weights`. No arrays, no I/O.

Used by main (which judges the option by the header alone, without NumPy), the template, the GGUF writer and bench. The
arithmetic is in ggml_types.py, the names that an option may take in config.py.

    int8   32 values share a half scale (GGUF's Q8_0)
    q4     the same with 4-bit values (GGUF's Q4_0)
    f16, f32   every value for itself
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.source_file import shown
from llmproc.checkpoints.tensors import MATRICES, matrix_shape, tensor_names
from llmproc.config import WEIGHT_TYPES, WeightType
from llmproc.errors import UsageError

FLOATS = frozenset(("F32", "F16", "BF16"))  # stored types without scales, by GGUF's names
GROUP = 32  # values that share a scale in GGUF's Q8_0 and Q4_0


@dataclass(frozen=True, slots=True)
class StoredType:
    """The storage of one weight type: GGUF's name for it, values per scale (0: no scales), bytes of 32 values."""

    label: str
    group: int
    group_bytes: int

    @property
    def bits(self) -> float:
        """Return the bits per weight, scales included."""
        return self.group_bytes * 8 / GROUP


STORED: Mapping[str, StoredType] = {
    "int8": StoredType("Q8_0", GROUP, 34),
    "q4": StoredType("Q4_0", GROUP, 18),
    "f16": StoredType("F16", 0, 64),
    "f32": StoredType("F32", 0, 128),
}


def converted_description(
    description: ModelDescription, weight_type: str | None, path: Path | str, holds: str = ""
) -> ModelDescription:
    """Return the description of the model that `--weights weight_type` makes of the checkpoint `path`.

    `description`: of the file; `holds`: its types, for the message. With None, or the type that the file has, the
    model stays as it is: an int8 checkpoint keeps its own groups.
    UsageError, naming checkpoint and tensor, for an unknown type, for any other type of an already quantised
    checkpoint, and where groups of 32 do not divide a row.
    """
    if weight_type is None or weight_type == description.weight_type:
        return description
    if weight_type not in WEIGHT_TYPES:
        raise UsageError(f"--weights is {weight_type}: must be one of {', '.join(WEIGHT_TYPES)}")
    wanted: WeightType = weight_type
    if holds or description.weight_type != "f32":
        held = holds or description.weight_type
        rule = f"must be {held}, because {shown(path)} already holds {held}: only an fp32 checkpoint can be quantised"
        raise UsageError(f"--weights is {weight_type}: {rule}")
    if not STORED[wanted].group:
        return dataclasses.replace(description, weight_type=wanted, group_size=0)
    for name in (name for name in tensor_names(description) if name in MATRICES):
        _, columns = matrix_shape(description, name)
        if columns % GROUP:
            rule = f"the columns of every matrix must be a multiple of {GROUP}, {name} of {shown(path)} has {columns}"
            raise UsageError(f"--weights is {weight_type}: {rule}")
    return dataclasses.replace(description, weight_type=wanted, group_size=GROUP)
