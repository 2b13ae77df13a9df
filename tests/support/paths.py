"""Where things are: the checkout, its tests, the shared test data beside it."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests"
DATA = ROOT.parent / "shared" / "data"
PYTHONPATH = f"{ROOT}:{TESTS}"  # of programs that import what tests share
