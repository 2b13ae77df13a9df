"""What holds for every kernel: one signature, no silent compilation, no forbidden compiler options, fork-safe."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from llmproc import kernels
from llmproc.kernels import build, choice, registry

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module", autouse=True)
def compiled() -> None:
    kernels.compile_all()


def test_no_parallel_kernels_no_relaxed_arithmetic() -> None:
    forbidden = re.compile(r"parallel\s*=\s*True|fastmath|\bprange\b|set_num_threads")
    sources = list((ROOT / "llmproc").rglob("*.py"))
    assert len(sources) > 10
    assert [str(path) for path in sources if forbidden.search(path.read_text())] == []


def test_every_kernel_has_exactly_its_declared_signature() -> None:
    assert len(registry.KERNELS) == len({entry.name for entry in registry.KERNELS}) > 10
    for entry in registry.KERNELS:
        assert [tuple(types) for types in entry.dispatcher.overloads] == [tuple(entry.signature.args)], entry.name


def test_other_types_are_refused_instead_of_compiled() -> None:
    before = kernels.cache_misses()
    with pytest.raises(TypeError, match="No matching definition"):
        choice.argmax(np.zeros(3, np.float64))
    assert len(choice.argmax.overloads) == 1
    assert kernels.cache_misses() == before


def test_read_only_input_is_accepted_read_only_output_refused() -> None:
    locked = np.array([1, 2, 3], np.float32)
    locked.flags.writeable = False
    assert choice.argmax(locked) == 2
    with pytest.raises(TypeError):
        choice.probabilities(locked, locked, np.float32(1))


def test_kernels_compile_without_fused_multiply_add_or_svml() -> None:
    """Read from LLVM: the machine code has no fused multiply-add on floats and calls nobody's vector library."""
    seen = 0
    for entry in registry.KERNELS:
        for assembly in entry.dispatcher.inspect_asm().values():
            seen += len(assembly)
            assert not re.search(r"vfn?m(add|sub)\d*[sp]s", assembly), entry.name
            assert "svml" not in assembly
    assert seen > 10_000


def test_progress_names_every_kernel_once() -> None:
    said: list[tuple[int, int, str]] = []
    build._build_all(lambda *event: said.append(event))
    total = len(registry.KERNELS)
    assert said == [(i, total, entry.name) for i, entry in enumerate(registry.KERNELS)] + [(total, total, "done")]


def test_a_forked_child_with_a_sigterm_handler_computes_what_its_parent_does() -> None:
    """Trap 1: Numba's own threading would raise SIGTERM on such a child and leave the output unfilled."""
    code = """
import os, signal
from llmproc import kernels
kernels.compile_all()
import numpy as np
from llmproc.kernels.matmul import matmul_f32
from llmproc.kernels.registry import cache_misses
x, w = np.ones((1, 64), np.float32), np.arange(64 * 32, dtype=np.float32).reshape(32, 64)
expected = np.zeros((1, 32), np.float32)
matmul_f32(expected, x, w)
misses = cache_misses()
caught = []
signal.signal(signal.SIGTERM, lambda *_: caught.append(1))
child = os.fork()
if child == 0:
    out = np.zeros((1, 32), np.float32)
    matmul_f32(out, x, w)
    ok = (out == expected).all() and expected.any() and not caught and cache_misses() == misses
    os._exit(0 if ok else 7)
assert os.waitpid(child, 0)[1] == 0
"""
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=120)
