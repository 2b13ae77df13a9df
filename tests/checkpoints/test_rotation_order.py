"""Rows of queries and keys in the other order: the same logits, and the way back."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from checkpoints.parity_models import MODELS, tokens_of
from checkpoints.plain_forward import logits_of

from llmproc.checkpoints.features import Pairs
from llmproc.checkpoints.ggml_types import convert, converted_weights, dequantise
from llmproc.checkpoints.model_file import open_model
from llmproc.checkpoints.rotation_order import reordered_rows, row_order, with_pairs
from llmproc.checkpoints.weights import named_floats


def test_the_order_of_one_head() -> None:
    assert row_order(1, 6, "interleaved").tolist() == [0, 3, 1, 4, 2, 5]
    assert row_order(1, 6, "half-split").tolist() == [0, 2, 4, 1, 3, 5]
    assert row_order(2, 4, "interleaved").tolist() == [0, 2, 1, 3, 4, 6, 5, 7]


@pytest.mark.parametrize(("heads", "head_dim"), [(1, 2), (3, 8), (5, 64)])
def test_one_order_undoes_the_other(heads: int, head_dim: int) -> None:
    there, back = (row_order(heads, head_dim, pairs) for pairs in get_args(Pairs))
    assert there[back].tolist() == back[there].tolist() == list(range(heads * head_dim))


@pytest.mark.parametrize("name", MODELS)
def test_the_same_logits_in_either_order(tmp_path: Path, name: str) -> None:
    model = open_model(MODELS[name].write(tmp_path / "model"))
    weights, tokens = model.load().weights, tokens_of(name)[:64]
    description, changed = with_pairs(model.description, weights, "interleaved")
    assert description.features.rope.pairs == "interleaved" and description != model.description
    expected = logits_of(model.description, weights, tokens)
    assert np.abs(logits_of(description, changed, tokens) - expected).max() < 1e-11
    wrong = logits_of(model.description, changed, tokens)
    assert np.abs(wrong - expected).max() > 0.01, "the order counts"
    again, back = with_pairs(description, changed, "half-split")
    assert again == model.description
    for (label, one), (_, other) in zip(named_floats(back), named_floats(weights), strict=True):
        assert np.array_equal(one, other), label


def test_a_model_in_that_order_is_left_alone(tmp_path: Path) -> None:
    model = open_model(MODELS["smollm3"].write(tmp_path / "model"))
    weights = model.load().weights
    description, same = with_pairs(model.description, weights, "half-split")
    assert description is model.description and same is weights


@pytest.mark.parametrize("weight_type", ["f16", "int8", "q4"])
def test_quantised_rows_go_with_their_scales(tmp_path: Path, weight_type: Any) -> None:
    random = np.random.default_rng(1)
    array = random.standard_normal((16, 32)).astype(np.float32)
    matrix = convert(array, weight_type, "m", "wq")
    order = row_order(2, 8, "interleaved")
    assert np.array_equal(dequantise(reordered_rows(matrix, order)), dequantise(matrix)[order])


def test_a_conversion_keeps_biases_and_norms(tmp_path: Path) -> None:
    for name in ("qwen2, window in later layers", "qwen3, layer types"):
        weights = open_model(MODELS[name].write(tmp_path / name[:5])).load().weights
        converted = converted_weights(weights, "f16", "m")
        assert converted.layers[0].biases is weights.layers[0].biases
        assert converted.layers[0].k_norm is weights.layers[0].k_norm
