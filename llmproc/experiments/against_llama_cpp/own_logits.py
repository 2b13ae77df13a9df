"""Logits after every id of a row: of the engine as a worker would open the file, and of the float64 reference."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from llmproc.checkpoints.model_file import open_model
from llmproc.config import EngineOptions
from llmproc.engine.batch import Chunk
from llmproc.engine.loading import open_forward
from llmproc.engine.pages import pages_for
from llmproc.engine.reference import Reference

Logits: TypeAlias = npt.NDArray[Any]  # (ids, vocab_size), float32 or float64


def engine_logits(path: Path, ids: Sequence[int], kv_type: str, threads: int = 1) -> Logits:
    """Return the engine's logits, one id a step, as it is decoded."""
    options = EngineOptions(threads=threads, kv_type=kv_type, context=len(ids))
    pages = list(range(pages_for(len(ids))))
    with open_forward(path, options) as forward:
        return np.stack([forward.run([Chunk([token], at, pages, True)])[0].copy() for at, token in enumerate(ids)])


def exact_logits(path: Path, ids: Sequence[int]) -> Logits:
    """Return what float64 makes of the weights that the file stands for; keys and values are not rounded."""
    model = open_model(path)
    reference = Reference(model.description, model.load().weights, exact=True)
    return np.stack([reference.forward(token, position) for position, token in enumerate(ids)])
