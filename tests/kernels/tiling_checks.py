"""What bringing rows to tiles must do for every stored type, as a program of test_tiling: prints JSON.

LLMPROC_ISA chooses. Tiles are read back one weight at a time by `embed`, and equal NumPy's dequantising bit for bit.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np
from kernels.product_programs import BLOCKS, HALVES, STORED_TYPES, random_rows, tiling, type_named

from llmproc import kernels
from llmproc.checkpoints.gguf.dequantising import dequantised
from llmproc.kernels.calls import linked
from llmproc.kernels.entries import embed_name, variant_name
from llmproc.kernels.stored import TILES
from llmproc.simd import target

SHAPES = ((40, 512, False), (16, 256, True), (33, 1024, True), (1, 256, False))  # rows, columns, in another order
GUARD = 64
NOT_FINITE = {  # infinities of both signs, NaN; the halves of blocks are those of F16
    "F32": (b"\0\0\x80\x7f", b"\0\0\x80\xff", b"\1\0\x80\x7f"),
    "BF16": (b"\x80\x7f", b"\x80\xff", b"\x81\x7f"),
    "F16": (b"\0\x7c", b"\0\xfc", b"\1\x7c"),
}


def tiles_for(stored: str, rows: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """Room for values and scales, with bytes behind that nobody may write."""
    values, scales = (-(-rows // 16) * n for n in TILES[stored].bytes_of(columns))
    return np.full(values + GUARD, 0xA5, np.uint8), np.full(scales + GUARD, 0xA5, np.uint8)


def read_back(stored: str, values: np.ndarray, scales: np.ndarray, rows: int, columns: int) -> np.ndarray:
    embed, form = linked(embed_name(TILES[stored].kind)), TILES[stored]
    out = np.full((rows, columns), np.nan, np.float32)
    for row in range(rows):
        place = out[row].ctypes.data
        embed(place, values.ctypes.data, scales.ctypes.data, *form.bytes_of(columns), row, columns, form.group)
    return out


def check_values(stored: str) -> int:
    """Return how many values were equal."""
    random, count = np.random.default_rng([*stored.encode()]), 0
    for rows, columns, mixed in SHAPES:
        raw, order = random_rows(stored, rows, columns, random), random.permutation(rows) if mixed else None
        values, scales = tiles_for(stored, rows, columns)
        found = tiling(stored).tile(values[:-GUARD], scales[:-GUARD], raw, order, (rows, columns))
        assert found == -1, (stored, found)
        assert (values[-GUARD:] == 0xA5).all() and (scales[-GUARD:] == 0xA5).all(), stored
        expected = dequantised(type_named(stored), raw, (rows, columns))
        expected = expected if order is None else expected[order]
        back = read_back(stored, values, scales, rows, columns)
        assert (back.view(np.uint32) == expected.view(np.uint32)).all() or (back == expected).all(), (stored, rows)
        count += back.size
    return count


def check_every_exponent() -> None:
    """Each of MXFP4's sixteen numbers times each power of two, as far as twelve more of them fit into float32."""
    blocks, shape = np.empty((16, 252, BLOCKS["MXFP4"].nbytes), np.uint8), (16, 252 * 32)
    blocks[:, :, 0], blocks[:, :, 1:] = np.arange(252), np.arange(16) * 17
    raw = blocks.reshape(-1)
    values, scales = tiles_for("MXFP4", *shape)
    assert tiling("MXFP4").tile(values[:-GUARD], scales[:-GUARD], raw, None, shape) == -1
    expected, found = dequantised(type_named("MXFP4"), raw, shape), read_back("MXFP4", values, scales, *shape)
    assert np.isfinite(expected).all() and (found == expected).all()


def check_not_finite(stored: str) -> None:
    """Each half or number that is not finite is reported by its row in the file, whatever place it goes to."""
    random, block, order = np.random.default_rng(1), BLOCKS[stored], np.arange(20)[::-1]
    for at in (0,) if block.columns == 1 else HALVES.get(stored, ()):
        for bad in NOT_FINITE.get(stored, NOT_FINITE["F16"]):
            raw = random_rows(stored, 20, 512, random).reshape(20, -1, block.nbytes).copy()
            raw[18, -1, at : at + len(bad)] = np.frombuffer(bad, np.uint8)
            for places in (None, order):
                values, scales = tiles_for(stored, 20, 512)
                found = tiling(stored).tile(values[:-GUARD], scales[:-GUARD], raw.reshape(-1), places, (20, 512))
                assert found == 18, (stored, at, bad, found)


def refused(stored: str, error: type[Exception], *arguments: Any) -> None:
    try:
        tiling(stored).tile(*arguments)
    except error:
        return
    raise AssertionError(f"{stored}: {arguments[3:]} was taken")


def check_sizes(stored: str) -> None:
    """Arrays and orders that do not go together are refused: compiled code checks nothing."""
    raw = random_rows(stored, 16, 256, np.random.default_rng(2))
    values, scales = (array[:-GUARD] for array in tiles_for(stored, 16, 256))
    size, places, more = (16, 256), np.arange(16), np.zeros(1, np.uint8)
    short = BLOCKS[stored].columns + 1  # columns: of these the bytes of one block are there
    for arguments in (
        (values[:-1], scales, raw, None, size), (values, scales, raw[:-1], None, size),
        (np.append(values, more), scales, raw, None, size), (values, np.append(scales, more), raw, None, size),
        (values, scales, np.append(raw, more), None, size),
        (values, scales, raw, None, (16, 512)), (values, scales, raw, None, (17, 256)),
        (values, scales, raw, None, (15, 256)), (values, scales, raw, None, (16, 255)),
        (values, scales, raw, places[:15], size), (values, scales, raw, np.arange(17), size),
        (values, scales, raw, places + 1, size), (values, scales, raw, -places, size),
    ):  # fmt: skip
        refused(stored, ValueError, *arguments)
    if short > 2:
        values, scales = (np.zeros(n, np.uint8) for n in TILES[stored].bytes_of(short))
        refused(stored, ValueError, values, scales, raw[: BLOCKS[stored].nbytes], None, (1, short))


def check_arrays(stored: str) -> None:
    """Arrays of another type, in rows, apart, or locked where they are written are refused; locked input is not."""
    raw = random_rows(stored, 16, 256, np.random.default_rng(2))
    values, scales = (array[:-GUARD] for array in tiles_for(stored, 16, 256))
    locked, size = values.copy(), (16, 256)
    locked.flags.writeable = raw.flags.writeable = False
    for arguments in (
        (locked, scales, raw, None, size), (values.view(np.int8), scales, raw, None, size),
        (values[None], scales, raw, None, size), (values, scales, np.repeat(raw, 2)[::2], None, size),
        (values, scales, raw.view(np.int8), None, size), (values, scales, raw.tobytes(), None, size),
    ):  # fmt: skip
        refused(stored, TypeError, *arguments)
    assert tiling(stored).tile(values, scales, raw, None, size) == -1


CHECKS = (check_not_finite, check_sizes, check_arrays)

if __name__ == "__main__":
    kernels.load(kernels.COMMON, *{variant_name(form.kind) for form in TILES.values()})
    check_every_exponent()
    counts = {}
    for stored_type in STORED_TYPES:
        counts[stored_type] = check_values(stored_type)
        for check in CHECKS:
            check(stored_type)
    json.dump({"isa": target.TARGET.name, "values": counts}, sys.stdout)
