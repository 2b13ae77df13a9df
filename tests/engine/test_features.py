"""Every feature of a model in the fast order with a cache of halves: the reference's logits, within a stated bound.

And what a model with features gives is bit-equal however it is computed: threads, pieces of prompts, other sequences.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from engine.feature_cases import (
    FEATURES,
    SHARP,
    VOCABULARY,
    WITH_NORMS,
    WITH_RESIDUAL,
    expected_logits,
    ids_of,
    in_cuts,
    model_with,
    single_ids,
)
from engine.featured_models import featured_model
from engine.one_sequence import Model, OneSequence, bits, one_sequence
from engine.planted_errors import in_features, in_layer

from llmproc.checkpoints.features import ModelFeatures, Multipliers
from llmproc.config import EngineOptions
from llmproc.engine.batch import Chunk

OPTIONS = EngineOptions(threads=2, batch_tokens=512)
# Largest difference of a logit, which spread by about 2. Most positions agree to 1e-4; where a sum differs in its last
# bit, a key or value may become the next half, and sharp attention shows it. An error shows as 100 times more.
BOUND, VISIBLE = 0.03, 1.0
SHARP_BOUND, DEEP_BOUND = 0.1, 0.3  # where scores are multiplied by SHARP: one layer, three
MIXED_BOUND, MIXED_MEDIAN = 0.6, 0.1  # of the spread: activations of quantised products move to the next of 127 steps
SOAK = pytest.mark.soak  # the reference takes seconds
CHUNKS = (255, 256, 257, 300, 600)  # windows about a chunk's length, and past it


def fast_logits(model: Model, ids: list[int], options: EngineOptions = OPTIONS) -> np.ndarray:
    with one_sequence(model, options) as sequence:
        return single_ids(sequence, ids)


def without(model: Model) -> Model:
    """The same tensors, as far as a model without features has them, in a plain description."""
    return dataclasses.replace(model[0], features=ModelFeatures()), model_with(ModelFeatures())[1]


@pytest.mark.parametrize("name", FEATURES)
def test_each_feature(name: str) -> None:
    model, ids = model_with(FEATURES[name]), ids_of(270 if name.startswith("all ") else 90)  # a chunk is 256
    expected = expected_logits(model, ids)
    with one_sequence(model, OPTIONS) as sequence:
        assert np.abs(single_ids(sequence, ids) - expected).max() <= BOUND
        ends, found = in_cuts(sequence, ids, (30, 1, 20, len(ids) - 51))
    assert np.abs(found - expected[ends]).max() <= BOUND
    assert np.abs(fast_logits(without(model), ids) - expected).max() > VISIBLE, "a feature that changes nothing"


def windowed(*windows: int, **more: Any) -> Model:
    features = ModelFeatures(windows=windows, multipliers=Multipliers(attention=SHARP), **more)
    return model_with(features, n_layers=len(windows), n_heads=8, seed=4)


@pytest.mark.parametrize("window", [1, 8, *CHUNKS])
def test_windows_in_a_context_of_700(window: int) -> None:
    """Single ids past position 255 split attention over ranks; pieces of prompts go through the chunks in a row."""
    model, ids = windowed(window), ids_of(700)
    expected = expected_logits(model, ids)
    with one_sequence(model, OPTIONS) as sequence:
        assert np.abs(single_ids(sequence, ids) - expected).max() <= SHARP_BOUND
    for cuts in ((512, 188), (window % 512, 1, 188, 511 - window % 512), (257, 1, 254, 188), (100,) * 7):
        with one_sequence(model, OPTIONS) as sequence:
            ends, found = in_cuts(sequence, ids, cuts)
        assert np.abs(found - expected[ends]).max() <= SHARP_BOUND, cuts
    for other in {max(1, window - 1), window + 1} - {window}:
        off_by_one = fast_logits(windowed(other), ids)
        assert np.abs(off_by_one - expected).max() > VISIBLE, "one position more or less would not be seen"


@pytest.mark.parametrize("windows", [(1, 257, 0), pytest.param((600, 8, 300), marks=SOAK)])
def test_each_layer_has_its_own_window(windows: tuple[int, ...]) -> None:
    model, ids = windowed(*windows), ids_of(700)
    expected = expected_logits(model, ids)
    with one_sequence(model, OPTIONS) as sequence:
        assert np.abs(single_ids(sequence, ids) - expected).max() <= DEEP_BOUND
        ends, found = in_cuts(sequence, ids, (300, 300, 100))
    assert np.abs(found - expected[ends]).max() <= DEEP_BOUND
    assert np.abs(fast_logits(windowed(*windows[::-1]), ids) - expected).max() > VISIBLE


def featured(seed: int, mixed: bool) -> Model:
    """Any features that go together: the multiplier of what layers add gives way to norms of queries and keys."""
    model = featured_model(seed, mixed)
    features = model[0].features
    multipliers = dataclasses.replace(features.multipliers, residual=1.0)
    return in_features(model, multipliers=multipliers) if features.query_key_norm else model


def check_any(seed: int) -> None:
    ids = np.random.default_rng(seed).integers(0, 40, 64).tolist()
    for mixed in (False, True):
        model = featured(seed, mixed)
        expected = expected_logits(model, ids)
        with one_sequence(model, OPTIONS) as sequence:
            errors = np.abs(single_ids(sequence, ids) - expected).max(axis=1) / expected.std()
            ends, found = in_cuts(sequence, ids, (17, 1, 30, 16))
        assert errors.max() <= (MIXED_BOUND if mixed else BOUND), (seed, mixed)
        assert np.median(errors) <= (MIXED_MEDIAN if mixed else BOUND / 10), (seed, mixed)
        assert np.abs(found - expected[ends]).max() <= (MIXED_BOUND if mixed else BOUND) * expected.std(), (seed, mixed)


@pytest.mark.parametrize("seed", range(4))
def test_any_features_together(seed: int) -> None:
    """And every matrix in a weight type of its own."""
    check_any(seed)


@SOAK
def test_many_models_of_any_features() -> None:
    for seed in range(100, 500):
        check_any(seed)


def swapped_norms(model: Model) -> Model:
    layer = model[1].layers[0]
    return in_layer(model, 0, q_norm=layer.k_norm, k_norm=layer.q_norm)


def rolled_bias(name: str) -> Any:
    """Each row has its neighbour's bias."""

    def plant(model: Model) -> Model:
        biases = model[1].layers[1].biases
        return in_layer(model, 1, biases={**biases, name: np.roll(biases[name], 1)})

    return plant


