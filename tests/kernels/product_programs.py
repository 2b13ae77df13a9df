"""Products of every kind and what they read, for tests: imported once per process, under one instruction set.

Arithmetic is checked against NumPy in float64; integer parts are exact there, so that the bound is that of the scales.
The entries themselves are compiled; object files and assembly are found again by the next run (`support.compiled`).
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from support import compiled

from llmproc.kernels import environment

environment.prepare()

from llmproc import kernels  # noqa: E402
from llmproc.checkpoints.gguf.dequantising import dequantised  # noqa: E402
from llmproc.checkpoints.gguf.tensor_types import type_named  # noqa: E402
from llmproc.checkpoints.weights import Int8Matrix  # noqa: E402
from llmproc.engine.packing import padded  # noqa: E402
from llmproc.engine.tiles import in_lanes, int8_steps  # noqa: E402
from llmproc.kernels import products  # noqa: E402, F401  (importing fills the table)
from llmproc.kernels.block_parts import ADD, STORE  # noqa: E402
from llmproc.kernels.calls import Tiling  # noqa: E402
from llmproc.kernels.entries import multiply_name, tile_name  # noqa: E402
from llmproc.kernels.kinds import (  # noqa: E402
    F32_C,
    FLOATS,
    HALF_SHIFTS,
    INT8,
    INTEGERS,
    NAMES,
    NIBBLE_OFFSETS,
    QUANTISED,
    SHIFTS,
    reads,
)
from llmproc.kernels.registry import FUNCTIONS  # noqa: E402
from llmproc.kernels.stored import BLOCKS, STORED_TYPES, TILES, Tiles  # noqa: E402
from llmproc.simd.layout import ACTIVATION_BYTES  # noqa: E402

# a case is of a stored type, or of the two kinds that no GGUF file has
CASES: dict[str, Tiles] = {**TILES, "int8": Tiles(INT8, 64), "f32_c": Tiles(F32_C, 1)}
READ = (FLOATS, INTEGERS, INTEGERS, INTEGERS, SHIFTS, HALF_SHIFTS, NIBBLE_OFFSETS)  # the bit of each of `Case.inputs`
HALVES = {  # where the halves of a block stand
    "Q8_0": (0,), "Q4_0": (0,), "Q4_1": (0, 2), "Q5_0": (0,), "Q5_1": (0, 2), "IQ4_NL": (0,), "Q2_K": (80, 82),
    "Q3_K": (108,), "Q4_K": (0, 2), "Q5_K": (0, 2), "Q6_K": (208,),
}  # fmt: skip


@cache
def program(kind: int) -> tuple[Any, str]:
    """The entry of a kind as a function of 22 integers, and its assembly; seconds the first time."""
    function = FUNCTIONS[multiply_name(kind)]
    return compiled.function(f"product_{NAMES[kind]}", "q" * 22, function, function.__code__.co_filename)


@cache
def tiling(stored: str) -> Tiling:
    kernels.load(tile_name(stored))
    return Tiling(stored)


def random_rows(stored: str, rows: int, columns: int, random: np.random.Generator) -> np.ndarray:
    """Bytes of rows of a type: any block may come, halves and exponents are those of small numbers."""
    block = BLOCKS[stored]
    count = rows * columns // block.columns
    if block.columns == 1:
        numbers = random.normal(size=count).astype(np.float16 if stored == "F16" else np.float32)
        return (numbers.view("<u4") >> 16).astype("<u2").view(np.uint8) if stored == "BF16" else numbers.view(np.uint8)
    raw = random.integers(0, 256, (count, block.nbytes), np.uint8)
    for at in HALVES.get(stored, ()):
        raw[:, at : at + 2] = random.uniform(-1, 1, count).astype("<f2").view(np.uint8).reshape(-1, 2)
    if stored == "MXFP4":
        raw[:, 0] = random.integers(0, 130, count)
    return raw.reshape(-1)


class Case:
    """A matrix (rows, columns) and activations (tokens, columns) of one case, as a model holds them."""

    def __init__(
        self, name: str, weights: np.ndarray, tiles: tuple[np.ndarray, np.ndarray], x: np.ndarray, group: int = 0
    ) -> None:
        """`weights`: float64 (rows, columns); `tiles`: values and scales; `x`: float32 (tokens, columns).

        `group`: columns of a group of int8, which its file says.
        """
        self.name, self.weights, self.x = name, weights, x
        self.form = Tiles(INT8, group) if group else CASES[name]
        self.values, self.scales = tiles
        self.tiles = padded(len(weights)) // 16
        self.group = self.form.group if self.form.kind == INT8 else 32
        if self.quantised:
            self._quantise()

    @property
    def quantised(self) -> bool:
        return self.form.kind in QUANTISED

    def _quantise(self) -> None:
        tokens, parts = len(self.x), self.x.reshape(len(self.x), -1, self.group)
        self.x_scales = (np.abs(parts).max(2) / np.float32(127)).astype(np.float32)
        safe = np.where(self.x_scales > 0, self.x_scales, np.float32(1))
        whole = np.rint(parts / safe[:, :, None]).astype(np.int64)
        self.whole, self.sums = whole.reshape(tokens, -1), whole.sum(2)
        self.halves = whole.reshape(tokens, whole.shape[1] * 2, -1).sum(2)

    def inputs(self, tokens: range) -> list[np.ndarray]:
        """What stands in memory for some tokens: floats, integers, scales, offsets, shifts, half shifts, of nibbles.

        What `kinds.reads` does not name is NaN or -1: a product that looks at it all the same is wrong.
        """
        part = slice(tokens.start, tokens.stop)
        if not self.quantised:
            return [np.ascontiguousarray(self.x[part]), *[_ruined(self.x[part])] * 6]
        scales, sums, kind = self.x_scales[part], self.sums[part], np.int8 if ACTIVATION_BYTES == 1 else np.int16
        halves = np.repeat(scales, 2, axis=1) * self.halves[part]
        shifts, nibbles = (scales * sums).astype(np.float32), (-8 * sums).astype(np.int32)
        found = [self.x[part], self.whole[part].astype(kind), scales, (-128 * sums).astype(np.int32), shifts]
        found += [halves.astype(np.float32), nibbles]
        wanted, pairs = reads(self.form.kind, self.form.group), zip(READ, found, strict=True)
        return [np.ascontiguousarray(array) if bit & wanted else _ruined(array) for bit, array in pairs]

    def run(self, first: int, last: int, tokens: range, how: int = STORE, out: np.ndarray | None = None) -> np.ndarray:
        """Tiles first to last - 1 times some tokens: (tokens, 16 * tiles), one call."""
        floats, *others = inputs = self.inputs(tokens)
        columns = self.weights.shape[1]
        if out is None:
            out = np.full((len(tokens), 16 * (last - first)), np.nan, np.float32)
        program(self.form.kind)[0](
            how, out.ctypes.data, out.strides[0], self.values.ctypes.data, self.scales.ctypes.data,
            self.values.nbytes // self.tiles, self.scales.nbytes // self.tiles, first, last, len(tokens),
            columns // self.form.group, self.form.group, floats.ctypes.data, floats.strides[0],
            others[0].ctypes.data, others[0].strides[0], *(array.ctypes.data for array in others[1:]),
            columns // self.group * 4,
        )  # fmt: skip
        assert len(inputs) == 7
        return out

    def whole_product(self) -> np.ndarray:
        """(tokens, rows) in one call."""
        return self.run(0, self.tiles, range(len(self.x)))[:, : len(self.weights)]

    def exact(self) -> tuple[np.ndarray, np.ndarray]:
        """(tokens, rows) in float64, and the sum of what was added without signs: what rounding is in proportion to."""
        x = self.x.astype(np.float64)
        if self.quantised:
            x = self.whole * np.repeat(self.x_scales.astype(np.float64), self.group, axis=1)
        return x @ self.weights.T, np.abs(x) @ np.abs(self.weights).T


def _ruined(array: np.ndarray) -> np.ndarray:
    return np.full(array.nbytes, 0xFF, np.uint8).view(array.dtype).reshape(array.shape)


def stored_case(name: str, raw: np.ndarray, shape: tuple[int, int], x: np.ndarray) -> Case:
    """A case of rows in the bytes of a file."""
    values, scales = (np.zeros(padded(shape[0]) // 16 * n, np.uint8) for n in TILES[name].bytes_of(shape[1]))
    assert tiling(name).tile(values, scales, raw, None, shape) == -1
    return Case(name, dequantised(type_named(name), raw, shape).astype(np.float64), (values, scales), x)


def int8_case(weights: np.ndarray, scales: np.ndarray, x: np.ndarray) -> Case:
    """A case of llama2.c's int8; `scales` (rows, groups)."""
    packed = int8_steps(Int8Matrix(weights.astype(np.int8), scales)).reshape(-1).view(np.uint8)
    group = weights.shape[1] // scales.shape[1]
    wide = weights * np.repeat(scales.astype(np.float64), group, axis=1)
    return Case("int8", wide, (packed, in_lanes(scales).reshape(-1).view(np.uint8)), x, group)


def random_case(name: str, rows: int, columns: int, tokens: int, seed: int = 0, group: int = 64) -> Case:
    """Every value the type can hold may come; `columns`: whole blocks of it, or groups of `group` of int8.

    Of several tokens the last has groups of zeros.
    """
    random = np.random.default_rng([seed, rows, columns, tokens, *name.encode()])
    x = random.normal(size=(tokens, columns)).astype(np.float32)
    if tokens > 1:
        x[-1, :32] = 0
    if name == "int8":
        scales = random.uniform(-1, 1, (rows, columns // group)).astype(np.float32)
        return int8_case(random.integers(-128, 128, (rows, columns)), scales, x)
    if name == "f32_c":
        weights = random.normal(size=(rows, columns)).astype(np.float32)
        packed = in_lanes(weights).reshape(-1).view(np.uint8)
        return Case(name, weights.astype(np.float64), (packed, np.zeros(0, np.uint8)), x)
    return stored_case(name, random_rows(name, rows, columns, random), (rows, columns), x)


__all__ = [
    "ADD", "BLOCKS", "CASES", "HALVES", "NAMES", "STORE", "STORED_TYPES", "Case", "int8_case", "program",
    "random_case", "random_rows", "stored_case", "type_named",
]  # fmt: skip
