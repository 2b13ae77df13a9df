"""`python -m llmproc doctor`: each check from made-up findings, and the whole verb on this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from apps.topping import instance
from support.chatting import run
from support.paths import ROOT

from llmproc.apps.doctor import app, machine, rights, software
from llmproc.apps.doctor.check import Check, attempt, human_bytes
from llmproc.checkpoints.model_file import open_model
from llmproc.errors import LlmprocError
from llmproc.hardware.cpus import CpuBudget, CpuLimit
from llmproc.hardware.memory import MemoryBudget
from llmproc.monitor.instances import Instance

AVX2 = frozenset({"avx2", "fma", "f16c"})
VERSIONS = dict.fromkeys(("python", "numpy", "numba", "llvmlite", "psutil", "msgspec", "pandas", "matplotlib"), "1.0")
GB = 10**9
LOOKED: dict[str, Any] = {"directory": "/c", "lasting": True, "types": ["int8"], "bytes": 2_000_000, "fallback": ""}
NAMES = ["system", "instruction set", "cpus", "cpu quota", "memory", "versions", "kernel cache", "checkpoint",
         "tokenizer", "scheduling", "/proc and kernel", "terminal extras"]  # fmt: skip


def doctor(folder: Path, *arguments: object, **environment: str | None) -> tuple[int, str, str]:
    (folder / "log.txt").unlink(missing_ok=True)
    return run(folder, "doctor", *arguments, module="llmproc", environment=environment, timeout=120.0)


def test_a_line() -> None:
    assert Check("cpus", "2 of 2").line() == "ok    cpus             2 of 2"
    hinted = Check("cpus", "2 of 2", "warn", "more would help").line()
    assert hinted == "warn  cpus             2 of 2\n                       more would help"
    assert Check("a", "b", facts={"c": 1}).as_json() == {"name": "a", "state": "ok", "value": "b", "hint": "", "c": 1}


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (None, "unknown"),
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1500, "1.5 kB"),
        (25_276_514_304, "25.3 GB"),
        (10**19, "10000.0 PB"),
    ],
)
def test_bytes(count: int | None, text: str) -> None:
    assert human_bytes(count) == text


@pytest.mark.parametrize(
    ("check", "state", "said"),
    [
        (lambda: machine.instruction_set(None, AVX2), "ok", "avx2 (available: portable, avx2)"),
        (lambda: machine.instruction_set("avx2", AVX2), "ok", "forced by LLMPROC_ISA"),
        (lambda: machine.instruction_set("portable", AVX2), "warn", "avx2 is faster"),
        (lambda: machine.instruction_set(None, frozenset()), "warn", "no AVX2"),
        (lambda: machine.instruction_set("avx512vnni", AVX2), "fail", "this CPU lacks"),
        (lambda: machine.instruction_set("sse", AVX2), "fail", "LLMPROC_ISA is sse"),
        (lambda: machine.cpus(CpuBudget((1, 3), None, 2), 4), "ok", "2 of 4 allowed (1,3), 2 threads by default"),
        (lambda: machine.cpus(CpuBudget((1,), None, 1, ("x: broken",)), 4), "warn", "x: broken"),
        (lambda: machine.quota(CpuBudget((0, 1), None, 2)), "ok", "none"),
        (lambda: machine.quota(CpuBudget((0, 1), 4.0, 2)), "ok", "4 CPUs"),
        (lambda: machine.quota(CpuBudget((0, 1), 1.5, 1)), "warn", "more than 1 threads would be throttled"),
        (lambda: machine.quota(CpuBudget((0, 1), 0.5, 1)), "warn", "below one CPU"),
        (lambda: machine.memory(GB, MemoryBudget(8 * GB, 7 * GB, None, 7 * GB)), "ok", "7.0 GB usable of 8.0 GB"),
        (lambda: machine.memory(GB, MemoryBudget(8 * GB, 7 * GB, 3 * GB, 3 * GB)), "ok", "limit 3.0 GB"),
        (lambda: machine.memory(GB, MemoryBudget(8 * GB, 7 * GB, GB, GB)), "warn", "takes up to 2.0 GB"),
        (lambda: machine.memory(None, MemoryBudget(None, None, None, None)), "ok", "unknown usable of unknown"),
        (lambda: machine.memory(None, MemoryBudget(1, 1, 1, 1, ("y: broken",))), "warn", "y: broken"),
        (lambda: machine.proc_features("/nowhere"), "warn", "no schedstat"),
        (lambda: software.packages(VERSIONS), "ok", "numba 1.0"),
        (lambda: software.packages({**VERSIONS} | {"numba": "2"}), "ok", "numba 2"),
        (lambda: software.packages({k: v for k, v in VERSIONS.items() if k != "pandas"}), "warn", "missing: pandas"),
        (lambda: software.packages({k: v for k, v in VERSIONS.items() if k != "numba"}), "fail", "missing: numba"),
        (lambda: software.kernel_cache(LOOKED), "ok", "/c: ready for int8 (2.0 MB)"),
        (lambda: software.kernel_cache({**LOOKED, "types": []}), "ok", "the first run compiles"),
        (lambda: software.kernel_cache({**LOOKED, "lasting": False}), "warn", "every start compiles"),
        (lambda: software.kernel_cache({**LOOKED, "fallback": "no expf"}), "warn", "cannot be used here (no expf)"),
        (lambda: software.kernel_cache({"error": "no llvmlite"}), "fail", "no llvmlite"),
        (lambda: software.tokenizer(Path("/t"), None), "warn", "not looked at"),
        (lambda: rights.scheduling_rights({"lower_nice": True}), "ok", "raise a nice value, lower a nice value"),
        (lambda: rights.scheduling_rights({"real_time": False}), "warn", "not allowed: fifo and rr"),
    ],
)
def test_checks(check: Any, state: str, said: str) -> None:
    found: Check = check()
    assert found.state == state and said in found.line()


@pytest.mark.parametrize(
    ("limits", "others", "said"),
    [
        ((), (), "2 of 4 allowed (1,3), 2 threads by default"),
        ((CpuLimit(1, "ray 7", "Ray (OMP_NUM_THREADS)"),), (), "Ray (OMP_NUM_THREADS) grants 1, 1 thread by default"),
        ((CpuLimit(1.5, "/a", "the CPU quota"),), (), "the CPU quota grants 1.5, 1 thread by default"),
        ((CpuLimit(9, "/a", "the CPU quota"),), (), "(1,3), 2 threads by default"),
        ((), (instance(threads=1, cpus=(1, 3)),), f"instance {os.getpid()} takes 1, 1 thread by default"),
        ((), (instance(threads=2, cpus=(0, 2)),), "(1,3), 2 threads by default"),
        ((), (instance(),), "(1,3), 2 threads by default"),
    ],
    ids=["alone", "Ray", "quota", "wide quota", "an instance", "on other CPUs", "without threads"],
)
def test_how_many_threads_and_why(limits: tuple[CpuLimit, ...], others: tuple[Instance, ...], said: str) -> None:
    granted = int(min([2, *(limit.cpus for limit in limits)]))
    found = machine.cpus(CpuBudget((1, 3), None, granted, limits=limits), 4, others)
    assert said in found.line() and found.state == "ok"
    assert found.facts["granted"] == {limit.source: limit.cpus for limit in limits}
    assert found.facts["others"] == {str(other.pid): other.threads for other in others if other.threads}


def test_checkpoint_and_tokenizer(tmp_path: Path, quick: Path) -> None:
    found, header = software.checkpoint(quick)
    assert found.state == "ok" and header is not None and "2 layers" in found.value and "context 512" in found.value
    assert found.facts["shape"]["dim"] == 64 and found.facts["bytes"] == quick.stat().st_size
    assert software.tokenizer(quick.with_name("tokenizer.bin"), header).state == "ok"
    (tmp_path / "bad.bin").write_bytes(b"x" * 300)
    for bad in (tmp_path / "bad.bin", tmp_path / "none.bin"):
        found, nothing = software.checkpoint(bad)
        assert found.state == "fail" and nothing is None and str(bad) in found.value and "--model" in found.hint
        assert software.tokenizer(bad, header).state == "fail"


def test_rights_are_tried_on_a_thread_that_ends() -> None:
    before = os.sched_getscheduler(0), os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    assert set(rights.scheduling_rights().facts["rights"]) == {"lower_nice", "leave_idle", "real_time"}
    assert before == (os.sched_getscheduler(0), os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))


def test_the_cache_is_looked_at_and_not_filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    found = software.kernel_cache()
    assert found.state == "ok" and found.facts["types"] == [] and str(tmp_path / "cache") in found.value
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]


def test_a_cache_that_can_be_kept_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "tmp").mkdir()
    (tmp_path / "tmp" / f"llmproc-{os.geteuid()}").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    assert software.kernel_cache().state == "warn"
    assert len(list((tmp_path / "tmp").iterdir())) == 1, "the folder made in its place is removed"


def test_a_look_that_fails_is_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(software, "_LOOK", "llmproc.no_such_module")
    found = software.kernel_cache()
    assert found.state == "fail" and "no_such_module" in found.value


# -- checks that cannot look ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "state", "said"),
    [
        (FileNotFoundError(2, "No such file or directory", "/proc/x"), "warn", "cannot be read: /proc/x: No such file"),
        (PermissionError(13, "Permission denied", "/sys/y"), "warn", "not permitted: /sys/y: Permission denied"),
        (OSError("odd"), "warn", "cannot be read: odd"),
        (ModuleNotFoundError("No module named 'psutil'", name="psutil"), "fail", "the package psutil is missing"),
        (ImportError("numpy is too old", name="numba.core"), "fail", "the package numba is missing or broken"),
        (LlmprocError("/x: cannot be read"), "fail", "/x: cannot be read"),
        (ValueError("12 lines"), "warn", "ValueError: 12 lines"),
        (ZeroDivisionError(), "warn", "ZeroDivisionError"),
    ],
)
def test_what_keeps_a_check_from_looking_is_its_finding(error: Exception, state: str, said: str) -> None:
    def look() -> Check:
        raise error

    found = attempt("memory", look)
    assert (found.name, found.state) == ("memory", state) and said in found.value and "\n" not in found.value


def test_an_interrupt_is_not_a_finding() -> None:
    def look() -> Check:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        attempt("memory", look)


def test_every_check_is_attempted(
    quick: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each check in turn fails as on a machine without something; the others are in the report all the same."""
    looks = [(machine, name) for name in ("system", "instruction_set", "cpus", "quota", "memory", "proc")]
    looks += [(software, name) for name in ("packages", "kernel_cache", "checkpoint", "tokenizer", "terminal")]
    monkeypatch.setattr(software, "kernel_cache", lambda: Check("kernel cache", "not looked at"))
    for module, name in [*looks, (rights, "scheduling_rights")]:
        with monkeypatch.context() as patch:

            def failing(*_: object, name: str = name) -> Check:
                raise FileNotFoundError(2, "No such file or directory", f"/{name}")

            patch.setattr(module, name, failing)
            assert app.main(["--json", "--model", str(quick)]) == 0
        found = json.loads(capsys.readouterr().out)["checks"]
        assert [check["name"] for check in found] == NAMES
        assert [check["name"] for check in found if f"/{name}:" in check["value"]], name