PLANTED: dict[str, Any] = {
    "which norm is whose": swapped_norms,
    **{f"rows of the bias of {name}": rolled_bias(name) for name in WITH_NORMS.biases},
    "the window of a layer": lambda model: in_features(model, windows=(0, 29)),
    "the layer of the window": lambda model: in_features(model, windows=(30, 0)),
    "the layer without rotation": lambda model: in_features(model, no_rope_layers=(0,)),
}


@pytest.mark.parametrize("what", PLANTED)
def test_a_small_error_is_seen(what: str) -> None:
    """In a model that has all features at once."""
    model, ids = model_with(WITH_NORMS), ids_of(100)
    found = fast_logits(model, ids)
    assert np.abs(found - expected_logits(model, ids)).max() <= BOUND
    assert np.abs(found - expected_logits(PLANTED[what](model), ids)).max() > 5 * BOUND


# -- bit-equality ---------------------------------------------------------------------------------------------------

LONG = {
    "norms, float32": (WITH_NORMS, (300, 0), ("f32",)),
    "norms, mixed": (WITH_NORMS, (8, 257), ("q4", "int8", "f16", "f32")),
    "residual, mixed": (WITH_RESIDUAL, (256, 600), ("int8", "q4", "f32")),
    "residual, nibbles": (WITH_RESIDUAL, (255, 1), ("q4",)),
}
CUTS = ([512, 188], [255, 1, 1, 300, 143], [270, 7, 400, 23], [8] * 87 + [4])


def long_model(name: str) -> Model:
    features, windows, kinds = LONG[name]
    rope = dataclasses.replace(features.rope, inverse_frequencies=tuple(np.geomspace(1, 0.002, 16).tolist()))
    features = dataclasses.replace(features, rope=rope, windows=windows)
    return model_with(features, kinds, dim=64, hidden_dim=96, head_dim=32)


@pytest.mark.parametrize("name", LONG)
def test_threads_and_pieces_change_no_bit(name: str) -> None:
    model, ids = long_model(name), ids_of(700)
    alone = fast_logits(model, ids, dataclasses.replace(OPTIONS, threads=1))
    for threads in (2, 3):
        found = fast_logits(model, ids, dataclasses.replace(OPTIONS, threads=threads))
        np.testing.assert_array_equal(bits(found), bits(alone), f"{threads} threads")
    for number, cuts in enumerate(CUTS):
        with one_sequence(model, dataclasses.replace(OPTIONS, threads=number % 3 + 1)) as sequence:
            ends, found = in_cuts(sequence, ids, cuts)
        np.testing.assert_array_equal(bits(found), bits(alone[ends]), f"{cuts}")


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("name", LONG)
def test_sequences_beside_change_no_bit(name: str, threads: int) -> None:
    """A long sequence in scattered pages, between one that decodes and one that reads its prompt in threes."""
    model, ids, start, end = long_model(name), ids_of(320), 200, 320
    expected = fast_logits(model, ids, dataclasses.replace(OPTIONS, threads=1))
    order = np.random.default_rng(3).permutation(75).tolist()
    with one_sequence(model, EngineOptions(threads, sequences=3, batch_tokens=512)) as sequence:
        forward = sequence.forward_pass
        mine, first, second = (order[i : i + 25] for i in (0, 25, 50))
        OneSequence(forward, mine).read(ids[:start], 0)
        for position in range(start, end):
            step, turn = position - start, position % 3
            chunks = [
                Chunk([step % VOCABULARY], step, first, True),
                Chunk([ids[position]], position, mine, True),
                Chunk([3, 4, 5], step * 3, second, False),
            ]
            turned = chunks[turn:] + chunks[:turn]
            row = sum(chunk.logits for chunk in turned[: turned.index(chunks[1])])
            found = forward.run(turned)[row].copy()
            np.testing.assert_array_equal(bits(found), bits(expected[position]), f"position {position}")
