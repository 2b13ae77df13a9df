"""What the readers say of a model is all there is to it: its logits are transformers' at every one of 300 positions.

Computed in float64 by plain_forward.py from the description and the weights of the reader, and compared with golden
logits; the same model as GGUF, its rows in GGUF's order, gives the same. Rules 4 to 11 and 19 of formats.md.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from checkpoints.parity_gguf import GGUF, as_gguf
from checkpoints.parity_models import BOUND, MODELS, POSITIONS, golden_arrays, tokens_of, worst
from checkpoints.plain_forward import logits_of

from llmproc.checkpoints.architectures import ARCHITECTURES
from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.features import PLAIN, ModelFeatures, RotaryEmbedding
from llmproc.checkpoints.model_file import open_model


@pytest.fixture(scope="module")
def golden() -> dict[str, np.ndarray]:
    return golden_arrays()


def test_the_golden_file_is_of_these_models(golden: dict[str, np.ndarray]) -> None:
    assert {key.partition(": ")[0] for key in golden} == MODELS.keys()
    assert {made.model_type for made in MODELS.values()} == set(ARCHITECTURES)
    sizes = [made.all_sizes() for made in MODELS.values()]
    assert {size["heads"] // size["kv_heads"] for size in sizes} >= {1, 2, 3, 8}


@pytest.mark.parametrize("name", MODELS)
def test_rule_19_as_transformers_at_every_position(tmp_path: Path, golden: dict[str, np.ndarray], name: str) -> None:
    made = MODELS[name]
    total = sum(np.abs(array).sum(dtype=np.float64) for _, array in made.arrays().values())
    assert total == pytest.approx(float(golden[f"{name}: sum"]), rel=1e-12), "not the model the golden file is of"
    model = open_model(made.write(tmp_path / "model"))
    expected = golden[f"{name}: logits"]
    assert expected.shape == (POSITIONS, 12)
    assert worst(logits_of(model.description, model.load().weights, tokens_of(name)), expected) <= BOUND


def without(description: ModelDescription, **features: Any) -> ModelDescription:
    return dataclasses.replace(description, features=dataclasses.replace(description.features, **features))


def multiplied(description: ModelDescription, **factors: Any) -> ModelDescription:
    return without(description, multipliers=dataclasses.replace(description.features.multipliers, **factors))


OTHER: dict[str, tuple[str, Any]] = {
    "the rotation of neighbours": ("llama, one key head a head", lambda d: without(d, rope=RotaryEmbedding())),
    "the scaling": (
        "llama, llama3 scaling, groups of 8", lambda d: without(d, rope=RotaryEmbedding("half-split")),
    ),
    "the attention factor": (
        "qwen3, yarn",
        lambda d: without(d, rope=dataclasses.replace(d.features.rope, attention_factor=1.0)),
    ),
    "the norms of queries and keys": ("qwen3, yarn", lambda d: without(d, query_key_norm=False)),
    "a window longer by one": ("mistral, window of 8", lambda d: without(d, windows=(9, 9))),
    "a window shorter by one": ("mistral, window of 8", lambda d: without(d, windows=(7, 7))),
    "the window in all layers": ("qwen2, window in later layers", lambda d: without(d, windows=(16, 16))),
    "rotation in all layers": ("smollm3", lambda d: without(d, no_rope_layers=())),
    "the multiplier of embeddings": ("granite", lambda d: multiplied(d, embedding=1.3)),
    "the multiplier of what layers add": ("granite", lambda d: multiplied(d, residual=0.76)),
    "the multiplier of scores": ("granite", lambda d: multiplied(d, attention=None)),
    "the multiplier of logits": ("granite", lambda d: multiplied(d, logits=7.9)),
    "theta": ("llama, one key head a head", lambda d: dataclasses.replace(d, rope_theta=10000.0)),
}  # fmt: skip


@pytest.mark.parametrize("what", OTHER)
def test_every_feature_counts(tmp_path: Path, golden: dict[str, np.ndarray], what: str) -> None:
    """A reader that missed one of them would be seen, though rarely at the first position."""
    name, change = OTHER[what]
    model = open_model(MODELS[name].write(tmp_path / "model"))
    found = logits_of(change(model.description), model.load().weights, tokens_of(name))
    assert worst(found, golden[f"{name}: logits"]) > 100 * BOUND


@pytest.mark.parametrize("window", [8, 16])
def test_rule_07_the_first_difference_is_at_the_windows_position(tmp_path: Path, window: int) -> None:
    name = "mistral, window of 8" if window == 8 else "qwen2, window in later layers"
    model = open_model(MODELS[name].write(tmp_path / "model"))
    weights, tokens = model.load().weights, tokens_of(name)
    found = logits_of(model.description, weights, tokens)
    full = logits_of(without(model.description, windows=()), weights, tokens)
    different = np.flatnonzero(np.abs(found - full).max(axis=1) > 1e-9)
    assert different[0] == window


@pytest.mark.parametrize("name", GGUF)
def test_the_same_model_as_gguf(tmp_path: Path, golden: dict[str, np.ndarray], name: str) -> None:
    architecture, more, permuted = GGUF[name]
    (tmp_path / "m.gguf").write_bytes(as_gguf(MODELS[name], architecture, more, permuted))
    model = open_model(tmp_path / "m.gguf")
    found = logits_of(model.description, model.load().weights, tokens_of(name))
    assert worst(found, golden[f"{name}: logits"]) <= BOUND


@pytest.mark.parametrize("name", ["llama, one key head a head", "qwen2, groups of 3", "smollm3"])
def test_rule_08_the_other_order_of_rows_is_seen(tmp_path: Path, golden: dict[str, np.ndarray], name: str) -> None:
    """At the first position it agrees all the same: nothing is rotated there."""
    architecture, more, permuted = GGUF[name]
    (tmp_path / "m.gguf").write_bytes(as_gguf(MODELS[name], architecture, more, not permuted))
    model = open_model(tmp_path / "m.gguf")
    found, expected = logits_of(model.description, model.load().weights, tokens_of(name)), golden[f"{name}: logits"]
    assert worst(found, expected) > 100 * BOUND and worst(found[:1], expected[:1]) <= BOUND


def test_a_plain_description_has_no_features() -> None:
    assert ModelFeatures() == PLAIN and PLAIN.rope == RotaryEmbedding()
