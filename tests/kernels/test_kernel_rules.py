"""What holds for every kernel: one signature, no silent compilation, no forbidden compiler options, fork-safe."""

from __future__ import annotations

import re
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from llvmlite import binding
from support.paths import ROOT

from llmproc import kernels
from llmproc.kernels import build, choice, kinds, registry, rings  # before Numba: they prepare its cache

from numba import njit  # isort: skip


@pytest.fixture(scope="module", autouse=True)
def compiled() -> None:
    kernels.compile_all(variant="int8")


def test_no_parallel_kernels_no_relaxed_arithmetic() -> None:
    forbidden = re.compile(r"parallel\s*=\s*True|fastmath|\bprange\b|set_num_threads")
    sources = list((ROOT / "llmproc").rglob("*.py"))
    assert len(sources) > 10
    assert [str(path) for path in sources if forbidden.search(path.read_text())] == []


def test_every_kernel_has_exactly_its_declared_signature() -> None:
    assert len(registry.KERNELS) == len({entry.name for entry in registry.KERNELS}) > 10
    for entry in registry.KERNELS:
        built = [tuple(types) for types in entry.dispatcher.overloads]
        if entry.variant in ("", "int8"):
            assert built == [tuple(entry.signature.args)], entry.name
        else:
            assert built in ([], [tuple(entry.signature.args)]), entry.name


def test_other_types_are_refused_instead_of_compiled() -> None:
    before = kernels.cache_misses()
    with pytest.raises(TypeError, match="No matching definition"):
        choice.argmax(PLACE, np.zeros((1, 3), np.float64))
    assert len(choice.argmax.overloads) == 1
    assert kernels.cache_misses() == before


def test_read_only_input_is_accepted_read_only_output_refused() -> None:
    locked = np.array([1, 2, 3], np.float32)
    locked.flags.writeable = False
    choice.argmax(PLACE, locked[None])
    assert PLACE == [2]
    with pytest.raises(TypeError):
        choice.probabilities(locked, locked, np.float32(1))


PLACE = np.zeros(1, np.int64)
NOT_BUILT = SimpleNamespace(overloads={})
FUSED = re.compile(r"\bv?fn?m(add|sub|la|ls)\w*|svml")  # x86 and ARM spellings; Intel's vector library


def assembly(function: Any, signature: Any, **options: Any) -> str:
    """Machine code of a function compiled now: Numba cannot show what it loaded from its cache."""
    dispatcher = njit(**options)(function)
    dispatcher.compile(signature)
    return "".join(dispatcher.inspect_asm().values())


@pytest.mark.parametrize("name", ["probabilities", "draw", "candidates", "draw_top_p", "fill_angles"])
def test_products_and_sums_are_never_fused(name: str) -> None:
    """Those of the pass are looked at in test_products and below: there, some kinds fuse on purpose."""
    entry = next(entry for entry in registry.KERNELS if entry.name == name)
    options = {key: value for key, value in entry.dispatcher.targetoptions.items() if key not in ("cache", "nopython")}
    code = assembly(entry.dispatcher.py_func, entry.signature, **options)
    assert len(code) > 1000
    assert not FUSED.search(code)


def test_fused_products_would_be_found() -> None:
    """The control of the test above: a function that is allowed to fuse, on a CPU that can."""
    features = binding.get_host_cpu_features()
    if features and not features.get("fma"):
        pytest.skip("this CPU has no fused multiply-add")
    three = registry.F32(registry.F32, registry.F32, registry.F32)
    assert FUSED.search(assembly(lambda a, b, c: a * b + c, three, fastmath={"contract"}))


def test_a_kernel_that_is_forgotten_is_loaded_again() -> None:
    entry = next(entry for entry in registry.KERNELS if entry.name == "argmax")
    entry.forget()
    with pytest.raises(TypeError, match="No matching definition"):
        choice.argmax(PLACE, np.zeros((1, 3), np.float32))
    kernels.compile_all()
    choice.argmax(PLACE, np.array([[1, 2]], np.float32))
    assert PLACE == [1]


@pytest.mark.parametrize("variant", ["", "q4_0"])
def test_progress_names_every_kernel_of_a_variant_once(variant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry.Kernel, "build", lambda self: None)
    monkeypatch.setattr(build.cache, "variants", lambda directory: {"", variant})
    monkeypatch.setattr(
        build, "KERNELS", [registry.Kernel(e.name, e.signature, NOT_BUILT, e.variant) for e in registry.KERNELS]
    )
    said: list[tuple[int, int, str]] = []
    kernels.compile_all(lambda *event: said.append(event), variant)
    names = [entry.name for entry in registry.KERNELS if entry.variant in ("", variant)]
    total = len(names)
    assert said == [(i, total, name) for i, name in enumerate(names)] + [(total, total, "done")]
    assert ("serve_q4_0" in names) == (variant == "q4_0") and "serve_int8" not in names and "argmax" in names


def test_every_kind_of_weights_has_its_pass() -> None:
    variants = {entry.variant: entry.name for entry in registry.KERNELS if entry.variant not in ("", rings.VARIANT)}
    assert variants == {name + more: f"serve_{name}{more}" for name in kinds.NAMES for more in ("", "_traced")}


def test_a_forked_child_with_a_sigterm_handler_computes_what_its_parent_does() -> None:
    """Trap 1: Numba's own threading would raise SIGTERM on such a child and leave the output unfilled."""
    code = """
import os, signal
from llmproc import kernels
kernels.compile_all()
import numpy as np
from llmproc.kernels.choice import probabilities
from llmproc.kernels.registry import cache_misses
logits, heat = np.arange(64, dtype=np.float32), np.float32(0.8)
expected = np.zeros(64, np.float32)
probabilities(expected, logits, heat)
misses = cache_misses()
caught = []
signal.signal(signal.SIGTERM, lambda *_: caught.append(1))
child = os.fork()
if child == 0:
    out = np.zeros(64, np.float32)
    probabilities(out, logits, heat)
    ok = (out == expected).all() and expected.any() and not caught and cache_misses() == misses
    os._exit(0 if ok else 7)
assert os.waitpid(child, 0)[1] == 0
"""
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=120)
