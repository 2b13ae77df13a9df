"""Kernels against transformers: float32 weights and cache, every architecture and feature, all of 300 positions.

The logits are those of the readers' tests.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from checkpoints.parity_gguf import GGUF, as_gguf
from checkpoints.parity_models import BOUND, MODELS, POSITIONS, golden_arrays, tokens_of, worst
from engine.one_sequence import OneSequence
from engine.planted_errors import PLANTED

from llmproc.checkpoints.model_file import ModelFile, open_model
from llmproc.checkpoints.rotation_order import with_pairs
from llmproc.config import EngineOptions
from llmproc.engine.forward import Forward
from llmproc.engine.loading import open_forward, open_weights

OPTIONS = EngineOptions(weights="f32", kv_type="f32", threads=2)
CUTS = (128, 3, 100, 69)  # of the 300 ids, for prompts that are read in pieces

CASES = [*(f"folder: {name}" for name in MODELS), *(f"GGUF: {name}" for name in GGUF)]


@pytest.fixture(scope="module")
def golden() -> dict[str, np.ndarray]:
    return golden_arrays()


def written(place: Path, case: str) -> ModelFile:
    kind, _, name = case.partition(": ")
    if kind == "folder":
        return open_model(MODELS[name].write(place / "model"))
    (place / "m.gguf").write_bytes(as_gguf(MODELS[name], *GGUF[name]))
    return open_model(place / "m.gguf")


def token_by_token(forward: Forward, tokens: list[int]) -> np.ndarray:
    """Logits (positions, vocabulary) after every one of `tokens`."""
    sequence = OneSequence(forward)
    return np.array([sequence.forward(token, position) for position, token in enumerate(tokens)])


def in_cuts(forward: Forward, tokens: list[int]) -> tuple[list[int], np.ndarray]:
    """The last positions of the pieces, and the logits there."""
    sequence, ends, found = OneSequence(forward), np.cumsum(CUTS).tolist(), []
    for cut, end in zip(CUTS, ends, strict=True):
        found.append(sequence.read(tokens[end - cut : end], end - cut))
    return [end - 1 for end in ends], np.array(found)


@pytest.mark.parametrize("case", CASES)
def test_every_position_as_transformers(tmp_path: Path, golden: dict[str, np.ndarray], case: str) -> None:
    model, name = written(tmp_path, case), case.partition(": ")[2]
    tokens, expected = tokens_of(name).tolist(), golden[f"{name}: logits"]
    assert len(tokens) == sum(CUTS) == POSITIONS
    with open_forward(model.path, OPTIONS) as forward:
        assert worst(token_by_token(forward, tokens), expected) <= BOUND
        places, found = in_cuts(forward, tokens)
    assert worst(found, expected[places]) <= BOUND


@pytest.mark.parametrize("what", PLANTED)
def test_a_planted_error_is_seen(tmp_path: Path, golden: dict[str, np.ndarray], what: str) -> None:
    name, plant = PLANTED[what]
    model = written(tmp_path, f"folder: {name}")
    interleaved = with_pairs(model.description, model.load().weights, "interleaved")
    tokens, expected = tokens_of(name)[:100].tolist(), golden[f"{name}: logits"][:100]
    with open_weights(*interleaved, OPTIONS) as forward:
        assert worst(token_by_token(forward, tokens), expected) <= BOUND
    with open_weights(*plant(interleaved), OPTIONS) as forward:
        assert worst(token_by_token(forward, tokens), expected) > 10 * BOUND
