"""Normally distributed weights in the blocks of every quantised type of GGUF, as a quantiser leaves them: mean 0, few
values at the ends. Used by `models`.

Nothing is quantised: whole numbers are drawn, rounded from a normal distribution that fills their range, and scales
from a range; then all is packed. Blocks of random bytes would not do: whole numbers of 4 bits from -8 to 7 have the
mean -0.5, so activations grow in one direction, and errors with them. Layouts: see `checkpoints.gguf.blocks`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Bytes: TypeAlias = npt.NDArray[np.uint8]  # (blocks, bytes of a part)
Packed: TypeAlias = tuple[Bytes, ...]  # parts of blocks, in the order of the file
Random: TypeAlias = np.random.Generator

_IQ4_NL = np.array([-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113])
_E2M1 = np.array([0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12])  # twice the value
_SPREAD = 0.2  # scales of blocks differ by up to this part


@dataclass(frozen=True, slots=True)
class DrawnType:
    """The drawing of one type. `steps`: standard deviation of its whole numbers, scales of groups included."""

    values: int  # of a block
    steps: float
    pack: Callable[[Random, int, Bytes], Packed]  # (random, blocks, halves of d) -> parts


def gaussian_blocks(name: str, random: Random, count: int, deviation: float) -> Bytes:
    """Return `count` blocks of a quantised type, whose values have mean 0 and this standard deviation, nearly.

    KeyError for a type of floats.
    """
    drawn = DRAWN[name]
    scales = deviation / drawn.steps * random.uniform(1 - _SPREAD, 1 + _SPREAD, (count, 1))
    if name == "MXFP4":  # a power of two is all that scales a block; 127 is 1, of values half as large as in the table
        exponent = np.round(np.log2(2 * scales) + random.uniform(-1, 1, (count, 1))) + 127
        return np.concatenate(drawn.pack(random, count, exponent.astype(np.uint8)), axis=1)
    return np.concatenate(drawn.pack(random, count, _halves(scales)), axis=1)


def _halves(values: npt.NDArray[Any]) -> Bytes:
    return values.astype("<f2").view(np.uint8)


def _whole(random: Random, shape: tuple[int, ...], lowest: int, highest: int, steps: float) -> npt.NDArray[Any]:
    """Return whole numbers around the middle of a range of even length, or around 0 of -n to n - 1."""
    middle = 0 if lowest < 0 else (lowest + highest) / 2
    drawn = np.round(random.standard_normal(shape) * steps + middle)
    return np.clip(drawn, lowest, highest).astype(np.int64)


def _nearest(table: npt.NDArray[Any], values: npt.NDArray[Any]) -> Bytes:
    return np.abs(values[..., None] - table).argmin(axis=-1).astype(np.uint8)


def _nibbles(values: npt.NDArray[Any]) -> Bytes:
    """Return 16 bytes of 32 values: value j in the low half of byte j, value j + 16 in its high half."""
    return (values[:, :16] & 15 | (values[:, 16:] & 15) << 4).astype(np.uint8)


def _fifths(values: npt.NDArray[Any]) -> Bytes:
    """Return the fifth bits of 32 values in 4 bytes."""
    return np.packbits((values >> 4 & 1).astype(np.uint8), axis=1, bitorder="little")


def _with_minimum(d: Bytes, middle: float) -> Bytes:
    """Return the half that takes `middle` times the half d away."""
    return _halves(d.view("<f2").astype(np.float64) * -middle)


def _q4_0(random: Random, count: int, d: Bytes) -> Packed:
    return d, _nibbles(_whole(random, (count, 32), -8, 7, 2.7) + 8)


def _q4_1(random: Random, count: int, d: Bytes) -> Packed:
    return d, _with_minimum(d, 7.5), _nibbles(_whole(random, (count, 32), 0, 15, 2.7))


def _q5_0(random: Random, count: int, d: Bytes) -> Packed:
    values = _whole(random, (count, 32), -16, 15, 5.5) + 16
    return d, _fifths(values), _nibbles(values)


def _q5_1(random: Random, count: int, d: Bytes) -> Packed:
    values = _whole(random, (count, 32), 0, 31, 5.5)
    return d, _with_minimum(d, 15.5), _fifths(values), _nibbles(values)


def _q8_0(random: Random, count: int, d: Bytes) -> Packed:
    return d, _whole(random, (count, 32), -127, 127, 42).astype(np.int8).view(np.uint8)


def _iq4_nl(random: Random, count: int, d: Bytes) -> Packed:
    return d, _nibbles(_nearest(_IQ4_NL, random.standard_normal((count, 32)) * 42))


def _mxfp4(random: Random, count: int, exponent: Bytes) -> Packed:
    return exponent, _nibbles(_nearest(_E2M1, random.standard_normal((count, 32)) * 4))


def _quarters(values: npt.NDArray[Any]) -> Bytes:
    """Return 64 bytes of 256 values of 2 bits: byte i of each 32 holds values i, i + 32, i + 64, i + 96 of its 128."""
    return _bits(values.reshape(-1, 2, 4, 32), 2, axis=2).reshape(-1, 64)


def _planes(bits: npt.NDArray[Any]) -> Bytes:
    """Return 32 bytes of 256 bits: byte i holds those of values i, i + 32, ..."""
    return _bits(bits.reshape(-1, 8, 32), 1, axis=1)


def _pairs(values: npt.NDArray[Any], run: int) -> Bytes:
    """Return 128 bytes of 256 nibbles: of each 2 * `run` values the first half low, the second high."""
    return _bits((values & 15).reshape(-1, 128 // run, 2, run), 4, axis=2).reshape(-1, 128)


def _bits(values: npt.NDArray[Any], width: int, axis: int) -> Bytes:
    """Return bytes that hold the values along an axis, `width` bits each, the first one lowest."""
    shape = [1] * values.ndim
    shape[axis] = values.shape[axis]
    shifts = (np.arange(values.shape[axis]) * width).reshape(shape)
    return (values << shifts).sum(axis=axis).astype(np.uint8)


def _q2_k(random: Random, count: int, d: Bytes) -> Packed:
    scales = random.integers(5, 16, (count, 16))
    packed = (scales | scales << 4).astype(np.uint8)  # scale and minimum of a group: its middle becomes 0
    return packed, _quarters(_whole(random, (count, 256), 0, 3, 1.0)), d, _with_minimum(d, -1.5)


def _q3_k(random: Random, count: int, d: Bytes) -> Packed:
    values = _whole(random, (count, 256), -4, 3, 1.5) + 4
    scales = random.integers(12, 32, (count, 16)) * random.choice([-1, 1], (count, 16)) + 32
    low = (scales[:, :8] & 15 | (scales[:, 8:] & 15) << 4).astype(np.uint8)
    high = _bits((scales >> 4).reshape(count, 4, 4), 2, axis=1)
    return _planes(values >> 2), _quarters(values & 3), low, high, d


def _q4_k(random: Random, count: int, d: Bytes) -> Packed:
    return *_six_bits(random, count, d, 7.5), _pairs(_whole(random, (count, 256), 0, 15, 2.7), 32)


def _q5_k(random: Random, count: int, d: Bytes) -> Packed:
    values = _whole(random, (count, 256), 0, 31, 5.5)
    return *_six_bits(random, count, d, 15.5), _planes(values >> 4), _pairs(values, 32)


def _six_bits(random: Random, count: int, d: Bytes, middle: float) -> Packed:
    """Return d, m, and 8 scales and as large minimums of 6 bits in 12 bytes."""
    scales = random.integers(24, 64, (count, 8))
    first, last = scales[:, :4], scales[:, 4:]
    upper = first | last >> 4 << 6
    packed = np.concatenate([upper, upper, last & 15 | (last & 15) << 4], axis=1).astype(np.uint8)
    return d, _with_minimum(d, -middle), packed


def _q6_k(random: Random, count: int, d: Bytes) -> Packed:
    values = _whole(random, (count, 256), -32, 31, 10.5) + 32
    scales = random.integers(40, 128, (count, 16)) * random.choice([-1, 1], (count, 16))
    return _pairs(values, 64), _quarters(values >> 4), scales.astype(np.int8).view(np.uint8), d


def _root_mean_square(lowest: int, highest: int) -> float:
    return math.sqrt(sum(n * n for n in range(lowest, highest)) / (highest - lowest))


DRAWN = {
    "Q4_0": DrawnType(32, 2.7, _q4_0),
    "Q4_1": DrawnType(32, 2.7, _q4_1),
    "Q5_0": DrawnType(32, 5.5, _q5_0),
    "Q5_1": DrawnType(32, 5.5, _q5_1),
    "Q8_0": DrawnType(32, 42, _q8_0),
    "IQ4_NL": DrawnType(32, 42, _iq4_nl),
    "MXFP4": DrawnType(32, 4 * 1.2, _mxfp4),  # 1.2: of powers of two that are drawn
    "Q2_K": DrawnType(256, 0.96 * _root_mean_square(5, 16), _q2_k),
    "Q3_K": DrawnType(256, 1.5 * _root_mean_square(12, 32), _q3_k),
    "Q4_K": DrawnType(256, 2.7 * _root_mean_square(24, 64), _q4_k),
    "Q5_K": DrawnType(256, 5.5 * _root_mean_square(24, 64), _q5_k),
    "Q6_K": DrawnType(256, 10.5 * _root_mean_square(40, 128), _q6_k),
}
