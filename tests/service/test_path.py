"""How many objects stand between `Service.submit` and the Finish: by sys.setprofile on both threads of main.

On the blocking path is every call in the caller's thread from `submit` to the Finish, and in a round of the I/O thread
every call up to the last one that others wait for: a write to a pipe, or an event put into a ticket. What a round does
after that (looking after processes) delays neither the worker nor the caller.
"""

from __future__ import annotations

import dataclasses
import enum
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import msgspec
import pytest
from service.serving import serving
from support.waiting import until

from llmproc.processes.health import HealthCell
from llmproc.processes.policies import RunningClock
from llmproc.service.messages import Finish, Generate
from llmproc.service.service import Service

KNOW_THE_REQUEST = {"Service", "Ticket", "Dispatcher", "Placement", "Supervisor"}
CARRY_IT = {"RequestBoard", "WorkerPipes", "Mailbox"}  # mechanisms that know frames, slots, items; not requests
DECIDE = {"sp": {"Static", "Waiting"}, "ws": {"Stealing", "Waiting"}, "lpt": {"LongestFirst"}}  # pure
EFFECTS = ("write", "put")


class Calls:
    """Calls of methods of ours, and the calls in C that others may wait for, by thread."""

    def __init__(self) -> None:
        self.on = False
        self.found: dict[str, list[type | str]] = {}

    def profile(self, frame: FrameType, event: str, argument: Any) -> None:
        if not self.on:
            return
        found = self.found.setdefault(threading.current_thread().name, [])
        if event == "c_call" and argument.__name__ in (*EFFECTS, "poll"):
            found.append(argument.__name__)
        elif event == "call" and frame.f_globals.get("__name__", "").startswith("llmproc."):
            names = frame.f_code.co_varnames[: frame.f_code.co_argcount]
            if names[:1] in (("self",), ("cls",)):
                owner = frame.f_locals[names[0]]
                found.append(owner if isinstance(owner, type) else type(owner))

    def blocking(self) -> set[type]:
        """Classes whose methods ran before something that others wait for."""
        found: set[type] = set()
        for thread, calls in self.found.items():
            rounds: list[list[type | str]] = [[]]
            for call in calls:
                if call == "poll":
                    rounds.append([])
                rounds[-1].append(call)
            for part in rounds:
                last = max((at for at, call in enumerate(part) if call in EFFECTS), default=-1)
                upto = part if thread != "llmproc-io" else part[: last + 1]
                found.update(call for call in upto if not isinstance(call, str))
        return found


def is_struct(kind: type) -> bool:
    """Types that hold data, in shared memory too, and clocks."""
    data = issubclass(kind, msgspec.Struct | enum.Enum | tuple) or dataclasses.is_dataclass(kind)
    return data or kind in (HealthCell, RunningClock)


@pytest.fixture
def calls() -> Iterator[Calls]:
    found = Calls()
    threading.setprofile(found.profile)  # for the I/O thread, which is started later
    try:
        yield found
    finally:
        threading.setprofile(None)
        sys.setprofile(None)


def answered(service: Service) -> None:
    assert isinstance(list(service.submit(Generate.greedy([1, 2, 3], 2)))[-1], Finish)


def measured(calls: Calls, service: Service) -> set[str]:
    """Names of the classes on the blocking path of one request."""
    calls.found.clear()
    sys.setprofile(calls.profile)
    calls.on = True
    answered(service)
    calls.on = False
    sys.setprofile(None)
    return {kind.__name__ for kind in calls.blocking() if not is_struct(kind)}


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("mode", DECIDE)
def test_few_objects_stand_between_submit_and_the_finish(
    calls: Calls, mode: str, workers: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(tmp_path / "none", workers=workers, mode=mode, work="wait") as service:
        until(lambda: all(worker.state == "ready" for worker in service.workers()), "all are ready")
        answered(service)
        found = [measured(calls, service) for _ in range(5)]
    names = min(found, key=len)  # twice a second a look at the workers' health comes in between
    with capsys.disabled():
        print(f"\n{mode}, {workers} workers: {len(names)} classes on the blocking path: {', '.join(sorted(names))}")
    assert names & KNOW_THE_REQUEST == KNOW_THE_REQUEST, "else nothing was measured"
    assert names <= KNOW_THE_REQUEST | CARRY_IT | DECIDE[mode]
    assert len(KNOW_THE_REQUEST) <= 5
