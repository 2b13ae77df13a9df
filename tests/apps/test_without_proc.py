"""Verbs on a machine whose /proc is empty: one line that says so, and doctor's report."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.paths import ROOT


def _without_proc(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A verb in a mount namespace whose /proc is empty."""
    script = 'mount -t tmpfs none /proc && exec "$@"'
    command = ["unshare", "-m", "sh", "-c", script, "sh", sys.executable, "-m", "llmproc", *arguments]
    environment = {**os.environ, "HOME": str(home), "LLMPROC_RUN_DIR": str(home / "runs")}
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment, input="Hello\n")
    if not done.stdout and done.returncode and "permitted" in done.stderr:
        pytest.skip(f"mount namespaces are not allowed here: {done.stderr.strip()}")
    return done


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may take /proc away")
@pytest.mark.parametrize(
    "verb",
    [("chat",), ("chat", "--course"), ("threads", "1", "42", "Hello"), ("batch", "-"), ("record", "--", "true")],
    ids=" ".join,
)
def test_a_verb_that_needs_proc_says_so_in_one_line(tmp_path: Path, verb: tuple[str, ...]) -> None:
    done = _without_proc(tmp_path, *verb)
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert done.stderr.startswith("llmproc: /proc/") and done.stderr.endswith("is /proc mounted?\n")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may take /proc away")
def test_the_report_of_a_machine_without_proc(tmp_path: Path, quick: Path) -> None:
    done = _without_proc(tmp_path, "doctor", "--model", str(quick))
    assert (done.returncode, done.stderr) == (1, "")
    lines = done.stdout.splitlines()
    assert any(line.startswith("fail  /proc ") for line in lines) and lines[-1].startswith("llmproc cannot run: ")
    assert any(line.startswith("ok    checkpoint") for line in lines), "what can be looked at is"
