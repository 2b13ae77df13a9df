"""The adapter of a team's ranks: what it reads of the kernel, when it looks, and a real thread beside a competitor."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.clocks import FakeClock

from llmproc.engine.rank_adapter import RankAdapter, adapter_of
from llmproc.engine.rank_policy import FIRST_RETRY_S, LOOK_S
from llmproc.engine.rank_times import IdleClock, RankClock

MS = 1_000_000


class Ranks:
    """A forward pass that only has ranks."""

    def __init__(self, tasks: list[int]) -> None:
        self.ranks = self.in_use = len(tasks)
        self.used: list[int] = []
        self._tasks = tasks

    def use(self, n: int) -> None:
        assert 1 <= n <= self.ranks
        self.in_use = n
        self.used.append(n)

    def rank_tasks(self) -> list[int]:
        return self._tasks


class Kernel:
    """A /proc in a folder."""

    def __init__(self, root: Path) -> None:
        self.root, self.clock = root, FakeClock()
        self.times = {1: [5 * MS, 0], 2: [5 * MS, 0]}
        self.idle = dict.fromkeys(os.sched_getaffinity(0), 0)
        self.write()

    def write(self) -> None:
        for task, (run, wait) in self.times.items():
            folder = self.root / "self/task" / str(task)
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "schedstat").write_text(f"{run} {wait} 3\n")
        lines = ["cpu 0 0 0 0 0 0 0 0 0 0", *(f"cpu{cpu} 9 9 9 {t} 2 9 9 0 0 0" for cpu, t in self.idle.items())]
        (self.root / "stat").write_text("\n".join([*lines, "intr 5", ""]))

    def step(self, *times: tuple[float, float], idle_ticks: int = 0, seconds: float = 0.011) -> None:
        """Time passes: (run, wait) in milliseconds of each task; each CPU is idle for so many ticks."""
        for task, (run, wait) in enumerate(times, 1):
            self.times[task][0] += int(run * MS)
            self.times[task][1] += int(wait * MS)
        self.idle = {cpu: ticks + idle_ticks for cpu, ticks in self.idle.items()}
        self.clock.now += seconds
        self.write()


@pytest.fixture
def kernel(tmp_path: Path) -> Kernel:
    return Kernel(tmp_path)


@pytest.fixture
def adapter(kernel: Kernel) -> Iterator[RankAdapter]:
    found = RankAdapter(Ranks([1, 2]), kernel.clock, str(kernel.root))
    yield found
    found.close()


def ranks_of(adapter: RankAdapter) -> Ranks:
    assert isinstance(adapter._forward, Ranks)
    return adapter._forward


def shortage(kernel: Kernel, adapter: RankAdapter) -> None:
    """One of two ranks shares its CPU until the adapter acts."""
    while not ranks_of(adapter).used:
        kernel.step((11, 0), (4, 7))
        adapter.look()
        assert kernel.clock.now < 1001


def test_fewer_ranks_take_part_and_the_decision_is_given(kernel: Kernel, adapter: RankAdapter) -> None:
    found = None
    for _ in range(5):
        kernel.step((11, 0), (4, 7))
        found = found or adapter.look()
    assert found is not None and (found.use, found.reason) == (1, "busy") and 1.3 < found.cpus < 1.4
    assert ranks_of(adapter).used == [1]


def test_it_looks_only_now_and_then(kernel: Kernel, adapter: RankAdapter) -> None:
    kernel.step((1, 0), (1, 0))
    assert adapter.look() is None
    for _ in range(5):  # a whole shortage between two looks
        kernel.step((60, 40), (60, 40), seconds=LOOK_S / 10)
        assert adapter.look() is None
    kernel.step((60, 40), (60, 40), seconds=LOOK_S)
    assert adapter.look() is not None


def test_idle_cpus_bring_them_back(kernel: Kernel, adapter: RankAdapter) -> None:
    shortage(kernel, adapter)
    kernel.step((10, 0), seconds=FIRST_RETRY_S / 2)
    assert adapter.look() is None
    kernel.step((10, 0), seconds=FIRST_RETRY_S, idle_ticks=0)
    assert adapter.look() is None, "no CPU was idle"
    kernel.step((10, 0), seconds=FIRST_RETRY_S + 0.01, idle_ticks=20)
    found = adapter.look()
    assert found is not None and (found.use, found.reason) == (2, "trial")
    assert ranks_of(adapter).used == [1, 2]


def test_without_idle_times_a_trial_is_made_all_the_same(kernel: Kernel) -> None:
    (kernel.root / "stat").unlink()
    found = RankAdapter(Ranks([1, 2]), kernel.clock, str(kernel.root))
    shortage(kernel, found)
    kernel.step((10, 0), seconds=FIRST_RETRY_S + 0.01)
    decision = found.look()
    assert decision is not None and decision.use == 2
    found.close()


@pytest.mark.parametrize("content", [None, "", "0 0 0\n"])
def test_a_kernel_that_does_not_count_waiting(kernel: Kernel, content: str | None) -> None:
    for task in (1, 2):
        file = kernel.root / "self/task" / str(task) / "schedstat"
        file.unlink() if content is None else file.write_text(content)
    before = set(os.listdir("/proc/self/fd"))
    found = RankAdapter(Ranks([1, 2]), kernel.clock, str(kernel.root))
    assert "schedstat" in found.unable
    kernel.clock.now += 1
    assert found.look() is None and ranks_of(found).used == []
    found.close()
    assert set(os.listdir("/proc/self/fd")) == before


def test_a_rank_that_has_ended_ends_the_looking(kernel: Kernel, adapter: RankAdapter) -> None:
    (kernel.root / "self/task/2/schedstat").write_text("")
    kernel.clock.now += 1
    assert adapter.look() is None and adapter.look() is None


def test_nothing_is_adapted_where_there_is_nothing_to_choose() -> None:
    assert adapter_of(Ranks([1]), True) is None and adapter_of(Ranks([1, 2]), False) is None
    own = os.getpid()
    found = adapter_of(Ranks([own, own]), True)
    assert found is not None and found.unable == ""
    found.close()


def test_nothing_stays_open() -> None:
    before = set(os.listdir("/proc/self/fd"))
    found = RankAdapter(Ranks([os.getpid()] * 3))
    assert len(os.listdir("/proc/self/fd")) > len(before)
    found.close()
    found.close()
    assert set(os.listdir("/proc/self/fd")) == before


def test_idle_time_counts_the_allowed_cpus_alone(kernel: Kernel) -> None:
    idle = IdleClock(str(kernel.root), kernel.clock)
    assert idle.idle() is None, "not measured yet"
    idle.restart()
    kernel.idle[4095] = 0  # not ours
    kernel.write()
    idle.restart()
    kernel.step(seconds=1.0, idle_ticks=50)
    assert idle.idle() == pytest.approx(0.5 * len(os.sched_getaffinity(0)))
    idle.close()


def test_the_real_clock_of_a_thread_grows_with_its_work() -> None:
    clock = RankClock([os.getpid()])
    end = time.process_time() + 0.05
    while time.process_time() < end:
        pass
    (found,) = clock.times(1)
    assert found.run_ns > 10 * MS and found.wait_ns >= 0
    clock.close()


CODE = """
import os, subprocess, sys, threading, time
from llmproc.engine.rank_adapter import RankAdapter
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
class Alone:
    ranks = in_use = 2
    def use(self, n): self.in_use = n
    def rank_tasks(self): return [threading.get_native_id()] * 2
with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as competitor:
    adapter, end, found = RankAdapter(Alone()), time.monotonic() + 60, None
    while found is None and time.monotonic() < end:
        found = adapter.look()
    competitor.kill()
adapter.close()
print(found.use, found.reason)
"""


def test_a_real_competitor_for_the_only_cpu_is_noticed() -> None:
    """The kernel's own counters, without a model."""
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, timeout=100)
    assert done.stdout.split() == ["1", "busy"], done.stderr
