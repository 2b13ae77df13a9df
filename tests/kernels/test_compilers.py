"""Processes that compile: what they write arrives whole, they die with their parent, and their death is one line."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.paths import ROOT

from llmproc.errors import StartError, UsageError
from llmproc.kernels import compilers, environment
from llmproc.kernels.compile_process import FRAME
from llmproc.kernels.elf import read_symbols

PROGRAM = ROOT / "llmproc" / "kernels" / "compile_process.py"


def program(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "program.py"
    path.write_text(f"import os, struct, sys, time\n{text}\n")
    return path


def test_compiled_entries_arrive_by_name() -> None:
    found = dict(compilers.compile_objects(["publish", "fence"]))
    assert {name: set(read_symbols(code).defined) for name, code in found.items()} == {
        "publish": {"llmproc_publish"}, "fence": {"llmproc_fence"},
    }  # fmt: skip


def test_this_process_keeps_its_one_thread_while_compilers_run(tmp_path: Path) -> None:
    code = """
import os
from llmproc.kernels import compilers
for name, code in compilers.compile_objects(["fence"]):
    assert len(os.listdir("/proc/self/task")) == 1
"""
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=60)


def test_frames_are_put_together_from_any_pieces() -> None:
    stream = b"".join(FRAME.pack(len(name), len(code)) + name + code for name, code in ((b"a", b"xyz"), (b"bc", b"")))
    for size in range(1, len(stream) + 1):
        buffer, found = bytearray(), []
        for start in range(0, len(stream), size):
            buffer += stream[start : start + size]
            found += compilers._frames(buffer)
        assert found == [("a", b"xyz"), ("bc", b"")] and not buffer


def test_shares_are_for_two_where_there_are_two_cpus(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["serve", "argmax", "take"]
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1, 2, 3})
    assert compilers._shares(names) == [["serve"], ["argmax", "take"]]
    assert compilers._shares(["take", "fence"]) == [["take", "fence"]], "too quick for two"
    assert compilers._shares(["serve"]) == [["serve"]]
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {3})
    assert compilers._shares(names) == [names]


@pytest.mark.parametrize(
    ("text", "ended"),
    [
        ("sys.exit(7)", "exit status 7"),
        ("os.kill(os.getpid(), 9)", "signal 9"),
        ("pass", "exit status 0"),
        ("os.write(1, struct.pack('<II', 4, 100) + b'take')", "exit status 0"),
    ],
)
def test_a_compiler_that_dies_is_one_line(
    text: str, ended: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compilers, "_PROGRAM", program(tmp_path, text))
    with pytest.raises(StartError, match=rf"^the kernels could not be compiled: the compiler ended with {ended}$"):
        list(compilers.compile_objects(["take"]))


def test_a_compiler_that_cannot_be_started_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    with pytest.raises(StartError, match="cannot be started: No such file"):
        list(compilers.compile_objects(["take"]))


def test_the_others_are_ended_when_one_dies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One of two never ends by itself; the fixture that looks for children left would find it."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1})
    text = "sys.exit(3) if sys.argv[1] == 'take' else time.sleep(3600)"
    monkeypatch.setattr(compilers, "_PROGRAM", program(tmp_path, text))
    with pytest.raises(StartError, match="exit status 3"):
        list(compilers.compile_objects(["serve", "take"]))


def ends(pid: int) -> bool:
    """Whether a process that is not our child ends, or is a zombie already."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.02)
    return False


def test_it_dies_with_its_parent() -> None:
    code = f"""
import subprocess, sys, time
command = [sys.executable, {str(PROGRAM)!r}, "serve"]
child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
print(child.pid, flush=True)
time.sleep(600)
"""
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    assert ends(pid)


def test_nothing_is_imported_from_the_current_folder(tmp_path: Path) -> None:
    for name in ("random", "numba", "struct", "llmproc", "json", "cache", "entries"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('mine')")
    done = subprocess.run(
        [sys.executable, str(PROGRAM), "fence"], cwd=tmp_path, stdin=subprocess.PIPE, capture_output=True, timeout=60,
    )  # fmt: skip
    assert done.returncode in (0, 1) and b"mine" not in done.stderr, done.stderr


def test_what_a_library_prints_is_not_a_frame(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("print('printed')")
    code = "from llmproc.kernels import compilers; print(len(dict(compilers.compile_objects(['fence']))))"
    variables = {**os.environ, "PYTHONPATH": f"{tmp_path}:{ROOT}"}
    done = subprocess.run([sys.executable, "-c", code], env=variables, capture_output=True, text=True, timeout=60)
    assert done.returncode != 0 or done.stdout.endswith("1\n")


@pytest.mark.parametrize(
    ("variables", "error", "line"),
    [
        ({"NUMBA_DISABLE_JIT": "1"}, StartError, "NUMBA_DISABLE_JIT is 1: must be unset or 0"),
        ({"NUMBA_NUM_THREADS": "0"}, StartError, "NUMBA_NUM_THREADS is 0: must be unset, or 1 or more"),
        ({"NUMBA_NUM_THREADS": "many"}, StartError, "NUMBA_NUM_THREADS is many: must be unset, or 1 or more"),
        ({"LLMPROC_ISA": "sse9"}, UsageError, "LLMPROC_ISA is sse9: must be one of portable, avx2, avx512vnni"),
    ],
)
def test_settings_no_compiler_can_work_with_are_one_line(
    variables: dict[str, str], error: type[Exception], line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(error, match=line):
        environment.settings(variables)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(error, match=line):
        list(compilers.compile_objects(["take"]))


def test_settings_that_work_are_handed_on() -> None:
    found = environment.settings({"NUMBA_DISABLE_JIT": "0", "NUMBA_NUM_THREADS": "2", "LLMPROC_ISA": "portable"})
    assert found["NUMBA_CPU_FEATURES"] == "+sse2" and found["NUMBA_DISABLE_INTEL_SVML"] == "1"
    assert all(found[name] == "1" for name in environment.ONE_THREAD)


def test_numba_that_came_before_its_settings_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numba", object())
    monkeypatch.setattr(environment, "_prepared", False)
    with pytest.raises(RuntimeError, match="before numba"):
        environment.prepare()
