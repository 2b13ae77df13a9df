"""What `--weights` makes of a model, whatever types its matrices have. Rules only: no arrays, no NumPy.

Used by the engine's loading, bench and perplexity. The rules of single types are those of `weight_types`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.model_file import ModelFile, stored_types
from llmproc.checkpoints.weight_types import FLOATS, converted_description
from llmproc.config import WeightType

# by `--weights`: the stored type that it makes
MADE: Mapping[WeightType, str] = {"int8": "Q8_0", "q4": "Q4_0", "f16": "F16", "f32": "F32"}


def chosen_weights(model: ModelFile, weights: str | None) -> tuple[ModelDescription, WeightType | None]:
    """Return what is run, and the type that matrices are converted to at load; None: each as it is stored.

    Files of floats can become any type. Quantised ones stay as they are, or are run as the float32 values that they
    stand for. UsageError for a type that cannot be made of what the file holds.
    """
    held, described = stored_types(model), model.description
    if weights is None or weights == own_weights(model):
        return described, None
    plain = dataclasses.replace(described, weight_type="f32", group_size=0)
    if held <= FLOATS:
        described = converted_description(plain, weights, model.path)
    elif weights == "f32" and "int8" not in held:
        described = plain
    else:
        described = converted_description(described, weights, model.path, ", ".join(sorted(held)))
    return described, described.weight_type


def own_weights(model: ModelFile) -> WeightType | None:
    """Return the type of `--weights` that a model has already; None: several, or one that is not among them."""
    held = stored_types(model)
    if held == {"int8"}:
        return "int8"
    return next((kind for kind, made in MADE.items() if held == {made}), None)
