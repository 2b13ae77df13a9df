"""What bringing rows to tiles must do for every stored type, as a program of test_tiling: prints JSON.

LLMPROC_ISA chooses. Tiles are read back one weight at a time by `embed`, and equal NumPy's dequantising bit for bit.
"""

from __future__ import annotations

import json
import sys

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


def check_not_finite(stored: str) -> None:
    """Each half, exponent or number that is not finite is reported by its row, in the file's order."""
    random, block = np.random.default_rng(1), BLOCKS[stored]
    places = {"MXFP4": (0,), "F32": (0,), "F16": (0,), "BF16": (0,)}.get(stored, HALVES.get(stored, ()))
    bad = {"F32": b"\0\0\x80\x7f", "BF16": b"\x80\xff", "MXFP4": b"\xff"}.get(stored, b"\0\x7c")
    for at in places:
        raw = random_rows(stored, 20, 512, random).reshape(20, -1, block.nbytes).copy()
        raw[18, -1, at : at + len(bad)] = np.frombuffer(bad, np.uint8)
        values, scales = tiles_for(stored, 20, 512)
        found = tiling(stored).tile(values[:-GUARD], scales[:-GUARD], raw.reshape(-1), None, (20, 512))
        assert found == (18 if stored != "MXFP4" else -1), (stored, at, found)  # its largest exponent is finite


def check_sizes(stored: str) -> None:
    """Arrays and orders that do not go together are refused: compiled code checks nothing."""
    raw = random_rows(stored, 16, 256, np.random.default_rng(2))
    values, scales = (array[:-GUARD] for array in tiles_for(stored, 16, 256))
    for arguments in (
        (values[:-1], scales, raw, None, (16, 256)), (values, scales, raw[:-1], None, (16, 256)),
        (values, scales, raw, None, (16, 512)), (values, scales, raw, np.arange(15), (16, 256)),
        (values, scales, raw, np.arange(1, 17), (16, 256)), (values, scales, raw, -np.arange(16), (16, 256)),
    ):  # fmt: skip
        try:
            tiling(stored).tile(*arguments)
        except ValueError:
            continue
        raise AssertionError(f"{stored}: {arguments[3:]} was taken")


if __name__ == "__main__":
    kernels.load(kernels.COMMON, *{variant_name(form.kind) for form in TILES.values()})
    counts = {}
    for stored_type in STORED_TYPES:
        counts[stored_type] = check_values(stored_type)
        check_not_finite(stored_type)
        check_sizes(stored_type)
    json.dump({"isa": target.TARGET.name, "values": counts}, sys.stdout)
