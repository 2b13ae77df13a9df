"""Products of every kind, compiled for tests, and what they read: imported once per process, under one instruction set.

Arithmetic is checked against NumPy in float64; integer parts are exact there, so that the bound is that of the scales.
They are compiled as entries are; object files and assembly are found again by the next run (`support.compiled`).
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from support import compiled

from llmproc.kernels import environment

environment.prepare()

from llmproc.checkpoints.weights import Int8Matrix, Q4Matrix  # noqa: E402
from llmproc.engine.packing import in_lanes, int8_steps, padded, q4_steps  # noqa: E402
from llmproc.kernels.kinds import F16, F32, F32_C, INT8, NAMES, Q4_0, Q8_0, QUANTISED  # noqa: E402
from llmproc.kernels.products import ADD, STORE, Activations, multiply  # noqa: E402
from llmproc.kernels.sizes import OFFSETS  # noqa: E402
from llmproc.simd.layout import ACTIVATION_BYTES  # noqa: E402


def _function(kind: int) -> Any:
    def run(
        how, out, out_stride, values, scales, tile_bytes, scale_bytes, first, last,
        x, x_stride, x_scales, x_offsets, x_groups, tokens, groups, group,
    ):  # fmt: skip
        multiply(
            kind, how, out, out_stride, values, scales, tile_bytes, scale_bytes, first, last,
            Activations(x, x_stride, x_scales, x_offsets, x_groups), tokens, groups, group,
        )  # fmt: skip

    return run


@cache
def program(kind: int) -> tuple[Any, str]:
    """The product of a kind as a function of 17 integers, and its assembly; seconds the first time."""
    return compiled.function(f"product_{NAMES[kind]}", "q" * 17, _function(kind), __file__)


class Case:
    """A matrix (rows, columns) and activations (tokens, columns) of one kind, as a model holds them."""

    def __init__(self, kind: int, weights: np.ndarray, scales: np.ndarray, x: np.ndarray, x_scales: np.ndarray) -> None:
        """`weights`: integers of the quantised kinds (of Q4_0 -8 to 7), else numbers; `scales` (rows, groups);
        `x`: integers, or numbers; `x_scales` (tokens, groups)."""
        self.kind, self.weights, self.scales, self.x, self.x_scales = kind, weights, scales, x, x_scales
        self.group = weights.shape[1] // scales.shape[1] if kind in QUANTISED else 1
        self.tiles = padded(len(weights)) // 16
        if kind in (INT8, Q8_0):
            self.packed = int8_steps(Int8Matrix(weights.astype(np.int8), scales))
        elif kind == Q4_0:
            self.packed = q4_steps(Q4Matrix((weights + 8).astype(np.uint8), scales))
        else:
            self.packed = in_lanes(weights)
        self.packed_scales = in_lanes(scales)
        self.stored = x
        if kind in QUANTISED:
            self.stored = x.astype(np.int8 if ACTIVATION_BYTES == 1 else np.int16)

    def run(self, first: int, last: int, tokens: range, how: int = STORE, out: np.ndarray | None = None) -> np.ndarray:
        """Tiles first to last - 1 times some tokens: (tokens, 16 * tiles), one call."""
        groups, stored = self.weights.shape[1] // self.group, self.stored[tokens.start : tokens.stop]
        x_scales = np.ascontiguousarray(self.x_scales[tokens.start : tokens.stop])
        sums = self.x[tokens.start : tokens.stop].reshape(len(tokens), groups, self.group).sum(2)
        offsets = (-OFFSETS[self.kind] * sums).astype(np.int32)
        if out is None:
            out = np.full((len(tokens), 16 * (last - first)), np.nan, np.float32)
        program(self.kind)[0](
            how, out.ctypes.data, out.strides[0], self.packed.ctypes.data, self.packed_scales.ctypes.data,
            self.packed.nbytes // self.tiles, self.packed_scales.nbytes // self.tiles, first, last,
            stored.ctypes.data, stored.strides[0], x_scales.ctypes.data, offsets.ctypes.data, 4 * groups,
            len(tokens), groups, self.group,
        )  # fmt: skip
        return out

    def whole(self) -> np.ndarray:
        """(tokens, rows) in one call."""
        return self.run(0, self.tiles, range(len(self.x)))[:, : len(self.weights)]

    def exact(self) -> tuple[np.ndarray, np.ndarray]:
        """(tokens, rows) in float64, and the sum of what was added without signs: what rounding is in proportion to."""
        weights, x = self.weights.astype(np.float64), self.x.astype(np.float64)
        if self.kind not in QUANTISED:
            return x @ weights.T, np.abs(x) @ np.abs(weights).T
        groups = self.scales.shape[1]
        total, magnitude = np.zeros((len(x), len(weights))), np.zeros((len(x), len(weights)))
        for g in range(groups):
            part = slice(g * self.group, (g + 1) * self.group)
            terms = (x[:, part] @ weights[:, part].T) * self.scales[:, g] * self.x_scales[:, g : g + 1]
            total, magnitude = total + terms, magnitude + np.abs(terms)
        return total, magnitude

    def c_order(self) -> np.ndarray:
        """llama2.c's own order in float32: what INT8 and F32_C must equal bit by bit."""
        total = np.zeros((len(self.x), len(self.weights)), np.float32)
        if self.kind == F32_C:
            for k in range(self.weights.shape[1]):
                total += self.weights[:, k] * self.x[:, k : k + 1]
            return total
        for g in range(self.scales.shape[1]):
            part = slice(g * self.group, (g + 1) * self.group)
            sums = self.x[:, part].astype(np.int64) @ self.weights[:, part].astype(np.int64).T
            total += sums.astype(np.float32) * self.scales[:, g] * self.x_scales[:, g : g + 1]
        return total


def random_case(kind: int, rows: int, groups: int, group: int, tokens: int, seed: int = 0) -> Case:
    """Every value the kind can hold may come."""
    random = np.random.default_rng((seed, kind, rows, groups, group, tokens))
    columns = groups * group
    if kind not in QUANTISED:
        weights = random.normal(size=(rows, columns)).astype(np.float16 if kind == F16 else np.float32)
        empty = np.zeros((rows, 0), np.float32)
        return Case(
            kind, weights, empty, random.normal(size=(tokens, columns)).astype(np.float32), np.zeros((tokens, 0))
        )
    low, high = (-8, 8) if kind == Q4_0 else (-128, 128)
    scales = random.uniform(-1, 1, (rows, groups)).astype(np.float32 if kind == INT8 else np.float16)
    x_scales = random.uniform(0, 1, (tokens, groups)).astype(np.float32)
    x = random.integers(-127, 128, (tokens, columns))
    return Case(kind, random.integers(low, high, (rows, columns)), scales, x, x_scales)


__all__ = ["ADD", "F16", "F32", "F32_C", "INT8", "NAMES", "Q4_0", "Q8_0", "Case", "program", "random_case"]
