"""Checkpoints converted to GGML types: what is refused, what stays, and whole models."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from checkpoints.ggml_kinds import Quantiser

from llmproc.checkpoints.ggml_types import (
    as_int8,
    convert,
    converted_weights,
    dequantise,
    to_f16,
    to_q4_0,
    to_q8_0,
    weight_type_of,
)
from llmproc.checkpoints.llama2c.writer import write_checkpoint
from llmproc.checkpoints.model_file import open_model
from llmproc.checkpoints.synth import SHAPES, write_synthetic
from llmproc.checkpoints.weight_types import converted_description
from llmproc.checkpoints.weights import Matrix, Q4Matrix, Weights, check_finite, named_floats
from llmproc.config import WEIGHT_TYPES
from llmproc.engine.reference import Reference
from llmproc.errors import CheckpointError, UsageError

# --- what is refused


@pytest.mark.parametrize("quantiser", [to_q8_0, to_q4_0])
@pytest.mark.parametrize("shape", [(2, 33), (32,), (2, 3, 32), (4, 16)])
def test_wrong_shapes(quantiser: Quantiser, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="groups of 32 do not divide"):
        quantiser(np.ones(shape, np.float32))


@pytest.mark.parametrize(("quantiser", "limit"), [(to_q8_0, 127 * 65520.0), (to_q4_0, 8 * 65520.0), (to_f16, 65520.0)])
@pytest.mark.parametrize("sign", [1, -1])
def test_beyond_half(quantiser: Quantiser, limit: float, sign: int) -> None:
    array = np.ones((2, 32), np.float32)
    array[1, 5] = sign * limit * 0.999
    quantiser(array)
    for value in (limit * 1.001, np.inf, np.nan, np.finfo(np.float32).max):
        array[1, 5] = sign * value
        with pytest.raises(ValueError, match="must be finite, and what is stored as a half"):
            quantiser(array)


def test_convert_names_file_and_tensor() -> None:
    array = np.ones((3, 64), np.float32)
    array[2, 3] = -1e38
    for weight_type in ("int8", "q4", "f16"):
        with pytest.raises(CheckpointError, match=r"^m.bin: layer 3 w2: largest magnitude is 1e\+38: must be finite"):
            convert(array, weight_type, "m.bin", "layer 3 w2")
    for weight_type in ("int8", "q4"):
        rule = f"^m.bin: wq: number of columns is 33: must be a multiple of 32 to be quantised to {weight_type}$"
        with pytest.raises(CheckpointError, match=rule):
            convert(array[:, :33], weight_type, "m.bin", "wq")
    assert convert(array[:, :33] * 0, "f16", "m.bin", "wq").shape == (3, 33)
    with pytest.raises(ValueError, match="wq is q4, only float32 can be converted to int8"):
        convert(to_q4_0(np.ones((1, 32), np.float32)), "int8", "m.bin", "wq")


@pytest.mark.parametrize("weight_type", WEIGHT_TYPES)
def test_convert(weight_type: str) -> None:
    array = np.random.default_rng(4).standard_normal((5, 64)).astype(np.float32)
    matrix: Matrix = convert(array, weight_type, "m.bin", "wq")
    assert weight_type_of(matrix) == weight_type
    assert convert(matrix, weight_type, "m.bin", "wq") is matrix, "what is of the type already is not touched"
    assert np.abs(dequantise(matrix) - array).max() < {"int8": 0.02, "q4": 0.5, "f16": 2e-3, "f32": 1e-30}[weight_type]


F32 = dataclasses.replace(SHAPES["tiny"], weight_type="f32", group_size=0)


@pytest.mark.parametrize(("weight_type", "group"), [("int8", 32), ("q4", 32), ("f16", 0), ("f32", 0)])
def test_converted_description(weight_type: str, group: int) -> None:
    found = converted_description(F32, weight_type, "m.bin")
    assert found == dataclasses.replace(F32, weight_type=weight_type, group_size=group)
    assert converted_description(found, weight_type, "m.bin") == found
    assert converted_description(found, None, "m.bin") == found


def test_a_quantised_checkpoint_stays_what_it_is() -> None:
    tiny = SHAPES["tiny"]
    assert converted_description(tiny, "int8", "m.bin") is tiny, "its own groups of 64 and float32 scales"
    for weight_type in ("q4", "f16", "f32"):
        message = (
            f"^--weights is {weight_type}: must be int8, because m.bin already holds int8: only an fp32 checkpoint"
        )
        with pytest.raises(UsageError, match=message):
            converted_description(tiny, weight_type, "m.bin")


def test_descriptions_that_cannot_be_quantised() -> None:
    stories = dataclasses.replace(F32, hidden_dim=172)
    for weight_type in ("int8", "q4"):
        message = (
            f"^--weights is {weight_type}: the columns of every matrix must be a multiple of 32, w2 of .* has 172$"
        )
        with pytest.raises(UsageError, match=message):
            converted_description(stories, weight_type, "stories.bin")
    assert converted_description(stories, "f16", "stories.bin").weight_type == "f16"
    with pytest.raises(UsageError, match=r"embedding of a\\nb has 48$"):
        converted_description(dataclasses.replace(F32, dim=48), "q4", "a\nb")
    with pytest.raises(UsageError, match="--weights is q5: must be one of int8, q4, f16, f32"):
        converted_description(F32, "q5", "m.bin")  # type: ignore[arg-type]


# --- whole models


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("weight_type", WEIGHT_TYPES)
def test_whole_models(tmp_path: Path, weight_type: str, shared: bool) -> None:
    path = tmp_path / "model.bin"
    write_synthetic(path, dataclasses.replace(F32, shared_classifier=shared), 5, "version 1")
    header = open_model(path)
    weights = header.load().weights
    made = converted_weights(weights, weight_type, path)
    assert (made.classifier is made.embedding) == shared
    assert made.final_norm is weights.final_norm and made.layers[1].ffn_norm is weights.layers[1].ffn_norm
    for name in ("wq", "wk", "wv", "wo", "w1", "w2", "w3"):
        matrix = getattr(made.layers[1], name)
        assert weight_type_of(matrix) == weight_type
        expected = convert(getattr(weights.layers[1], name), weight_type, path, name)
        assert np.array_equal(dequantise(matrix), dequantise(expected)), "each in its own place"
    check_finite(made, path)
    scales = [label for label, _ in named_floats(made) if label.endswith(" scales")]
    assert len(scales) == {"int8": 15 + (not shared), "q4": 15 + (not shared)}.get(weight_type, 0)
    if weight_type in ("int8", "q4"):
        made.layers[0].wq.scales[3, 1] = np.nan
        with pytest.raises(CheckpointError, match="layer 0 wq scales is nan at index 7"):
            check_finite(made, path)
    description = converted_description(header.description, weight_type, path)
    if weight_type in ("int8", "q4"):
        with pytest.raises(ValueError, match=r"float16|q4, which no layout holds"):
            write_checkpoint(
                tmp_path / "again.bin", dataclasses.replace(description, weight_type="int8"), made, "version 2"
            )


def test_the_reference_runs_every_type(tmp_path: Path) -> None:
    """A model of each type against the float32 model of the same numbers: equal but for the activations' rounding."""
    path = tmp_path / "model.bin"
    write_synthetic(path, F32, 5, "version 1")
    header = open_model(path)
    weights = header.load().weights
    for weight_type, bound in (("int8", 0.03), ("q4", 0.03), ("f16", 1e-6), ("f32", 1e-6)):
        made = converted_weights(weights, weight_type, path)
        plain = Reference(header.description, _plain(made), c_order=False)
        for c_order in (False, True):
            typed = Reference(converted_description(header.description, weight_type, path), made, c_order)
            for position, token in enumerate([1, 400, 7]):
                expected, found = plain.forward(token, position), typed.forward(token, position)
                difference = np.linalg.norm(found - expected) / np.linalg.norm(expected)
                assert found.dtype == np.float32 and difference < bound, (weight_type, difference)


def _plain(weights: Weights) -> Weights:
    """The float32 model of the same numbers; the classifier is shared."""
    layers = [
        dataclasses.replace(
            layer, **{n: dequantise(getattr(layer, n)) for n in ("wq", "wk", "wv", "wo", "w1", "w2", "w3")}
        )
        for layer in weights.layers
    ]
    embedding = dequantise(weights.embedding)
    return dataclasses.replace(weights, embedding=embedding, classifier=embedding, layers=layers)


def test_as_int8() -> None:
    matrix = Q4Matrix(np.arange(32, dtype=np.uint8).reshape(1, 32) % 16, np.array([[0.5]], np.float16))
    assert as_int8(matrix).values[0, :16].tolist() == list(range(-8, 8))
    assert dequantise(matrix)[0, :16].tolist() == [n / 2 for n in range(-8, 8)]
