"""One small error in each feature of a model, to show that a parity test would see it: name -> (model, how)."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.weights import Weights

Model = tuple[ModelDescription, Weights]


def in_layer(model: Model, number: int, **changes: Any) -> Model:
    d, weights = model
    layers = list(weights.layers)
    layers[number] = dataclasses.replace(layers[number], **changes)
    return d, dataclasses.replace(weights, layers=layers)


def in_features(model: Model, **changes: Any) -> Model:
    d, weights = model
    return dataclasses.replace(d, features=dataclasses.replace(d.features, **changes)), weights


def one_bias_negated(model: Model) -> Model:
    biases = dict(model[1].layers[1].biases)
    biases["wk"] = np.where(np.arange(len(biases["wk"])) == 0, -biases["wk"], biases["wk"])
    return in_layer(model, 1, biases=biases)


def one_row_scaled(model: Model) -> Model:
    matrix: Any = model[1].layers[0].wv
    rows = np.arange(len(matrix)) == 5
    return in_layer(model, 0, wv=np.where(rows[:, None], matrix * np.float32(1.05), matrix))


def one_frequency_off(model: Model) -> Model:
    rope = model[0].features.rope
    frequencies = list(model[0].inverse_frequencies())
    frequencies[1] *= 1.01
    return in_features(model, rope=dataclasses.replace(rope, inverse_frequencies=tuple(frequencies)))


def norms_of_queries_and_keys_swapped(model: Model) -> Model:
    layer = model[1].layers[0]
    return in_layer(model, 0, q_norm=layer.k_norm, k_norm=layer.q_norm)


PLANTED: dict[str, tuple[str, Callable[[Model], Model]]] = {
    "theta": ("llama, one key head a head", lambda m: (dataclasses.replace(m[0], rope_theta=505.0), m[1])),
    "one row of a plain model": ("llama, one key head a head", one_row_scaled),
    "one value of one bias": ("qwen2, groups of 3", one_bias_negated),
    "one row of one matrix": ("llama, linear scaling, 3 heads", one_row_scaled),
    "one frequency": ("llama, llama3 scaling, groups of 8", one_frequency_off),
    "the attention factor": (
        "qwen3, yarn",
        lambda m: in_features(m, rope=dataclasses.replace(m[0].features.rope, attention_factor=1.13)),
    ),
    "the window of one layer": ("mistral, window of 8", lambda m: in_features(m, windows=(8, 7))),
    "the layers of the window": ("qwen3, window in later layers", lambda m: in_features(m, windows=(0, 16, 16))),
    "which norm is whose": ("qwen3, layer types", norms_of_queries_and_keys_swapped),
    "the multiplier of what layers add": (
        "granite",
        lambda m: in_features(m, multipliers=dataclasses.replace(m[0].features.multipliers, residual=0.76)),
    ),
    "the layer without rotation": ("smollm3", lambda m: in_features(m, no_rope_layers=(2,))),
}
