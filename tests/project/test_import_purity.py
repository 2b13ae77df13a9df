"""What starts at once imports nothing slow: one interpreter forks a child for each module and lists what it brought."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from support.paths import ROOT

SLOW = frozenset({"numba", "llvmlite", "numpy", "pandas", "matplotlib", "llmproc.kernels", "llmproc.simd"})
HUB = frozenset({"huggingface_hub"})  # half a second; it is imported when something is fetched
NUMPY = frozenset({"numpy"})  # where arrays are the module's own work
FORBIDDEN = {
    "llmproc.apps.fetch.app": SLOW | HUB,
    "llmproc.apps.chat.options": SLOW | HUB | {"llmproc.hub.finding", "llmproc.hub.fetching"},
    "llmproc.apps.chat.running": SLOW
    | HUB
    | {"llmproc.engine.engine", "llmproc.engine.forward", "llmproc.engine.loading"},
    "llmproc.apps.batch.app": SLOW | {"rich", "httpx"},
    "llmproc.apps.bench.app": SLOW - NUMPY,
    "llmproc.apps.compare_modes.app": SLOW | {"httpx"},
    "llmproc.apps.perplexity.app": SLOW,
    "llmproc.monitor.watch": SLOW,
    "llmproc.monitor.runfolder": SLOW,
    "llmproc.checkpoints.llama2c.header": SLOW,
    "llmproc.checkpoints.gguf.model_file": SLOW,
    "llmproc.checkpoints.huggingface.model_file": SLOW,
    "llmproc.checkpoints.weight_types": SLOW,
}
CHILDREN = """
import importlib, json, os, sys
for name in sys.argv[1:]:
    ours, theirs = os.pipe()
    if os.fork() == 0:
        before = set(sys.modules)
        importlib.import_module(name)
        os.write(theirs, json.dumps(sorted(set(sys.modules) - before)).encode())
        os._exit(0)
    os.close(theirs)
    print(open(ours).read())
    os.wait()
"""


@pytest.fixture(scope="module")
def imported() -> dict[str, set[str]]:
    """Each module with what importing it imported, in a process that had imported nothing of the project."""
    names = ["llmproc", *FORBIDDEN]
    command = [sys.executable, "-c", CHILDREN, *names]
    lines = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return {name: set(json.loads(line)) for name, line in zip(names, lines, strict=True)}


@pytest.mark.parametrize("name", FORBIDDEN)
def test_nothing_slow_comes_with(name: str, imported: dict[str, set[str]]) -> None:
    assert name in imported[name] and not imported[name] & FORBIDDEN[name]


def test_main_has_only_the_words_of_the_engine(imported: dict[str, set[str]]) -> None:
    found = {name for name in imported["llmproc.apps.chat.running"] if name.startswith("llmproc.engine.")}
    assert found <= {"llmproc.engine.events", "llmproc.engine.shaping"}


def test_the_package_itself_imports_nothing(imported: dict[str, set[str]]) -> None:
    assert imported["llmproc"] == {"llmproc"}
