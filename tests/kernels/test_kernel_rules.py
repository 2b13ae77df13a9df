"""What holds for every entry: one signature, no silent compilation, no forbidden compiler options, fork-safe."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from llvmlite import binding
from support.paths import ROOT

from llmproc import kernels
from llmproc.kernels import (
    build,
    calls,
    compiling,
    entries,
    kinds,
    registry,
    stored,
)  # before Numba: they prepare its settings

from numba import njit  # isort: skip

F32 = registry.types.float32


@pytest.fixture(scope="module", autouse=True)
def loaded() -> None:
    kernels.load(kernels.COMMON, "int8")


def test_no_parallel_kernels_no_relaxed_arithmetic() -> None:
    forbidden = re.compile(r"parallel\s*=\s*True|fastmath|\bprange\b|set_num_threads")
    sources = list((ROOT / "llmproc").rglob("*.py"))
    assert len(sources) > 10
    assert [str(path) for path in sources if forbidden.search(path.read_text())] == []


def test_every_entry_has_a_function_of_its_declared_arguments() -> None:
    assert set(registry.FUNCTIONS) == set(entries.ENTRIES) and len(entries.ENTRIES) > 10
    for name, function in registry.FUNCTIONS.items():
        entry, signature = entries.ENTRIES[name], registry.signature_of(name)
        assert function.__code__.co_argcount == len(entry.arguments) == len(signature.args), name
        assert set(entry.arguments) <= {"q", "f"} and entry.result in ("", "q", "f")


def test_an_entry_that_is_not_declared_is_refused() -> None:
    with pytest.raises(KeyError):
        registry.entry(lambda: None, "unknown")


def test_what_is_not_loaded_is_refused_instead_of_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "_functions", {})
    before = kernels.cache_misses()
    with pytest.raises(TypeError, match="argmax has not been loaded"):
        calls.argmax(PLACE, np.zeros((1, 3), np.float32))
    assert kernels.cache_misses() == before


PLACE = np.zeros(1, np.int64)
X = np.ones(4, np.float32)
LIST: Any = [[1.0, 2.0]]
TEXT: Any = "0.5"
LOCKED = np.ones((4, 4), np.float32)
LOCKED.flags.writeable = False


def drawing() -> calls.Drawing:
    kernels.load(kernels.COMMON)
    return calls.Drawing(4)


REFUSED: dict[str, tuple[Any, type[Exception]]] = {
    "another type": (lambda: calls.argmax(PLACE, np.zeros((1, 3), np.float64)), TypeError),
    "another type of result": (lambda: calls.argmax(np.zeros(1, np.int32), np.zeros((1, 3), np.float32)), TypeError),
    "a list": (lambda: calls.argmax(PLACE, LIST), TypeError),
    "one dimension": (lambda: calls.argmax(PLACE, X), TypeError),
    "values that lie apart": (lambda: calls.argmax(PLACE, np.zeros((1, 6), np.float32)[:, ::2]), TypeError),
    "too few places": (lambda: calls.argmax(PLACE, np.zeros((2, 3), np.float32)), ValueError),
    "rows of nothing": (lambda: calls.argmax(PLACE, np.zeros((1, 0), np.float32)), ValueError),
    "another type of logits": (lambda: drawing().probabilities(np.ones(4, np.float64), 1.0), TypeError),
    "another size": (lambda: drawing().probabilities(np.ones(5, np.float32), 1.0), ValueError),
    "rows of logits": (lambda: drawing().probabilities(np.ones((4, 1), np.float32), 1.0), ValueError),
    "every other logit": (lambda: drawing().probabilities(np.ones(8, np.float32)[::2], 1.0), TypeError),
    "other byte order": (lambda: drawing().probabilities(X.astype(">f4"), 1.0), TypeError),
    "read-only angles": (lambda: calls.fill_angles(LOCKED, X[:1]), TypeError),
    "angles in one row": (lambda: calls.fill_angles(X, X[:1]), TypeError),
    "angles in columns": (lambda: calls.fill_angles(np.zeros((4, 4), np.float32).T, X[:1]), TypeError),
    "angles of other frequencies": (lambda: calls.fill_angles(np.zeros((4, 4), np.float32), X[:2]), ValueError),
    "frequencies as doubles": (lambda: calls.fill_angles(np.zeros((4, 4), np.float32), np.ones(1)), TypeError),  # type: ignore[arg-type]
    "frequencies that lie apart": (lambda: calls.fill_angles(np.zeros((4, 8), np.float32), X[::2]), TypeError),
    "a text for a number": (lambda: drawing().draw(TEXT), Exception),
}


@pytest.mark.parametrize("what", sorted(REFUSED))
def test_arguments_that_code_must_never_see_are_refused(what: str) -> None:
    call, error = REFUSED[what]
    with pytest.raises(error):
        call()


def test_read_only_input_is_accepted() -> None:
    locked = np.array([1, 2, 3], np.float32)
    locked.flags.writeable = False
    calls.argmax(PLACE, locked[None])
    assert PLACE == [2]


FUSED = re.compile(r"\bv?fn?m(add|sub|la|ls)\w*|svml")  # x86 and ARM spellings; Intel's vector library


@pytest.mark.parametrize("name", ["probabilities", "draw", "candidates", "draw_top_p", "fill_angles"])
def test_products_and_sums_are_never_fused(name: str) -> None:
    """Those of the pass are looked at in test_products and below: there, some kinds fuse on purpose."""
    module, machine = compiling.optimised(name)
    code = machine.emit_assembly(module)
    assert len(code) > 1000
    assert not FUSED.search(code)


def test_fused_products_would_be_found() -> None:
    """The control of the test above: a function that is allowed to fuse, on a CPU that can."""
    features = binding.get_host_cpu_features()
    if features and not features.get("fma"):
        pytest.skip("this CPU has no fused multiply-add")
    dispatcher: Any = njit(fastmath={"contract"})(lambda a, b, c: a * b + c)
    dispatcher.compile(F32(F32, F32, F32))
    assert FUSED.search("".join(dispatcher.inspect_asm().values()))


@pytest.fixture
def nothing_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a process that has loaded no entry; what is called there does not exist."""
    monkeypatch.setattr(calls, "_functions", {})
    monkeypatch.setattr(build, "link", lambda objects: dict.fromkeys(objects))