def test_without_proc(tmp_path: Path) -> None:
    found = machine.proc(str(tmp_path))
    assert found.line().startswith("fail  /proc ") and "not mounted" in found.value
    (tmp_path / "self").mkdir()
    (tmp_path / "self" / "stat").touch()
    found = machine.proc(str(tmp_path))
    assert (found.name, found.state) == ("/proc and kernel", "warn") and "no schedstat" in found.hint


@pytest.mark.parametrize("package", ["numpy", "numba", "llvmlite", "psutil", "msgspec", "prompt_toolkit"])
def test_a_report_without_a_package(package: str, quick: Path) -> None:
    """As `import` sees it: the package cannot be imported in this process."""
    code = (
        f"import sys; sys.modules[{package!r}] = None\n"
        "from llmproc.apps.doctor.app import main\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    done = subprocess.run([sys.executable, "-c", code, "--model", str(quick)], capture_output=True, text=True, cwd=ROOT)
    assert done.stderr == "" and done.returncode in (0, 1)
    names = [line[6:22].rstrip() for line in done.stdout.splitlines() if not line.startswith(" ")][:-1]
    assert names == NAMES
    if package == "msgspec":
        assert "the package msgspec is missing" in done.stdout and done.returncode == 1


# -- the whole verb ---------------------------------------------------------------------------------------------------


def test_report(tmp_path: Path, quick: Path) -> None:
    code, out, err = doctor(tmp_path, "--model", quick)
    assert (code, err) == (0, ""), out
    lines = [line for line in out.splitlines() if not line.startswith(" ")]
    assert [line[6:22].rstrip() for line in lines[:-1]] == NAMES
    assert all(line.split()[0] in ("ok", "warn") for line in lines[:-1]) and lines[-1].startswith("llmproc can run")
    assert str(quick) in out and "fail" not in out


def test_report_as_json(tmp_path: Path, quick: Path) -> None:
    code, out, err = doctor(tmp_path, "--json", "--model", quick)
    found = json.loads(out)
    assert (code, err, found["ok"]) == (0, "", True)
    checks = {check["name"]: check for check in found["checks"]}
    assert list(checks) == NAMES
    assert checks["cpus"]["allowed"] == sorted(os.sched_getaffinity(0)) and checks["cpus"]["threads"] >= 1
    assert checks["checkpoint"]["shape"]["vocab_size"] == open_model(quick).description.vocab_size
    assert checks["memory"]["usable"] > 0 and checks["versions"]["versions"]["numba"]


@pytest.mark.parametrize(
    ("arguments", "environment", "named"),
    [
        (("--model", "/none.bin"), {}, "checkpoint"),
        (("--tokenizer", "/none.bin"), {}, "tokenizer"),
        ((), {"LLMPROC_ISA": "sse"}, "instruction set, kernel cache"),
    ],
)
def test_unusable_is_exit_1(
    tmp_path: Path, arguments: tuple[str, ...], environment: dict[str, str], named: str
) -> None:
    code, out, err = doctor(tmp_path, *arguments, **environment)
    assert (code, err) == (1, "") and f"llmproc cannot run: {named}" in out


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--threads", "1"), "--threads needs --exact"),
        (("--kv-type", "f16"), "--kv-type needs --exact"),
        (("--exact", "--threads", "1,,2"), "--threads is 1,,2"),
        (("--exact", "--threads", "257"), "--threads is 257"),
        (("--exact", "--tokens", "0"), "--tokens is 0"),
        (("--frob",), "--frob"),
    ],
)
def test_refused(arguments: tuple[str, ...], named: str, capsys: pytest.CaptureFixture[str]) -> None:
    from llmproc.apps.doctor.app import main

    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == "" and named in err and err.count("\n") == 1
