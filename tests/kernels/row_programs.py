"""Steps on one token's row, callable from Python with arrays: each is compiled at its first call."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from llmproc.kernels import environment

environment.prepare()

from numba import njit  # noqa: E402

from llmproc.kernels.rows import Quantised, gated_unit, normalise, quantise_groups, rotate, scale_row  # noqa: E402
from llmproc.simd.layout import ACTIVATION_BYTES  # noqa: E402

_run_normalise = njit(lambda out, x, weight, size, eps, order: normalise(out, x, weight, size, eps, order))
_run_quantise = njit(
    lambda x, v, s, o, f, h, n, groups, group: quantise_groups(x, Quantised(v, s, o, f, h, n), groups, group)
)
_run_gated = njit(lambda gate, up, vectors, order: gated_unit(gate, up, vectors, order))
_run_rotate = njit(lambda out, x, angles, size, scale: rotate(out, x, angles, size, scale))
_run_scale = njit(lambda out, x, size, scale: scale_row(out, x, size, scale))


class Row(NamedTuple):
    """A row of activations as products read it: of each group, and (`half_shifts`) of each half of one."""

    values: np.ndarray
    scales: np.ndarray
    offsets: np.ndarray
    shifts: np.ndarray
    half_shifts: np.ndarray
    nibble_offsets: np.ndarray


def _padded(values: np.ndarray) -> np.ndarray:
    """As rows are kept: whole vectors, zeros behind."""
    return np.pad(values.astype(np.float32), (0, -len(values) % 16))


def normalised(x: np.ndarray, weight: np.ndarray, eps: float, c_order: bool, in_place: bool = False) -> np.ndarray:
    source, wide = _padded(x), _padded(weight)
    out = source if in_place else np.full_like(source, np.nan)
    addresses = (out.ctypes.data, source.ctypes.data, wide.ctypes.data)
    _run_normalise(*addresses, len(x), np.float32(eps), int(c_order))
    assert not out[len(x) :].any(), "padding must hold zeros"
    return out[: len(x)]


def quantised(x: np.ndarray, group: int, shifts: bool = False, half_shifts: bool = False, nibbles: bool = False) -> Row:
    """A row of activations; sums that are not asked for stay NaN, or 99."""
    groups, source = len(x) // group, np.ascontiguousarray(x, np.float32)
    row = Row(
        np.full(len(x), 99, np.int8 if ACTIVATION_BYTES == 1 else np.int16), np.full(groups, np.nan, np.float32),
        np.full(groups, 99, np.int32), np.full(groups, np.nan, np.float32), np.full(2 * groups, np.nan, np.float32),
        np.full(groups, 99, np.int32),
    )  # fmt: skip
    wanted = (True, True, True, shifts, half_shifts, nibbles)
    places = [array.ctypes.data if want else 0 for array, want in zip(row, wanted, strict=True)]
    _run_quantise(source.ctypes.data, *places, groups, group)
    return row


def gated(gate: np.ndarray, up: np.ndarray, c_order: bool) -> np.ndarray:
    out, other = _padded(gate), _padded(up)
    _run_gated(out.ctypes.data, other.ctypes.data, len(out) // 16, int(c_order))
    assert not out[len(gate) :].any()
    return out[: len(gate)]


def rotated(x: np.ndarray, angles: np.ndarray, scale: float) -> np.ndarray:
    out = np.full_like(x, np.nan)
    _run_rotate(out.ctypes.data, x.ctypes.data, angles.ctypes.data, len(x), np.float32(scale))
    return out


def scaled(x: np.ndarray, scale: float) -> np.ndarray:
    out = np.full_like(x, np.nan)
    _run_scale(out.ctypes.data, x.ctypes.data, len(x), np.float32(scale))
    return out
