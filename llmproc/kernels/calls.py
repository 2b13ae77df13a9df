"""Entries of compiled code as Python functions: arguments are checked once more before code that checks nothing.

Used by `engine` and `service`. TypeError for an array of another type, dimension or order, or one that may not be
written where that is needed; ValueError for sizes that do not go together; NotLoadedError for an entry that nothing has
loaded (`kernels.load`): it is never compiled by being called.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from llmproc.kernels.entries import tile_name
from llmproc.kernels.stored import BLOCKS, TILES
from llmproc.simd.layout import LANES

Real = float | np.float32
Bytes = npt.NDArray[np.uint8]
_functions: dict[str, Callable[..., Any]] = {}
_F32, _I64, _U8 = np.dtype(np.float32), np.dtype(np.int64), np.dtype(np.uint8)


class NotLoadedError(TypeError):
    """An entry is called that has not been loaded."""


def install(functions: dict[str, Callable[..., Any]]) -> None:
    """Make entries callable."""
    _functions.update(functions)


def there(name: str) -> bool:
    """Tell whether an entry can be called."""
    return name in _functions


def linked(name: str) -> Callable[..., Any]:
    """Return the C function of an entry, which checks nothing: for callers that have checked their addresses before."""
    try:
        return _functions[name]
    except KeyError:
        raise NotLoadedError(f"the kernel {name} has not been loaded") from None


def code_address(name: str) -> int:
    """Return where the code of an entry lies, for compiled code that calls it. NotLoadedError."""
    return ctypes.cast(linked(name), ctypes.c_void_p).value or 0  # type: ignore[arg-type]


class Argmax:
    """`argmax` of one array, bound: it is checked and its address looked up once, which takes longer than a call."""

    def __init__(self, x: npt.NDArray[np.float32]) -> None:
        """x (rows, columns), whose values may change from call to call. Errors as those of `argmax`."""
        self.array = x
        self._out = np.empty(len(x), np.int64)
        argmax(self._out, x)
        self._arguments = _start(self._out), _start(x), len(x), x.shape[1], x.strides[0]
        self._call = linked("argmax")

    def find(self) -> list[int]:
        """Return for each row the index of its largest value, -1 where one is NaN or infinite."""
        self._call(*self._arguments)
        found: list[int] = self._out.tolist()
        return found


class Drawing:
    """The entries that draw from a distribution over `size` ids, bound to memory of their own: it is checked once."""

    def __init__(self, size: int) -> None:
        """Allocate for distributions of `size` shares."""
        self.size = size
        self.shares = np.empty(size, np.float32)  # what `probabilities` made
        self._keys = np.empty(size, np.uint64)
        self._shares_at, self._keys_at = _start(self.shares), _start(self._keys)
        self._probabilities, self._draw = linked("probabilities"), linked("draw")
        self._candidates, self._draw_top_p = linked("candidates"), linked("draw_top_p")

    def probabilities(self, logits: npt.NDArray[np.float32], temperature: Real) -> bool:
        """Make the shares: softmax(logits (size,) / temperature); False when it is not finite."""
        if logits.shape != (self.size,):
            raise ValueError(f"sizes are {logits.shape} and {(self.size,)}: must be equal")
        source = _address("logits", logits, _F32, 1)
        found: int = self._probabilities(self._shares_at, source, self.size, temperature)
        return found == 0

    def draw(self, coin: Real) -> int:
        """Return the first id whose running sum of shares exceeds the coin, the last id when rounding left none."""
        found: int = self._draw(self._shares_at, self.size, coin)
        return found

    def draw_top_p(self, top_p: Real, coin: Real) -> int | None:
        """Draw among the likeliest ids that together exceed top_p; None when no share is large enough to be looked at.

        That is (1 - top_p) / (size - 1), as in llama2.c.
        """
        count: int = self._candidates(self._keys_at, self._shares_at, self.size, top_p)
        if count == 0:
            return None
        self._keys[:count].sort()
        found: int = self._draw_top_p(self._keys_at, count, self._shares_at, top_p, coin)
        return found


class Tiling:
    """The entry that brings rows of one stored type to tiles (`kernels.tiling`)."""

    def __init__(self, stored: str) -> None:
        """Take the type by GGUF's name. NotLoadedError."""
        self._stored, self._call, self._scratch = stored, linked(tile_name(stored)), np.empty(256, np.uint8)

    def tile(
        self, values: Bytes, scales: Bytes, raw: Bytes, order: npt.NDArray[np.intp] | None, shape: tuple[int, int]
    ) -> int:
        """Fill whole tiles with rows (rows, columns); return the first row that is not finite, or -1.

        `order`: of each place the row of `raw` that goes there. ValueError for sizes that do not go together.
        """
        rows, columns = shape
        block, (a, b) = BLOCKS[self._stored], TILES[self._stored].bytes_of(columns)
        tiles = -(-rows // LANES)
        wanted = {"values": tiles * a, "scales": tiles * b, "raw": rows * (columns // block.columns) * block.nbytes}
        given = {"values": values, "scales": scales, "raw": raw}
        addresses = [_address(name, given[name], _U8, 1, name != "raw") for name in wanted]
        if columns % block.columns or any(len(given[name]) != size for name, size in wanted.items()):
            raise ValueError(
                f"{rows} x {columns} of {self._stored} do not fill {[len(a) for a in given.values()]} bytes"
            )
        places = None if order is None else np.ascontiguousarray(order, np.int32)
        if places is not None and (len(places) != rows or places.min() < 0 or places.max() >= rows):
            raise ValueError(f"the order of {rows} rows must name {rows} of them")
        at = 0 if places is None else _start(places)
        found: int = self._call(*addresses, at, rows, columns, _start(self._scratch))
        return found


def argmax(out: npt.NDArray[np.int64], x: npt.NDArray[np.float32]) -> None:
    """out (rows,) = of each row of x (rows, columns) the index of its largest value, the lowest one on ties.

    -1 where a value is NaN or infinite. Rows of x may lie apart, the values of a row may not.
    """
    rows = x.shape[0] if isinstance(x, np.ndarray) and x.ndim == 2 else 0
    if type(x) is not np.ndarray or x.dtype != _F32 or x.ndim != 2 or (x.shape[1] > 1 and x.strides[1] != 4):
        raise TypeError("x must be float32 in rows, each of them dense")
    if out.shape != (rows,) or x.shape[1] < 1:
        raise ValueError(f"out {out.shape} must have one place for each row of x {x.shape}")
    linked("argmax")(_address("out", out, _I64, 1, True), _start(x), rows, x.shape[1], x.strides[0])


def fill_angles(out: npt.NDArray[np.float32], frequencies: npt.NDArray[np.float32], factor: Real = 1.0) -> None:
    """out (positions, 2 * head_dim) = the angles of the rotation by frequencies (head_dim / 2,): see `rotation`."""
    to, source = _address("out", out, _F32, 2, True), _address("frequencies", frequencies, _F32, 1)
    if out.shape[1] != 4 * len(frequencies):
        raise ValueError(f"out {out.shape} must have 4 columns for each of {len(frequencies)} frequencies")
    linked("fill_angles")(to, out.shape[0], out.shape[1] // 2, source, factor)


def _address(name: str, array: npt.NDArray[Any], dtype: np.dtype[Any], ndim: int, writable: bool = False) -> int:
    """Return the address of a dense array of this type. TypeError when it is another, or may not be written."""
    if type(array) is not np.ndarray or array.dtype != dtype or array.ndim != ndim:
        raise TypeError(f"{name} must be an array of {dtype} with {ndim} dimensions")
    flags = array.flags
    if not (flags.c_contiguous and flags.aligned):
        raise TypeError(f"{name} must be aligned and in row-major order")
    if writable and not flags.writeable:
        raise TypeError(f"{name} must be writable")
    return _start(array)


def _start(array: npt.NDArray[Any]) -> int:
    address: int = array.__array_interface__["data"][0]  # a third of the time that `array.ctypes.data` takes
    return address
