"""No kernel touches what is not its own: every buffer ends at a page that may not be touched (trap 18)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.paths import PYTHONPATH

HERE = Path(__file__).resolve().parent


def run(what: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": PYTHONPATH}
    command = [sys.executable, str(HERE / "guarded_program.py"), what]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)


@pytest.mark.parametrize(
    "kind", ["int8", "f32", *(pytest.param(kind, marks=pytest.mark.soak) for kind in ("q8_0", "q4_0", "f16", "f32_c"))]
)
def test_no_step_goes_past_the_end_of_a_buffer(kind: str) -> None:
    done = run(kind)
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout) > 300


@pytest.mark.parametrize("what", ["features", "file"])
def test_no_step_of_a_model_with_every_feature_or_type_goes_past_the_end(what: str) -> None:
    done = run(what)
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout) > 100


def test_no_matrix_of_any_type_is_read_or_written_past_its_end() -> None:
    done = run("matrices")
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout) == 3 * 15


@pytest.mark.parametrize("access", ["read", "write"])
def test_going_past_the_end_would_be_noticed(access: str) -> None:
    assert run(access).returncode == -signal.SIGSEGV
