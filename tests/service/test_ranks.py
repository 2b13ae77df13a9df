"""A worker whose threads follow the CPUs: what it says, what main makes of it, and a whole run on one CPU."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from service.serving import Recorder
from support.chatting import Chat, answers, run

from llmproc.engine.events import Finish, Token
from llmproc.engine.rank_policy import RankDecision
from llmproc.service.dispatcher import Dispatcher
from llmproc.service.messages import RanksInUse, to_frame
from llmproc.service.worker import EngineRunner


class Adapter:
    """Decides what a test says, after each step."""

    def __init__(self, *decisions: RankDecision | None, unable: str = "") -> None:
        self.ranks, self.unable = 2, unable
        self.decisions = list(decisions)
        self.looks = 0

    def look(self) -> RankDecision | None:
        self.looks += 1
        return self.decisions.pop(0) if self.decisions else None


class Steps:
    """An engine that makes the same token again and again."""

    made = Token(1, 5, True)

    def step(self) -> list[Token | Finish]:
        return [self.made]

    def cancel(self, request_id: int) -> bool:
        return False


def steps(adapter: Adapter | None, count: int = 3) -> list[RanksInUse]:
    """What a worker says in so many steps."""
    said: list[RanksInUse] = []
    runner = EngineRunner(Steps(), adapter, said.append)  # type: ignore[arg-type] # stand-ins
    for _ in range(count):
        assert runner.step() == [Steps.made]
    return said


def test_a_change_is_told_and_the_steps_go_on() -> None:
    adapter = Adapter(None, RankDecision(1, "busy", 1.3))
    assert steps(adapter) == [RanksInUse(2, 1, "busy", 1.3)]
    assert adapter.looks == 3
    assert steps(None) == []


def test_a_kernel_that_tells_nothing_is_told_once() -> None:
    assert steps(Adapter(unable="no schedstat")) == [RanksInUse(2, 2, "no schedstat", 2)]


class OneWorker:
    """The supervisor, as far as the dispatcher asks."""

    def pid(self, worker: int) -> int:
        return 77


def test_main_tells_the_observer() -> None:
    recorder: Any = Recorder()
    main = Dispatcher(None, OneWorker(), recorder.on_event)  # type: ignore[arg-type] # no request comes
    main.frame(3, to_frame(RanksInUse(4, 3, "busy", 3.1)))
    fields = {"worker": 3, "pid": 77, "ranks": 4, "in_use": 3, "reason": "busy", "cpus": 3.1}
    assert recorder.events == [("ranks_changed", fields)]


def one_cpu() -> None:
    """Run on one CPU, whatever the machine has."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def lines(folder: Path, kind: str) -> list[dict[str, Any]]:
    events = [json.loads(line) for line in (folder / "runs/latest/events.jsonl").read_text().splitlines()]
    return [event for event in events if event["kind"] == kind]


def asked(folder: Path, model: Path, *options: object) -> tuple[str, str]:
    """The answer to one prompt on one CPU, and all of stdout."""
    folder.mkdir()
    code, out, log = run(
        folder, "--model", model, "--max-tokens", 400, "--temperature", 0, *options, text=b"Hello\n", before=one_cpu
    )
    assert code == 0, log
    return answers(out)[0], out


def test_two_threads_on_one_cpu_become_one_and_the_answer_stays(tmp_path: Path, slow: Path) -> None:
    alone, _ = asked(tmp_path / "one", slow, "--threads", 1)
    both, out = asked(tmp_path / "two", slow, "--threads", 2)
    fixed, _ = asked(tmp_path / "fixed", slow, "--threads", 2, "--fixed-threads")
    assert alone == both == fixed
    changes = lines(tmp_path / "two", "ranks_changed")
    assert [(change["ranks"], change["in_use"], change["reason"]) for change in changes[:1]] == [(2, 1, "busy")]
    assert lines(tmp_path / "two", "worker_ready")[0]["ranks"] == 2
    assert "2 threads for 1 CPU" in out
    assert lines(tmp_path / "fixed", "ranks_changed") == lines(tmp_path / "one", "ranks_changed") == []


def threads_of(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "runs/latest/run.json").read_text())["threads_chosen"]
    return found


def test_an_instance_takes_what_the_one_before_it_left(tmp_path: Path, quick: Path) -> None:
    """The first is killed in the end: what a dead instance announced does not count."""
    place = {"LLMPROC_RUNTIME_DIR": str(tmp_path / "place")}
    for name in ("first", "second", "third"):
        (tmp_path / name).mkdir()
    first = Chat(tmp_path / "first", "--model", quick, environment=place)
    with first:
        first.ask("Hello")
        taken = threads_of(tmp_path / "first")
        code, out, _ = run(tmp_path / "second", "--model", quick, text=b"Hello\n", environment=place)
        found = threads_of(tmp_path / "second")
        assert code == 0 and taken["threads"] == taken["granted"] == found["granted"]
        assert (found["threads"], found["others"], found["asked"]) == (1, taken["threads"], False)
        assert (f"instances of llmproc run beside this one (pid {first.pid})" in out) == (taken["threads"] > 1)
        first.process.kill()
        first.process.wait()
    assert run(tmp_path / "third", "--model", quick, text=b"Hello\n", environment=place)[0] == 0
    assert threads_of(tmp_path / "third")["threads"] == taken["threads"]
