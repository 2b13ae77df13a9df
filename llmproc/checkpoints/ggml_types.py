"""Float32 matrices to GGUF's weight types and back, value for value what llama.cpp's own tools store.

Used by the template (quantising an fp32 checkpoint at load), the GGUF writer, the reference and tests. A matrix at a
time and a block of it at once: beside the result only a few hundred kilobytes are needed. No I/O.

The formulas are those of quantize_row_q8_0_ref and quantize_row_q4_0_ref in ggml-quants.c, in float32 without fma;
a group is 32 neighbours of a row, d its scale, which is rounded to half only after it has been divided by:

    Q8_0   d = max|x| / 127                       value = round(x * (1 / d)), half away from zero    x ~ value * d
    Q4_0   d = (first x of largest |x|) / -8      value = min(15, trunc(x * (1 / d) + 8.5))          x ~ (value - 8) * d

Where 1 / d is not finite (d is zero, or so small that its half is zero too) the group is stored as zeros.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from llmproc.checkpoints.source_file import refuse
from llmproc.checkpoints.tensors import LAYER_MATRICES
from llmproc.checkpoints.weight_types import GROUP
from llmproc.checkpoints.weights import Float16, Float32, Int8Matrix, LayerWeights, Matrix, Q4Matrix, Weights
from llmproc.config import WeightType

BLOCK_GROUPS = 1024  # groups quantised at once: 128 KiB of float32 and its temporaries stay in the core's cache
BELOW_HALF = np.nextafter(np.float32(0.5), np.float32(0))  # added before cutting, it rounds half away from zero
FINITE = "must be finite, and what is stored as a half (the scale, in f16 each weight) at most 65504"


def to_q8_0(array: Float32) -> Int8Matrix:
    """Quantise (rows, cols) to int8 with a float16 scale for every 32 columns.

    ValueError for another shape, columns that 32 does not divide, a value that is not finite, or a scale beyond half.
    """
    groups = _groups_of(array)
    values, scales = np.empty(groups.shape, np.int8), np.empty(len(groups), np.float16)
    for part in _blocks(len(groups)):
        group = groups[part]
        with np.errstate(all="ignore"):  # what overflows is looked for below
            scale = np.abs(group).max(axis=1) / np.float32(127)
            quotient = group * _inverse(scale)
            quotient += np.copysign(BELOW_HALF, quotient)
            values[part], scales[part] = quotient, scale
    rows, cols = array.shape
    return Int8Matrix(values.reshape(rows, cols), _finite(scales).reshape(rows, cols // GROUP))


def to_q4_0(array: Float32) -> Q4Matrix:
    """Quantise (rows, cols) to 0..15 with offset 8 and a float16 scale for every 32 columns. ValueError as to_q8_0."""
    groups = _groups_of(array)
    values, scales = np.empty(groups.shape, np.uint8), np.empty(len(groups), np.float16)
    for part in _blocks(len(groups)):
        group = groups[part]
        with np.errstate(all="ignore"):
            first = np.abs(group).argmax(axis=1)
            largest = np.take_along_axis(group, first[:, None], axis=1)[:, 0]
            scale = (largest + np.float32(0)) / np.float32(-8)  # + 0: ggml starts from +0, a group of -0 ends there
            shifted = group * _inverse(scale)
            shifted += np.float32(8.5)
            values[part], scales[part] = np.minimum(shifted, np.float32(15), out=shifted), scale
    rows, cols = array.shape
    return Q4Matrix(values.reshape(rows, cols), _finite(scales).reshape(rows, cols // GROUP))


def to_f16(array: Float32) -> Float16:
    """Round (rows, cols) to the nearest halves. ValueError for a value that is not finite or beyond half."""
    with np.errstate(all="ignore"):
        return _finite(np.asarray(array, np.float32).astype(np.float16))


def dequantise(matrix: Matrix) -> Float32:
    """Return the float32 matrix (rows, cols) that `matrix`, of any weight type, stands for; float32 itself as it is."""
    if isinstance(matrix, Q4Matrix):
        matrix = as_int8(matrix)
    if not isinstance(matrix, Int8Matrix):
        return matrix.astype(np.float32, copy=False)
    rows, cols = matrix.values.shape
    groups = matrix.scales.shape[1]
    product = matrix.values.reshape(rows, groups, -1).astype(np.float32) * matrix.scales[:, :, None]
    return product.reshape(rows, cols)


def as_int8(matrix: Q4Matrix) -> Int8Matrix:
    """Return the same numbers without the offset: values -8..7, the same scales."""
    return Int8Matrix((matrix.values - np.uint8(8)).view(np.int8), matrix.scales)  # wraps to the byte of the sum


def convert(matrix: Matrix, weight_type: WeightType, path: Path | str, label: str) -> Matrix:
    """Return `matrix` as `weight_type`: the same object if it has that type already, else quantised from float32.

    CheckpointError naming `path` and `label` (the tensor) when a value or the shape does not allow it; ValueError for
    a matrix that is quantised to another type, which `converted_description` refuses before anything is loaded.
    """
    held = weight_type_of(matrix)
    if held == weight_type:
        return matrix
    if held != "f32":
        raise ValueError(f"{label} is {held}, only float32 can be converted to {weight_type}")
    assert isinstance(matrix, np.ndarray)
    if weight_type != "f16" and matrix.shape[1] % GROUP:
        rule = f"must be a multiple of {GROUP} to be quantised to {weight_type}"
        raise refuse(path, f"{label}: number of columns", matrix.shape[1], rule)
    plain = np.asarray(matrix, np.float32)
    try:
        if weight_type == "f16":
            return to_f16(plain)
        return to_q8_0(plain) if weight_type == "int8" else to_q4_0(plain)
    except ValueError:
        raise refuse(path, f"{label}: largest magnitude", f"{np.abs(plain).max():g}", FINITE) from None


def weight_type_of(matrix: Matrix) -> WeightType:
    """Return the type of `matrix`."""
    if isinstance(matrix, (Int8Matrix, Q4Matrix)):
        return "int8" if isinstance(matrix, Int8Matrix) else "q4"
    return "f16" if matrix.dtype == np.float16 else "f32"


def converted_weights(weights: Weights, weight_type: WeightType, path: Path | str) -> Weights:
    """Convert every matrix; norms stay as they are, a shared classifier stays shared. For small models and tests:
    the template converts and packs one matrix after another instead."""
    embedding = convert(weights.embedding, weight_type, path, "embedding")
    shared = weights.classifier is weights.embedding
    return Weights(
        embedding=embedding,
        layers=[_converted_layer(layer, number, weight_type, path) for number, layer in enumerate(weights.layers)],
        final_norm=weights.final_norm,
        classifier=embedding if shared else convert(weights.classifier, weight_type, path, "classifier"),
    )


def _converted_layer(layer: LayerWeights, number: int, weight_type: WeightType, path: Path | str) -> LayerWeights:
    matrices = {
        name: convert(getattr(layer, name), weight_type, path, f"layer {number} {name}") for name in LAYER_MATRICES
    }
    return dataclasses.replace(layer, **matrices)  # type: ignore[arg-type]  # only matrices among the fields


def _groups_of(array: Float32) -> Float32:
    """Return `array` (rows, cols) as (rows * cols / 32, 32); a view if its rows lie one after another."""
    if array.ndim != 2 or array.shape[1] % GROUP:
        raise ValueError(f"groups of {GROUP} do not divide the columns of an array of shape {array.shape}")
    return np.ascontiguousarray(array, np.float32).reshape(-1, GROUP)


def _blocks(groups: int) -> Iterator[slice]:
    for start in range(0, groups, BLOCK_GROUPS):
        yield slice(start, start + BLOCK_GROUPS)


def _inverse(scale: Float32) -> Float32:
    """Return 1 / scale (groups, 1), and 0 where that is not finite."""
    inverse = np.float32(1) / scale
    inverse[~np.isfinite(inverse)] = 0
    return inverse[:, None]


def _finite(halves: Float16) -> Float16:
    if not np.isfinite(halves).all():
        raise ValueError(FINITE)
    return halves
