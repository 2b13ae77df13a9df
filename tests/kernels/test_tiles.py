"""Tiles give the serial kernel's bits under every instruction set this CPU has."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from llmproc.hardware import isa

HERE = Path(__file__).resolve().parent


@pytest.mark.parametrize("name", isa.available())
def test_tiled_products_equal_the_serial_ones_under(name: str) -> None:
    environment = {**os.environ, "LLMPROC_ISA": name, "PYTHONPATH": str(HERE.parents[1])}
    done = subprocess.run(
        [sys.executable, HERE / "tile_checks.py"], env=environment, capture_output=True, text=True, timeout=300
    )
    assert (done.returncode, done.stdout) == (0, "equal\n"), done.stderr


def test_the_cache_key_knows_the_instruction_set() -> None:
    """Code of one set is never loaded under another."""
    code = "from llmproc.kernels import cache; print(cache.prepare().name)"
    names = set()
    for name in isa.available():
        environment = {**os.environ, "LLMPROC_ISA": name, "PYTHONPATH": str(HERE.parents[1])}
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        names.add(done.stdout)
    assert len(names) == len(isa.available())
