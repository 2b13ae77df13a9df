"""What `--weights` asks of a checkpoint: the rules, and the description of the model it makes. No arrays, no I/O.

Serves main (which judges the option by the header alone, without NumPy), the template and the GGUF writer. The
arithmetic is in ggml_types.py.

    int8   32 values share a half scale (GGUF's Q8_0)
    q4     the same with 4-bit values (GGUF's Q4_0)
    f16, f32   every value for itself
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import get_args

from llmproc.checkpoints.description import ModelDescription, WeightType
from llmproc.checkpoints.llama2c.layout import MATRICES, names_of, shape_of
from llmproc.checkpoints.source_file import shown
from llmproc.errors import UsageError

GROUP = 32  # values that share a scale in GGUF's Q8_0 and Q4_0
WEIGHT_TYPES: tuple[WeightType, ...] = get_args(WeightType)


def converted_description(description: ModelDescription, weight_type: str | None, path: Path | str) -> ModelDescription:
    """The model that `--weights weight_type` makes of the checkpoint `path`, which holds `description`.

    None, and the type the checkpoint has already, leave it as it is: an int8 checkpoint keeps its own groups.
    UsageError, naming checkpoint and tensor, for an unknown type, for any other type of an already quantised
    checkpoint, and where groups of 32 do not divide a row.
    """
    if weight_type is None or weight_type == description.weight_type:
        return description
    if weight_type not in WEIGHT_TYPES:
        raise UsageError(f"--weights is {weight_type}: must be one of {', '.join(WEIGHT_TYPES)}")
    wanted: WeightType = weight_type
    if description.weight_type != "f32":
        held = description.weight_type
        rule = f"must be {held}, because {shown(path)} already holds {held}: only an fp32 checkpoint can be quantised"
        raise UsageError(f"--weights is {weight_type}: {rule}")
    if weight_type not in ("int8", "q4"):
        return dataclasses.replace(description, weight_type=wanted, group_size=0)
    for name in names_of(description, "version 1"):
        columns = shape_of(description, name)[-1]
        if name in MATRICES and columns % GROUP:
            rule = f"the columns of every matrix must be a multiple of {GROUP}, {name} of {shown(path)} has {columns}"
            raise UsageError(f"--weights is {weight_type}: {rule}")
    return dataclasses.replace(description, weight_type=wanted, group_size=GROUP)
