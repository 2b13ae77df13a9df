"""An arm in a process of its own: the protocol on both ends, and what is said when it dies."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from support.clocks import FakeClock
from support.paths import PYTHONPATH

from llmproc.errors import CheckpointError, StartError, UsageError, WorkersLostError
from llmproc.experiments.bench.arm_process import ArmServer, converse
from llmproc.experiments.bench.arms.arm import ArmOptions
from llmproc.experiments.bench.remote import RemoteArm
from llmproc.experiments.bench.work import Work

OPTIONS = ArmOptions(model="model.bin", threads=3)
DECODE = Work("tg4", "decode", 1, 2, 4)


@pytest.fixture(autouse=True)
def children_find_the_arms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", PYTHONPATH)


def prefill(tokens: int) -> Work:
    return Work(f"pp{tokens}", "prefill", tokens)


def talk(*questions: dict[str, Any]) -> list[dict[str, Any]]:
    answers = io.BytesIO()
    converse(io.BytesIO(b"".join(json.dumps(q).encode() + b"\n" for q in questions)), answers, ArmServer(FakeClock()))
    return [json.loads(line) for line in answers.getvalue().splitlines()]


def opening(target: str) -> dict[str, Any]:
    return {"do": "open", "target": f"experiments.bench_arms:{target}", "options": {"model": "model.bin", "threads": 3}}


def test_the_far_end_answers_line_by_line() -> None:
    answers = talk(
        opening("open_peer"),
        {"do": "settings", "work": DECODE.as_dict()},
        {"do": "run", "work": DECODE.as_dict(), "setting": "flash=1"},
        {"do": "close"},
        {"do": "settings", "work": DECODE.as_dict()},  # after close nothing is read any more
    )
    assert answers == [
        {"ok": {"name": "llama.cpp", "about": {"decode": "pretended", "package": "llama.cpp 1.0"}}},
        {"ok": ["flash=0", "flash=1"]},
        {"ok": {"seconds": 0.0, "amount": 8}},
        {"ok": None},
    ]


def test_only_an_arm_that_keeps_a_trace_is_asked_for_it() -> None:
    question = {"do": "trace", "work": DECODE.as_dict()}
    answers = talk(opening("open_own"), question, opening("open_traced"), question)
    assert answers[1] == {"error": "UsageError", "message": "llmproc keeps no trace"}
    assert (answers[3]["ok"]["of_steps"], answers[3]["ok"]["seconds"]) == (4, 0.01)
    arm = RemoteArm("experiments.bench_arms:open_traced", OPTIONS)
    try:
        assert arm.trace(DECODE) == answers[3]["ok"]
    finally:
        arm.close()


def test_the_far_end_reports_errors_of_the_project_and_goes_on() -> None:
    answers = talk({"do": "dance"}, opening("open_refusing"), opening("open_own"), {"do": "dance"})
    assert answers[0] == {"error": "UsageError", "message": "dance was asked of an arm that is not open"}
    assert answers[1] == {"error": "UsageError", "message": "--threads is 3: too many for this arm"}
    assert "ok" in answers[2]
    assert answers[3] == {"error": "UsageError", "message": "an arm was asked to dance"}
    assert answers[4] == {"ok": None}, "end of input is a close"


def test_an_arm_runs_in_another_process() -> None:
    arm = RemoteArm("experiments.bench_arms:open_own", OPTIONS)
    try:
        assert arm.name == "llmproc" and arm.about()["package"] == "llmproc 1.0"
        assert arm.about()["pid"] == arm.pid != os.getpid()
        assert arm.settings(DECODE) == [""]
        timing = arm.run(DECODE, "")
        assert timing.amount == 8 and timing.seconds > 0, "the child's clock is the real one"
        assert arm.cpu_seconds() > 0
    finally:
        arm.close()
    assert arm._process.returncode == 0
    arm.close()


def test_what_libraries_print_is_no_answer() -> None:
    arm = RemoteArm("experiments.bench_arms:open_talkative", OPTIONS)
    try:
        assert arm.run(prefill(7), "").amount == 7
        assert arm.run(prefill(8), "").amount == 8
    finally:
        arm.close()


def test_an_arms_error_arrives_as_what_it_was_and_the_arm_goes_on() -> None:
    with pytest.raises(UsageError, match=r"^--threads is 3: too many for this arm$"):
        RemoteArm("experiments.bench_arms:open_refusing", OPTIONS)
    arm = RemoteArm("experiments.bench_arms:open_talkative", OPTIONS)
    try:
        with pytest.raises(CheckpointError, match=r"^model\.bin: dim is 0: must be positive$") as caught:
            arm.run(prefill(14), "")
        assert caught.value.exit_code == 4
        assert arm.run(prefill(1), "").amount == 1
    finally:
        arm.close()


def test_a_death_is_one_line_with_the_last_words() -> None:
    with pytest.raises(StartError, match=r"died at open \(status 9\): cannot map the model$"):
        RemoteArm("experiments.bench_arms:open_dying", OPTIONS)
    for tokens, how in ((13, r"signal 9\): the last words of a library"), (15, r"status 1\): RuntimeError: a bug")):
        arm = RemoteArm("experiments.bench_arms:open_talkative", OPTIONS)
        try:
            with pytest.raises(WorkersLostError, match=rf"^bench's arm talkative died at pp{tokens} \({how}$"):
                arm.run(prefill(tokens), "")
        finally:
            arm.close()


def test_a_stopped_arm_can_be_killed() -> None:
    arm = RemoteArm("experiments.bench_arms:open_own", OPTIONS)
    os.kill(arm.pid, signal.SIGSTOP)
    arm.kill()
    assert arm._process.returncode == -signal.SIGKILL


def test_an_arm_does_not_outlive_bench() -> None:
    code = (
        "import os, signal; from llmproc.experiments.bench.remote import RemoteArm; "
        "from llmproc.experiments.bench.arms.arm import ArmOptions; "
        "arm = RemoteArm('experiments.bench_arms:open_own', ArmOptions('m')); print(arm.pid, flush=True); "
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    environment = {**os.environ, "PYTHONPATH": PYTHONPATH}
    done = subprocess.run([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True, timeout=60)
    pid, deadline = int(done.stdout), time.monotonic() + 10
    while os.path.exists(f"/proc/{pid}") and time.monotonic() < deadline:
        if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
            break
        time.sleep(0.01)
    else:
        assert not os.path.exists(f"/proc/{pid}")


def test_an_arm_ignores_ctrl_c_and_leaves_the_answer_to_bench() -> None:
    arm = RemoteArm("experiments.bench_arms:open_own", OPTIONS)
    try:
        os.kill(arm.pid, signal.SIGINT)
        assert arm.run(prefill(3), "").amount == 3
    finally:
        arm.close()
    assert arm._process.returncode == 0
