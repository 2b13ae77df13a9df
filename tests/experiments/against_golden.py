"""llama.cpp's figures as they were measured, and models made again: what the tests of `against_llama_cpp` share."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from llmproc.experiments.against_llama_cpp.errors import ErrorFigures, figures_of
from llmproc.experiments.against_llama_cpp.models import SHAPES, digest_of, ids_of, write_model
from llmproc.experiments.against_llama_cpp.own_logits import engine_logits, exact_logits

GOLDEN = json.loads((Path(__file__).parent / "llama_cpp_errors" / "llama_cpp_errors.json").read_text())


def peer_figures(name: str) -> ErrorFigures:
    return ErrorFigures(**GOLDEN["types"][name]["peer"])


def written(folder: Path, name: str) -> list[Path]:
    """The models of a type; they are those that llama.cpp has read."""
    files = [folder / f"{name}-{number}.gguf" for number in range(len(SHAPES))]
    for number, file in enumerate(files):
        write_model(file, name, number)
    assert [digest_of(file) for file in files] == GOLDEN["types"][name]["sha256"], "not the models of the golden file"
    return files


def exact_of(files: list[Path]) -> list[np.ndarray]:
    return [exact_logits(file, ids_of(number)) for number, file in enumerate(files)]


def own_figures(files: list[Path], exact: list[np.ndarray]) -> ErrorFigures:
    """Our errors; `files` may differ from those that `exact` is of."""
    own = [engine_logits(file, ids_of(number), GOLDEN["kv_type"]) for number, file in enumerate(files)]
    return figures_of(zip(own, exact, strict=True))
