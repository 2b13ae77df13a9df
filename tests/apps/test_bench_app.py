"""`python -m llmproc bench` from end to end, with arms that compute nothing in real processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.paths import PYTHONPATH
from support.waiting import PATIENCE_S

from llmproc.apps.bench import app
from llmproc.config import Environment
from llmproc.experiments.bench import benchmark, remote
from llmproc.experiments.bench.arms.arm import ArmOptions
from llmproc.experiments.bench.timed import Timing
from llmproc.experiments.bench.work import Work

QUICK = (
    "--shape", "tiny", "--threads", "1", "-p", "16", "-n", "4", "--batched", "1,2", "--batched-steps", "2", "--repeat",
    "2",
)  # fmt: skip


@pytest.fixture(autouse=True)
def arms_that_compute_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", PYTHONPATH)
    monkeypatch.setenv("LLMPROC_RUN_DIR", str(tmp_path / "runs"))
    for name, function in (("OWN", "open_own"), ("LLAMA_CPP", "open_peer"), ("MACHINE", "open_machine"),
                           ("TRACED", "open_traced")):  # fmt: skip
        monkeypatch.setattr(benchmark, name, f"experiments.bench_arms:{function}")
    monkeypatch.setattr("llmproc.experiments.bench.arms.llama_cpp.installed", lambda: "1.0")


def test_a_table_on_stdout_and_everything_in_the_run_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main([*QUICK, "--peer", "llama-cpp"]) == 0
    out, err = capsys.readouterr()
    assert "| test |" in out and " pp16 |" in out and " tg4 |" in out and "| sequences |" in out
    assert "limit of this machine" in out and "x llama.cpp" in out and "llama.cpp at its best, pp16: flash=" in out
    folder = Path(err.removeprefix("run folder: ").strip())
    assert folder.parent == tmp_path / "runs"
    found = json.loads((folder / "bench.json").read_text())
    assert found["options"]["repeat"] == 2 and found["command"].startswith("python -m llmproc bench --shape tiny")
    assert [arm["name"] for arm in found["arms"]] == ["llmproc", "llama.cpp", "machine"]
    pids = {arm["about"].get("pid") for arm in found["arms"]}
    assert len(pids) == 3 and os.getpid() not in pids, "every arm has a process of its own"
    assert json.loads((folder / "run.json").read_text())["result"] == "bench.json"
    assert found["machine"]["cpu"] and found["conditions"]["seconds"] > 0


@pytest.mark.parametrize(("form", "start"), [("json", "{\n"), ("csv", "model,type,"), ("md", "")])
def test_formats_and_files(form: str, start: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "result"
    assert app.main([*QUICK, "--no-limits", "--format", form, "-o", str(file), "--run-dir", "none"]) == 0
    assert capsys.readouterr() == ("", "")
    text = file.read_text()
    assert text.startswith(start) and "machine" not in [row.get("arm") for row in _tests(form, text)]
    assert not (tmp_path / "runs").exists()


def _tests(form: str, text: str) -> list[dict[str, object]]:
    return json.loads(text)["tests"] if form == "json" else []  # type: ignore[no-any-return]


def test_phases_are_traced_after_all_measuring_in_an_arm_of_their_own(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    story: list[str] = []

    class Told(remote.RemoteArm):
        def __init__(self, target: str, options: ArmOptions) -> None:
            super().__init__(target, options)
            self.role = target.rpartition("open_")[2]
            story.append(f"{self.role} opened")

        def run(self, work: Work, setting: str) -> Timing:
            story.append(f"{self.role} ran")
            return super().run(work, setting)

        def trace(self, work: Work) -> dict[str, Any]:
            story.append(f"{self.role} {work.name}")
            return super().trace(work)

        def close(self) -> None:
            story.append(f"{self.role} closed")
            super().close()

    monkeypatch.setattr(benchmark, "RemoteArm", Told)
    assert app.main([*QUICK, "--kernels", "--phases", "--format", "json", "--run-dir", "none"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [row["test"] for row in found["phases"]] == ["pp16", "tg4", "tg2 b1", "tg2 b2"], "no products, no limits"
    end = story.index("traced opened")
    traced = [f"traced {row['test']}" for row in found["phases"]]
    assert story[end:] == ["traced opened", *traced, "traced closed"]
    assert {"own ran", "machine ran"} <= set(story[:end]) and {"own closed", "machine closed"} <= set(story[:end])
    assert [arm["name"] for arm in found["arms"]] == ["llmproc", "machine"] and found["options"]["phases"]
    assert found["phases"][0]["phases"][0]["rates"][0]["share"] > 0, "beside the limits of this run"


def test_phases_are_shown_when_they_are_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main([*QUICK, "--no-limits", "--phases", "--run-dir", "none"]) == 0
    assert "tg4, traced: 1 of 4 steps, 10.000 ms/step" in capsys.readouterr().out
    assert app.main([*QUICK, "--no-limits", "--run-dir", "none"]) == 0
    assert "traced" not in capsys.readouterr().out


def test_an_arm_that_dies_while_it_is_traced_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(benchmark, "TRACED", "experiments.bench_arms:open_dying")
    assert app.main([*QUICK, "--no-limits", "--phases", "--run-dir", "none"]) == 3
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and "died at open (status 9): cannot map the model" in err


def test_json_on_stdout_is_all_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main([*QUICK, "--no-limits", "--format", "json"]) == 0
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert found["kind"] == "bench" and err == ""
    assert found["phases"] == [] and not found["options"]["phases"]


@pytest.mark.parametrize(
    ("arguments", "code", "line"),
    [
        (("--shape", "tiny", "-p", "300"), 2, "--prompt is 300: tiny has 256 positions"),
        (("--model", "missing.bin"), 4, "missing.bin: no such file"),
        (("-o", "nowhere/result.md"), 2, "--output is nowhere/result.md: must be a file in a folder that exists"),
        (("-o", "."), 2, "--output is .: must name a file"),
        (("-o", ".."), 2, "--output is ..: must be a file"),
    ],
)
def test_refusals_start_no_arm(
    arguments: tuple[str, ...], code: int, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(benchmark, "RemoteArm", None)
    assert app.main(arguments) == code
    out, err = capsys.readouterr()
    assert out == "" and err.startswith(f"llmproc: {line}") and err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_peer_that_is_not_installed_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("llmproc.experiments.bench.arms.llama_cpp.installed", lambda: None)
    assert app.main(["--peer", "llama-cpp"]) == 2
    assert capsys.readouterr().err.startswith(
        "llmproc: --peer is llama-cpp: the package llama-cpp-python is not installed: pip install"
    )


def test_an_arm_that_dies_ends_the_run_and_the_others(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    opened: list[remote.RemoteArm] = []

    class Noted(remote.RemoteArm):
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments)  # type: ignore[arg-type]
            opened.append(self)

    monkeypatch.setattr(benchmark, "RemoteArm", Noted)
    monkeypatch.setattr(benchmark, "LLAMA_CPP", "experiments.bench_arms:open_talkative")
    arguments = ["--shape", "tiny", "-p", "13", "-n", "0", "--batched", "none", "--no-limits", "--peer", "llama-cpp"]
    assert app.main(arguments) == 5
    assert "bench's arm talkative died at pp13 (signal 9): the last words" in capsys.readouterr().err
    assert len(opened) == 2 and all(arm._process.returncode is not None for arm in opened)


def test_ctrl_c_ends_every_arm(tmp_path: Path) -> None:
    code = (
        "import sys, time; from llmproc.apps.bench import app\n"
        "from llmproc.experiments.bench import benchmark, runner\n"
        "from llmproc.apps.exits import prepare_process\n"
        "prepare_process()\n"
        "benchmark.OWN = benchmark.MACHINE = 'experiments.bench_arms:open_own'\n"
        "def settle(seconds):\n"
        "    print('measuring', flush=True)\n"
        "    time.sleep(60)\n"
        "benchmark.BenchRunner = lambda bar: runner.BenchRunner(bar, settle)\n"
        "sys.exit(app.main(['--shape', 'tiny', '-p', '8', '--no-limits', '--run-dir', 'none']))\n"
    )
    environment = {**os.environ, "PYTHONPATH": PYTHONPATH}
    bench = subprocess.Popen(
        [sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    with bench:
        assert bench.stdout is not None and bench.stderr is not None
        assert bench.stdout.readline() == "measuring\n"
        children = Path(f"/proc/{bench.pid}/task/{bench.pid}/children").read_text().split()
        os.killpg(bench.pid, signal.SIGINT)
        assert bench.wait(PATIENCE_S) == 130
        assert bench.stderr.read() == "" and len(children) == 1
        assert not os.path.exists(f"/proc/{children[0]}")


def test_the_plan_gives_every_arm_its_work(monkeypatch: pytest.MonkeyPatch) -> None:
    from llmproc.apps.bench.options import parse_options
    from llmproc.experiments.bench.work import planned_work

    options = parse_options("bench", ["--threads", "1", "--kernels", "--batched", "none"], Environment())
    works = planned_work(options.prompt, options.generate, options.batched, options.batched_steps, options.kernels)
    plan = benchmark.plan(works, {"own": "o", "peer": "p", "machine": "m"}, options)  # type: ignore[dict-item]
    assert [(work.name, arms) for work, arms in plan] == [
        ("pp512", ["o", "p"]), ("tg128", ["o", "p"]), ("mm512", ["o"]), ("mm1 b1", ["o"]), ("read, 1 thread", ["m"]),
        ("int8 peak, 1 thread", ["m"]), ("fp32 peak, 1 thread", ["m"]),
    ]  # fmt: skip
