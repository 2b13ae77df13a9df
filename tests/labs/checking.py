"""A lab folder with a program in it, checked by the verb itself, with or without other processes on the CPUs."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from support.paths import ROOT

from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.synth import write_synthetic
from llmproc.config import shipped_file
from llmproc.labs.processes.lab import PROCESSES

SOLUTION = Path(__file__).with_name("solution")
PATIENCE_S = 8
LIMIT_S = 500


def make_model(path: Path) -> None:
    """A random model for the shipped tokenizer: a turn of the given engine takes about a second."""
    write_synthetic(path, ModelDescription(128, 384, 4, 4, 2, 2048, 1024, 32, True, "int8", 64), seed=3)


def solved(folder: Path, model: Path | None) -> Path:
    """A new folder with the solution and the files it needs; `model` None: the shipped one."""
    folder.mkdir()
    shutil.copy(model or shipped_file("model", "model.bin"), folder / "model.bin")
    shutil.copy(shipped_file("tokenizer", "tokenizer.bin"), folder)
    shutil.copy(PROCESSES.task / "engine.py", folder)
    for file in SOLUTION.glob("*.py"):
        shutil.copy(file, folder)
    return folder


def given_engine() -> ModuleType:
    """The engine that a student gets, loaded from its file."""
    spec = importlib.util.spec_from_file_location("given_engine", PROCESSES.task / "engine.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def lab(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """`llmproc lab` with these arguments, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "llmproc", "lab", *map(str, arguments)], cwd=cwd or ROOT, capture_output=True, text=True,
        timeout=LIMIT_S, env=environment(),
    )  # fmt: skip


def environment() -> dict[str, str]:
    """Of a program that must find llmproc wherever it is run."""
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def check(folder: Path, *more: object) -> dict[str, Any]:
    """The report of a check, as JSON; its exit status agrees with it."""
    done = lab("check", "processes", folder, "--json", "--patience", PATIENCE_S, *more)
    assert done.stderr == "", done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == (0 if report["points"] == report["of"] else 1)
    assert report["points"] == sum(row["points"] for row in report["checks"])
    return report


def lost(report: dict[str, Any]) -> dict[str, str]:
    """The checks that were not passed, and what each saw."""
    return {row["name"]: row["seen"] for row in report["checks"] if not row["passed"]}


@contextlib.contextmanager
def load(processes: int) -> Iterator[None]:
    """Keep the CPUs busy with this number of other processes."""
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(processes)]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()
