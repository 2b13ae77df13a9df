"""Policy, nice and cores reach every task of a process, and a refusal is an error of its kind."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from support.paths import ROOT
from support.processes import state_of

from llmproc.processes import scheduling
from llmproc.processes.scheduling import get_task, set_scheduling

BATCH, IDLE, OTHER = 3, 5, 0

THREADS = """
import threading, sys
for _ in range(3):
    threading.Thread(target=threading.Event().wait, daemon=True).start()
print("ready", flush=True)
sys.stdin.read()
"""

UNPRIVILEGED = """
import os, resource, sys
from llmproc.processes.scheduling import set_scheduling
resource.setrlimit(resource.RLIMIT_NICE, (0, 0))
if os.geteuid() == 0:
    os.setresuid(65534, 65534, 65534)
for arguments in ({"nice": 5}, {"nice": 1}, {"policy": "fifo"}, {"policy": "idle"}, {"policy": "batch", "nice": -5}):
    try:
        set_scheduling(os.getpid(), **arguments)
        print("done")
    except PermissionError as error:
        print("refused", error.errno)
"""


@pytest.fixture
def threaded() -> Iterator[int]:
    """A process with four tasks."""
    command = [sys.executable, "-c", THREADS]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process.pid
        process.kill()


def tasks(pid: int) -> list[int]:
    return [int(tid) for tid in os.listdir(f"/proc/{pid}/task")]


def test_every_task_gets_policy_and_nice(threaded: int) -> None:
    set_scheduling(threaded, policy="batch", nice=7)
    assert [get_task(tid)[:2] for tid in tasks(threaded)] == [(BATCH, 7)] * 4


def test_a_nice_value_reaches_an_idle_task_and_outlives_the_policy(threaded: int) -> None:
    set_scheduling(threaded, policy="idle", nice=7)
    assert [os.getpriority(os.PRIO_PROCESS, tid) for tid in tasks(threaded)] == [7] * 4
    set_scheduling(threaded, policy="batch")
    assert [get_task(tid)[:2] for tid in tasks(threaded)] == [(BATCH, 7)] * 4


def test_every_task_gets_the_cores(threaded: int) -> None:
    core = min(os.sched_getaffinity(0))
    set_scheduling(threaded, cpus=[core])
    assert [os.sched_getaffinity(tid) for tid in tasks(threaded)] == [{core}] * 4
    assert [get_task(tid)[0] for tid in tasks(threaded)] == [OTHER] * 4


def test_what_is_none_stays(threaded: int) -> None:
    cores = os.sched_getaffinity(threaded)
    set_scheduling(threaded, policy="batch")
    set_scheduling(threaded, nice=3)
    set_scheduling(threaded)
    assert [get_task(tid)[:2] for tid in tasks(threaded)] == [(BATCH, 3)] * 4
    assert os.sched_getaffinity(threaded) == cores
    set_scheduling(threaded, policy="idle")
    assert {get_task(tid)[0] for tid in tasks(threaded)} == {IDLE}


def test_a_nice_value_does_not_take_a_real_time_priority_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the bytes handed to the kernel: a container may not be allowed real time."""
    sent = []
    monkeypatch.setattr(scheduling, "get_task", lambda tid: (1, 0, 50))
    monkeypatch.setattr(
        scheduling._syscall, "call", lambda number, tid, attr, flags: sent.append(scheduling._ATTR.unpack(attr))
    )
    scheduling._set_task(1, None, 4, 1)
    scheduling._set_task(1, "rr", None, 9)
    scheduling._set_task(1, "other", None, 9)
    assert [(policy, nice, priority) for _, policy, _, nice, priority, *_ in sent] == [(1, 4, 50), (2, 0, 9), (0, 0, 0)]


def test_tasks_that_appear_meanwhile_are_set_too(monkeypatch: pytest.MonkeyPatch) -> None:
    looks, done = [{10}, {10, 11}, {10, 11, 12}, {10, 11, 12}], []
    monkeypatch.setattr(scheduling, "_tasks", lambda pid: looks.pop(0))
    monkeypatch.setattr(scheduling, "_set_task", lambda tid, *rest: done.append(tid))
    set_scheduling(10, nice=1)
    assert done == [10, 11, 12]
    assert not looks


def test_a_task_that_ends_meanwhile_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    done = []

    def set_task(tid: int, *rest: object) -> None:
        if tid == 11:
            raise ProcessLookupError
        done.append(tid)

    monkeypatch.setattr(scheduling, "_tasks", lambda pid: {10, 11, 12})
    monkeypatch.setattr(scheduling, "_set_task", set_task)
    set_scheduling(10, nice=1)
    assert sorted(done) == [10, 12]


def test_without_privilege_a_refusal_is_a_permission_error() -> None:
    answer = subprocess.run(
        [sys.executable, "-c", UNPRIVILEGED],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.stderr == ""
    assert answer.stdout.split("\n")[:5] == ["done", "refused 1", "refused 1", "done", "refused 1"]


def test_a_process_that_is_gone() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    assert not state_of(process.pid)
    with pytest.raises(ProcessLookupError, match=str(process.pid)):
        set_scheduling(process.pid, nice=1)


def test_a_core_that_is_not_there(threaded: int) -> None:
    with pytest.raises(OSError, match="Invalid argument"):
        set_scheduling(threaded, cpus=[1023])


def test_an_unknown_machine_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduling.platform, "machine", lambda: "vax")
    with pytest.raises(OSError, match="not known on vax"):
        scheduling._Syscall().call(None)
