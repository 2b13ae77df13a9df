"""libm's float functions on float32 arrays, through ctypes: what a C program computes, which NumPy's own are not.

Used by `reference`. Slow (one call per value) and meant to be. Not for kernels: a ctypes pointer forbids their cache.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from typing import Any

import numpy as np
import numpy.typing as npt

Float32 = npt.NDArray[np.float32]


def _function(name: str, arguments: int) -> Any:
    # glibc's name is tried directly: find_library() starts a compiler or ldconfig
    function = getattr(_library(), name)
    function.restype, function.argtypes = ctypes.c_float, [ctypes.c_float] * arguments
    return function


def _library() -> ctypes.CDLL:
    try:
        return ctypes.CDLL("libm.so.6")
    except OSError:
        return ctypes.CDLL(ctypes.util.find_library("m"))


_expf, _sinf, _cosf, _powf = _function("expf", 1), _function("sinf", 1), _function("cosf", 1), _function("powf", 2)


def _each(function: Any, x: Float32) -> Float32:
    return np.fromiter(map(function, x.ravel().tolist()), np.float32, x.size).reshape(x.shape)


def exp(x: Float32) -> Float32:
    """Return expf of every value."""
    return _each(_expf, x)


def sin(x: Float32) -> Float32:
    """Return sinf of every value."""
    return _each(_sinf, x)


def cos(x: Float32) -> Float32:
    """Return cosf of every value."""
    return _each(_cosf, x)


def power(base: np.float32, x: Float32) -> Float32:
    """Return powf(base, value) for every value."""
    return np.fromiter((_powf(float(base), value) for value in x.ravel().tolist()), np.float32, x.size).reshape(x.shape)
