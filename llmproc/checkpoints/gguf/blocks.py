"""Blocks of GGUF's quantised types taken apart: whole numbers, a scale for each group, a minimum where there is one.

    value = whole * scale (+ minimum)       in float32, rounded after the product and after the sum, without fma

Every type here has this form, and every scale and minimum is exact in float32 (a half times at most a signed byte), so
the products are the very values of `gguf.quants.dequantize`, bit for bit. Beside the sum (with a minimum: Q4_1, Q5_1,
Q2_K, Q4_K, Q5_K) only the product is rounded. Used by `dequantising`; the layouts are those of ggml-common.h, written
down before each function: d and m are halves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from llmproc.checkpoints.weights import Float32

Raw: TypeAlias = npt.NDArray[np.uint8]  # (blocks, bytes of a block)
Whole: TypeAlias = npt.NDArray[np.int8]  # (blocks, values of a block)
Groups: TypeAlias = tuple[Whole, Float32, Float32 | None]  # whole numbers, scales and minimums (blocks, groups)

_IQ4_NL = np.array([-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113], np.int8)
_E2M1 = np.array([0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12], np.int8)  # twice the value


@dataclass(frozen=True, slots=True)
class BlockForm:
    """The form of one type: values per scale, and how its blocks come apart."""

    group: int
    split: Callable[[Raw], Groups]


def _half(raw: Raw, at: int) -> Float32:
    """Return the half at byte `at` of every block, (blocks, 1)."""
    return np.ascontiguousarray(raw[:, at : at + 2]).view("<f2").astype(np.float32)


def _nibbles(raw: Raw, at: int) -> npt.NDArray[np.uint8]:
    """Return 32 values from 16 bytes: the low halves of all bytes, then the high ones."""
    part = raw[:, at : at + 16]
    return np.concatenate([part & 15, part >> 4], axis=1)


def _fifth_bits(raw: Raw, at: int) -> npt.NDArray[np.uint8]:
    """Return 32 bits of 4 bytes as 0 or 16."""
    return np.unpackbits(raw[:, at : at + 4], axis=1, bitorder="little") << np.uint8(4)


def _whole(values: npt.NDArray[Any], offset: int = 0) -> Whole:
    return values.view(np.int8) - np.int8(offset)


def _q4_0(raw: Raw) -> Groups:  # d, 32 nibbles
    return _whole(_nibbles(raw, 2), 8), _half(raw, 0), None


def _q4_1(raw: Raw) -> Groups:  # d, m, 32 nibbles
    return _whole(_nibbles(raw, 4)), _half(raw, 0), _half(raw, 2)


def _q5_0(raw: Raw) -> Groups:  # d, 32 fifth bits, 32 nibbles
    return _whole(_nibbles(raw, 6) | _fifth_bits(raw, 2), 16), _half(raw, 0), None


def _q5_1(raw: Raw) -> Groups:  # d, m, 32 fifth bits, 32 nibbles
    return _whole(_nibbles(raw, 8) | _fifth_bits(raw, 4)), _half(raw, 0), _half(raw, 2)


def _q8_0(raw: Raw) -> Groups:  # d, 32 signed bytes
    return _whole(raw[:, 2:]), _half(raw, 0), None


def _iq4_nl(raw: Raw) -> Groups:  # d, 32 nibbles: places in a table
    return _IQ4_NL[_nibbles(raw, 2)], _half(raw, 0), None


def _mxfp4(raw: Raw) -> Groups:  # exponent, 32 nibbles: 4-bit floats, here twice as large and the scale half
    exponent = raw[:, :1].astype(np.uint32)
    bits = np.where(exponent < 2, np.uint32(0x00200000) << exponent, (exponent - np.uint32(1)) << np.uint32(23))
    return _E2M1[_nibbles(raw, 1)], bits.astype(np.uint32).view(np.float32), None


def _q2_k(raw: Raw) -> Groups:  # 16 x (scale, minimum) in nibbles, 64 bytes of 2-bit values, d, m
    packed = _quarters(raw[:, 16:80])
    scales = _half(raw, 80) * (raw[:, :16] & 15).astype(np.float32)
    return _whole(packed), scales, -(_half(raw, 82) * (raw[:, :16] >> 4).astype(np.float32))


def _q3_k(raw: Raw) -> Groups:  # 32 bytes of third bits, 64 bytes of 2-bit values, 12 bytes of scales, d
    planes = np.arange(8, dtype=np.uint8)[None, :, None]
    third = ((raw[:, None, :32] >> planes) & 1).reshape(-1, 256)  # set: nothing is taken away
    low = np.concatenate([raw[:, 96:104] & 15, raw[:, 96:104] >> 4], axis=1)
    pairs = np.arange(0, 8, 2, dtype=np.uint8)[None, :, None]
    high = ((raw[:, None, 104:108] >> pairs) & 3).reshape(-1, 16)
    scales = _whole(low | high << 4, 32).astype(np.float32)
    return _whole(_quarters(raw[:, 32:96])) - ((third ^ 1) << 2).view(np.int8), _half(raw, 108) * scales, None


def _q4_k(raw: Raw) -> Groups:  # d, m, 12 bytes of scales and minimums, 128 bytes of nibbles
    return _whole(_halves(raw[:, 16:])), *_six_bits(raw)


def _q5_k(raw: Raw) -> Groups:  # d, m, 12 bytes of scales and minimums, 32 bytes of fifth bits, 128 bytes of nibbles
    planes = np.arange(8, dtype=np.uint8)[None, :, None]
    fifth = ((raw[:, None, 16:48] >> planes) & 1).reshape(-1, 256)
    return _whole(_halves(raw[:, 48:]) | fifth << 4), *_six_bits(raw)


def _q6_k(raw: Raw) -> Groups:  # 128 bytes of low nibbles, 64 of upper bit pairs, 16 signed scales, d
    low = raw[:, :128].reshape(-1, 2, 1, 64) >> np.array([0, 4], np.uint8)[None, None, :, None]
    high = raw[:, 128:192].reshape(-1, 2, 1, 32) >> np.array([0, 2, 4, 6], np.uint8)[None, None, :, None]
    values = (low & 15).reshape(-1, 256) | ((high & 3) << 4).reshape(-1, 256)
    scales = _half(raw, 208) * np.ascontiguousarray(raw[:, 192:208]).view(np.int8).astype(np.float32)
    return _whole(values, 32), scales, None


def _quarters(part: Raw) -> npt.NDArray[np.uint8]:
    """Return 256 values from 64 bytes: of each 32 bytes the lowest bit pairs, then the next, four times."""
    shifts = np.array([0, 2, 4, 6], np.uint8)[None, None, :, None]
    return ((part.reshape(-1, 2, 1, 32) >> shifts) & np.uint8(3)).reshape(-1, 256)


def _halves(part: Raw) -> npt.NDArray[np.uint8]:
    """Return 256 values from 128 bytes: of each 32 bytes the low halves, then the high ones."""
    shifts = np.array([0, 4], np.uint8)[None, None, :, None]
    return ((part.reshape(-1, 4, 1, 32) >> shifts) & np.uint8(15)).reshape(-1, 256)


def _six_bits(raw: Raw) -> tuple[Float32, Float32]:
    """Return scales and minimums (blocks, 8) of Q4_K and Q5_K: 6-bit numbers in bytes 4 to 15, times d and -m."""
    first, second, third = raw[:, 4:8], raw[:, 8:12], raw[:, 12:16]
    scales = np.concatenate([first & 63, third & 15 | first >> 6 << 4], axis=1).astype(np.float32)
    minimums = np.concatenate([second & 63, third >> 4 | second >> 6 << 4], axis=1).astype(np.float32)
    return _half(raw, 0) * scales, -(_half(raw, 2) * minimums)


FORMS: dict[str, BlockForm] = {
    "Q4_0": BlockForm(32, _q4_0),
    "Q4_1": BlockForm(32, _q4_1),
    "Q5_0": BlockForm(32, _q5_0),
    "Q5_1": BlockForm(32, _q5_1),
    "Q8_0": BlockForm(32, _q8_0),
    "IQ4_NL": BlockForm(32, _iq4_nl),
    "MXFP4": BlockForm(32, _mxfp4),
    "Q2_K": BlockForm(16, _q2_k),
    "Q3_K": BlockForm(16, _q3_k),
    "Q4_K": BlockForm(32, _q4_k),
    "Q5_K": BlockForm(32, _q5_k),
    "Q6_K": BlockForm(16, _q6_k),
}
