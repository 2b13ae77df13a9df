"""Every intrinsic under every instruction set this CPU has, and the assembly that proves which one it was."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest
from support.paths import PYTHONPATH

from llmproc.hardware import isa

HERE = Path(__file__).resolve().parent
AVAILABLE = isa.available()


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the assembly looked for is x86's")
@pytest.mark.parametrize("name", AVAILABLE)
def test_every_intrinsic_under(name: str) -> None:
    environment = {**os.environ, "LLMPROC_ISA": name, "PYTHONPATH": PYTHONPATH}
    done = subprocess.run(
        [sys.executable, HERE / "checks.py"], env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["isa"] == name
    assert found["pmaddubsw"] == 0, "it saturates"
    if name == isa.AVX512VNNI:
        assert found["vpdpbusd"] and found["%zmm"]
    elif name == isa.AVX2:
        assert found["vpmaddwd"] and found["%ymm"] and not found["%zmm"] and not found["vpdpbusd"]
    else:
        assert found["pmaddwd"] and found["%xmm"] and not found["%ymm"] and not found["%zmm"] and not found["vpmaddwd"]
