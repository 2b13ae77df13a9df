"""Rows of every stored type to tiles and back, value for value, under every instruction set this CPU has."""

from __future__ import annotations

import pytest
from kernels.test_products import AVAILABLE, run

from llmproc.checkpoints.gguf.tensor_types import TENSOR_TYPES
from llmproc.kernels import stored
from llmproc.kernels.kinds import NAMES, QUANTISED


@pytest.mark.parametrize("name", AVAILABLE)
def test_every_stored_type_under(name: str) -> None:
    found = run("tiling_checks.py", name)
    assert found["values"].keys() == stored.TILES.keys() and min(found["values"].values()) > 50_000


def test_blocks_are_those_of_the_files() -> None:
    """Two tables: one of what files hold, one of what is brought to tiles."""
    assert {name: (block.columns, block.nbytes) for name, block in stored.BLOCKS.items()} == {
        kind.name: (kind.block, kind.block_bytes) for kind in TENSOR_TYPES.values()
    }


def test_tiles_of_their_own_width_are_hardly_larger_than_the_file() -> None:
    for name, tiles in stored.TILES.items():
        values, scales = tiles.bytes_of(512)
        of_file = 16 * 512 // stored.BLOCKS[name].columns * stored.BLOCKS[name].nbytes
        assert values + scales >= of_file * (1 if name != "Q6_K" else 0.99)
        if NAMES[tiles.kind] == name.lower():
            assert values + scales <= 1.03 * of_file, name
        assert (tiles.kind in QUANTISED) == (scales > 0)
