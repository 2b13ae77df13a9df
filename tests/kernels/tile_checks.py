"""Tiled products against the serial kernel, bit by bit: `python tile_checks.py`, under LLMPROC_ISA."""

from __future__ import annotations

import numpy as np

from llmproc import kernels

kernels.compile_all()

from llmproc.kernels.matmul import matmul_int8  # noqa: E402
from llmproc.kernels.pointwise import embed_int8  # noqa: E402
from llmproc.kernels.tiles import ACTIVATION_TYPE, arrange, embed_tiles, matmul_tiles, widen  # noqa: E402


def check(rows: int, groups: int, group: int, tokens: int, seed: int, extreme: bool = False) -> None:
    """One random product; `extreme`: only the largest magnitudes."""
    rng, columns = np.random.default_rng(seed), groups * group
    if extreme:
        values = rng.choice(np.array([-128, 127], np.int8), (rows, columns))
        x = rng.choice(np.array([-127, 127], np.int8), (tokens, columns))
    else:
        values = rng.integers(-128, 128, (rows, columns)).astype(np.int8)
        x = rng.integers(-127, 128, (tokens, columns)).astype(np.int8)
    scales = rng.normal(size=(rows, groups)).astype(np.float32)
    x_scales = rng.normal(size=(tokens, groups)).astype(np.float32)
    expected, found = np.zeros((tokens, rows), np.float32), np.full((tokens, rows), np.nan, np.float32)
    matmul_int8(expected, x, x_scales, values, scales)
    ids = rng.integers(0, rows, 5)
    row_values, row_found = np.zeros((5, columns), np.float32), np.zeros((5, columns), np.float32)
    embed_int8(row_values, ids, values, scales)
    before = sorted(values.tobytes())
    arrange(values, scales)
    if rows < 16:
        assert sorted(values.tobytes()) == before
    activations, offsets = np.zeros((tokens, columns), ACTIVATION_TYPE), np.zeros((tokens, groups), np.int32)
    widen(activations, offsets, x)
    matmul_tiles(found, activations, offsets, x_scales, values, scales)
    assert (found == expected).all(), (rows, groups, group, tokens)
    embed_tiles(row_found, ids, values, scales)
    assert (row_found == row_values).all()


def check_all() -> None:
    """Shapes around every boundary, and the largest magnitudes."""
    seed = 0
    for rows in (1, 15, 16, 17, 48, 67):
        for groups, group in ((1, 4), (3, 4), (2, 32), (9, 64), (1, 256)):
            for tokens in (1, 2, 3, 7, 8, 13):
                seed += 1
                check(rows, groups, group, tokens, seed)
                check(rows, groups, group, tokens, seed, extreme=True)


if __name__ == "__main__":
    check_all()
    print("equal")
