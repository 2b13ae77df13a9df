"""A small model to write."""

from __future__ import annotations

from typing import Any

import numpy as np

from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.llama2c.layout import ROPE_TABLES, Layout, names_of
from llmproc.checkpoints.llama2c.layout import span_shape as shape_of
from llmproc.checkpoints.tensors import LAYER_TENSORS


def _floats(description: ModelDescription, layout: Layout, seed: int) -> dict[str, Any]:
    random = np.random.default_rng(seed)
    found: dict[str, Any] = {}
    for name in names_of(description, layout):
        if name in ROPE_TABLES:
            continue
        layers = (description.n_layers,) if name in LAYER_TENSORS else ()
        found[name] = random.standard_normal((*layers, *shape_of(description, name))).astype(np.float32)
    return found


def _model(layout: Layout = "version 2") -> tuple[ModelDescription, dict[str, Any]]:
    int8 = layout == "version 2"
    description = ModelDescription(8, 16, 2, 2, 1, 12, 6, 4, False, "int8" if int8 else "f32", 4 if int8 else 0)
    return description, _floats(description, layout, 0)