@pytest.mark.parametrize("variant", ["", "q4_0"])
def test_progress_counts_what_is_compiled(
    variant: str, nothing_loaded: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build.cache, "_chosen", tmp_path)
    monkeypatch.setattr(build.compilers, "compile_objects", lambda names: [(name, b"code") for name in names])
    said: list[tuple[int, int, str]] = []
    kernels.load("", variant, progress=lambda *event: said.append(event))
    names = [entry.name for entry in entries.wanted({"", variant})]
    total = len(names)
    assert [event[:2] for event in said] == [(i, total) for i in range(total + 1)] and said[-1][2] == "done"
    assert [event[2] for event in said[1:-1]] == names[:-1]
    assert ("multiply_q4_0" in names) == ("embed_q4_0" in names) == (variant == "q4_0")
    assert not {"multiply_int8", "serve"} & set(names) and "argmax" in names
    assert set(calls._functions) == set(names)


def test_every_kind_of_weights_has_its_code_and_every_stored_type_its_way_to_tiles() -> None:
    others, variants = ("", kernels.PASS, kernels.RINGS, kernels.LIMITS), dict[str, set[str]]()
    for entry in entries.ENTRIES.values():
        if entry.variant not in others:
            variants.setdefault(entry.variant, set()).add(entry.name)
    of_kinds = {name: {f"multiply_{name}", f"embed_{name}"} for name in kinds.NAMES}
    of_files = {f"tile_{name.lower()}": {f"tile_{name.lower()}"} for name in stored.STORED_TYPES}
    assert variants == of_kinds | of_files and len(of_files) == 15


def test_there_is_one_pass_for_all() -> None:
    """What a model is made of is data: nothing of a pass is compiled for it."""
    assert [name for name in entries.ENTRIES if "serve" in name] == ["serve"]
    assert [entry.name for entry in entries.wanted({kernels.PASS})] == ["serve"]


def test_a_forked_child_with_a_sigterm_handler_computes_what_its_parent_does() -> None:
    """Trap 1: Numba's own threading would raise SIGTERM on such a child and leave the output unfilled."""
    code = """
import os, signal, sys
from llmproc import kernels
kernels.load(kernels.COMMON)
import numpy as np
from llmproc.kernels import cache_misses
from llmproc.kernels.calls import linked
def probabilities(out, logits, heat):
    linked('probabilities')(out.ctypes.data, logits.ctypes.data, len(logits), heat)
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
    os._exit(0 if ok and "numba" not in sys.modules else 7)
assert os.waitpid(child, 0)[1] == 0
"""
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=120)
