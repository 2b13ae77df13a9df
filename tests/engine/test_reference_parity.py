"""The reference is what judges kernels, so it is judged itself: by transformers' logits, and by another forward pass.

The golden logits are those of the readers' parity tests (300 positions of every architecture and feature). The other
forward pass shares no code with it: it computes all positions at once.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from checkpoints.parity_models import BOUND, MODELS, POSITIONS, golden_arrays, tokens_of, worst
from checkpoints.plain_forward import logits_of
from engine.featured_models import featured_model
from engine.planted_errors import PLANTED, in_layer
from hypothesis import given, settings
from hypothesis import strategies as st

from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.ggml_types import convert
from llmproc.checkpoints.model_file import open_model
from llmproc.checkpoints.rotation_order import with_pairs
from llmproc.checkpoints.weights import Weights
from llmproc.engine.reference import Reference

Model = tuple[ModelDescription, Weights]


@pytest.fixture(scope="module")
def golden() -> dict[str, np.ndarray]:
    return golden_arrays()


def loaded(folder: Path, name: str) -> Model:
    model = open_model(MODELS[name].write(folder / "model"))
    return model.description, model.load().weights


def by_reference(model: Model, tokens: Any, **arithmetic: Any) -> np.ndarray:
    """Logits (positions, vocabulary)."""
    reference = Reference(*model, **{"c_order": False, **arithmetic})
    return np.array([reference.forward(int(token), position) for position, token in enumerate(tokens)])


@pytest.mark.parametrize("name", MODELS)
def test_every_position_as_transformers(tmp_path: Path, golden: dict[str, np.ndarray], name: str) -> None:
    model, expected = loaded(tmp_path, name), golden[f"{name}: logits"]
    found = by_reference(model, tokens_of(name))
    assert found.shape == expected.shape == (POSITIONS, 12) and found.dtype == np.float32
    assert worst(found, expected) <= BOUND
    few = tokens_of(name)[:40]  # past the window of 8, and the order of pairs counts from the second on
    assert worst(by_reference(with_pairs(*model, "interleaved"), few), expected[:40]) <= BOUND
    assert worst(by_reference(model, few, c_order=True), expected[:40]) <= BOUND


@pytest.mark.parametrize("name", MODELS)
def test_float64_as_the_other_forward_pass(tmp_path: Path, name: str) -> None:
    model, tokens = loaded(tmp_path, name), tokens_of(name)[:50]
    found = by_reference(model, tokens, exact=True)
    assert found.dtype == np.float64
    assert np.abs(found - logits_of(*model, tokens)).max() < 1e-11


@pytest.mark.parametrize("what", PLANTED)
def test_a_planted_error_is_seen(tmp_path: Path, golden: dict[str, np.ndarray], what: str) -> None:
    name, plant = PLANTED[what]
    found = by_reference(plant(loaded(tmp_path, name)), tokens_of(name)[:100])
    assert worst(found, golden[f"{name}: logits"][:100]) > 10 * BOUND


@given(st.integers(0, 2**31))
@settings(max_examples=30, deadline=None)
def test_any_features_together(seed: int) -> None:
    """Features that no known architecture has at once, and every matrix in a weight type of its own."""
    model = featured_model(seed)
    tokens = np.random.default_rng(seed).integers(0, model[0].vocab_size, 16)
    found = by_reference(model, tokens, exact=True)
    assert np.abs(found - logits_of(*model, tokens)).max() < 1e-10


@given(st.integers(0, 2**31))
@settings(max_examples=10, deadline=None)
def test_quantised_activations_come_near(seed: int) -> None:
    """The kernels quantise what meets a quantised matrix: errors of half a step in 127, and no more than they allow."""
    model = featured_model(seed)
    tokens = np.random.default_rng(seed).integers(0, model[0].vocab_size, 8)
    exact, rounded = by_reference(model, tokens, exact=True), by_reference(model, tokens)
    spread = exact.std()
    assert 0 < np.sqrt(((rounded - exact) ** 2).mean()) < 0.2 * spread


def test_types_may_differ_from_matrix_to_matrix() -> None:
    """What the float32 matrix gives and what its quantised one gives differ by the quantisation alone."""
    d, weights = featured_model(3, mixed=False)
    matrix: Any = weights.layers[0].w1
    quantised = convert(matrix, "q4", "m", "w1")
    mixed = in_layer((d, weights), 0, w1=quantised)
    found = by_reference(mixed, [1, 2, 3], exact=True)
    assert np.abs(found - logits_of(*mixed, np.array([1, 2, 3]))).max() < 1e-11
    assert np.abs(found - logits_of(d, weights, np.array([1, 2, 3]))).max() > 1e-3


@pytest.mark.parametrize("exact", [False, True])
def test_a_half_cache_rounds_keys_and_values(exact: bool) -> None:
    model = featured_model(4, mixed=False)
    tokens = list(range(10))
    whole, half = (by_reference(model, tokens, kv_type=kv_type, exact=exact) for kv_type in ("f32", "f16"))
    difference = np.abs(whole - half).max()
    assert 1e-5 < difference < 0.05 and np.abs(whole[0] - half[0]).max() < difference * 2


def test_norms_that_are_missing_are_not_passed_over() -> None:
    d, weights = featured_model(5, mixed=False)
    features = dataclasses.replace(d.features, query_key_norm=True)
    bare = [dataclasses.replace(layer, q_norm=None, k_norm=None) for layer in weights.layers]
    with pytest.raises(AssertionError, match="layer 0 has no norm"):
        Reference(dataclasses.replace(d, features=features), dataclasses.replace(weights, layers=bare)).forward(1, 0)
