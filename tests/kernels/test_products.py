"""Matrix products over tiles of every kind, and a whole pass, under every instruction set this CPU has.

Each runs in a process of its own, because Numba is told its CPU once; what it checks stands in the program it runs.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from support.paths import PYTHONPATH

from llmproc.hardware import isa

HERE = Path(__file__).resolve().parent
AVAILABLE = isa.available()
FLOATS = ("f16", "bf16", "f32", "f32_c")
KINDS = ("int8", "q8_0", "q4_0", "q5_0", "q4_k", "q6_k", "int8_min", *FLOATS)
FAST = tuple(kind for kind in KINDS if kind not in ("int8", "f32_c"))  # kinds that fuse

pytestmark = pytest.mark.skipif(platform.machine() != "x86_64", reason="the assembly looked for is x86's")


@cache
def run(program: str, name: str, *arguments: str) -> Any:
    """What a program prints under an instruction set."""
    environment = {**os.environ, "LLMPROC_ISA": name, "PYTHONPATH": PYTHONPATH}
    command = [sys.executable, str(HERE / program), *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["isa"] == name
    return found


def check_registers(found: dict[str, int], name: str, quantised: bool) -> None:
    """That this is code for the instruction set `name` and not for another."""
    assert found["pmaddubsw"] == 0, "it saturates"
    if name == isa.AVX512VNNI:
        assert found["%zmm"] and bool(found["vpdpbusd"]) == quantised
    elif name == isa.AVX2:
        assert found["%ymm"] and not found["%zmm"] and not found["vpdpbusd"]
        assert bool(found["vpmaddwd"]) == quantised
    else:
        assert found["%xmm"] and not found["%ymm"] and not found["%zmm"]
        assert bool(found["pmaddwd"]) == quantised and not found["vpmaddwd"] and not found["vfmadd"]


@pytest.mark.parametrize("name", AVAILABLE)
def test_products_of_every_kind_under(name: str) -> None:
    found = run("product_checks.py", name)
    assert set(found["assembly"]) == set(KINDS) and len(found["errors"]) == 17
    assert max(found["errors"].values()) > 0, "nothing was rounded: then nothing was compared"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", AVAILABLE)
def test_the_assembly_of_products_is_of_this_instruction_set(name: str, kind: str) -> None:
    assembly = run("product_checks.py", name)["assembly"][kind]
    check_registers(assembly, name, kind not in FLOATS)
    assert bool(assembly["vfmadd"]) == (kind in FAST and name != isa.PORTABLE), "only the fast kinds fuse"


def check_pass(name: str, kind: str) -> None:
    found = run("pass_program.py", name, kind)
    check_registers(found["assembly"], name, kind not in FLOATS)
    assert found["answers"] > 10 and found["different"] == [], "a pass depends on threads, batch or chunks"
    assert found["ids"] > 10, "a model that repeats itself shows nothing"


@pytest.mark.soak  # half a minute of compiling each; the products alone are judged under every set in each run
@pytest.mark.parametrize("name", [name for name in AVAILABLE if name != isa.AVX512VNNI])
def test_a_whole_pass_equals_itself_and_uses_no_other_registers_under(name: str) -> None:
    """Of the best instruction set all other tests are made; this compiles for half a minute."""
    check_pass(name, "int8")


@pytest.mark.soak
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", AVAILABLE)
def test_every_whole_pass_equals_itself_and_uses_no_other_registers_under(name: str, kind: str) -> None:
    check_pass(name, kind)
