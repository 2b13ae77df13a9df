"""Kernels are compiled while a service starts: what goes wrong there is one line, and its results are the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from service.serving import Recorder, collect
from support.paths import PYTHONPATH

from llmproc.service.messages import Generate
from llmproc.service.service import Service, ServiceConfig

LLMPROC = [sys.executable, "-m", "llmproc.main"]


def ask(tmp_path: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """One prompt through a pipe, over an empty cache of kernels."""
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache"), "PYTHONPATH": PYTHONPATH, **variables}
    return subprocess.run(
        [*LLMPROC, "--max-tokens", "8", *arguments], input="hi\n", env=environment, cwd=tmp_path, text=True,
        capture_output=True, timeout=110,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value", "code", "line"),
    [
        ("NUMBA_DISABLE_JIT", "1", 3, "NUMBA_DISABLE_JIT is 1: must be unset or 0, kernels have to be compiled"),
        ("NUMBA_NUM_THREADS", "0", 3, "NUMBA_NUM_THREADS is 0: must be unset, or 1 or more"),
        ("LLMPROC_ISA", "sse9", 2, "LLMPROC_ISA is sse9: must be one of portable, avx2, avx512vnni"),
    ],
)
def test_settings_nothing_can_be_compiled_under(name: str, value: str, code: int, line: str, tmp_path: Path) -> None:
    done = ask(tmp_path, "--run-dir", "none", **{name: value})
    assert done.returncode == code
    assert done.stderr.splitlines()[-1] == f"llmproc: {line}" and "Traceback" not in done.stderr


@pytest.mark.parametrize(("act", "ended"), [("os.kill(os.getpid(), 9)", "signal 9"), ("os._exit(4)", "exit status 4")])
def test_a_compiler_that_dies_ends_the_start_with_3(act: str, ended: str, tmp_path: Path) -> None:
    package = tmp_path / "broken" / "numba"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(f"import os; {act}")
    done = ask(tmp_path, "--run-dir", "none", PYTHONPATH=f"{package.parent}:{PYTHONPATH}")
    assert done.returncode == 3
    line = f"llmproc: the kernels could not be compiled: the compiler ended with {ended}"
    assert done.stderr.splitlines()[-1] == line and "Traceback" not in done.stderr


def test_a_service_whose_code_cannot_be_linked_says_so_and_serves(tmp_path: Path) -> None:
    """Forced by a module that every interpreter imports at its start; the work that waits needs the rings alone.

    Over a cache of its own: code that cannot be linked is wiped, and every later test would compile its own again.
    """
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\n"
        "if 'llmproc.processes.template' in sys.orig_argv:\n"
        "    from llmproc.kernels import linking\n"
        "    def refuse(objects):\n"
        "        raise linking.LinkError('forced by a test')\n"
        "    linking.link = refuse\n"
    )
    cache = str(tmp_path / "cache")
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}:{PYTHONPATH}", "XDG_CACHE_HOME": cache}
    recorder = Recorder()
    service = Service(ServiceConfig(Path("/none"), work="wait", environment=environment), recorder)
    service.start()
    try:
        ids, finish = collect(service.submit(Generate.greedy([1, 2, 3], 2, wait_s=0.01)))
    finally:
        report = service.report
        service.close(20)
    assert (ids, finish.reason) == ([3, 4], "length")
    assert report is not None and report.fallback == "forced by a test"
    (ready,) = [fields for kind, fields in recorder.events if kind == "template_ready"]
    assert ready["fallback"] == "forced by a test"


def test_what_was_linked_needs_no_word(tmp_path: Path) -> None:
    done = ask(tmp_path, "--run-dir", str(tmp_path / "run"), XDG_CACHE_HOME=os.environ["XDG_CACHE_HOME"])
    assert done.returncode == 0, done.stderr
    (folder,) = (tmp_path / "run").rglob("run.json")
    assert json.loads(folder.read_text())["kernels_fallback"] == ""
