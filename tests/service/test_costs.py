"""What workers share in memory, and what dispatch costs."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest
from service.serving import Recorder, collect, serving, slow_model
from service.test_fleet import all_ready, answers, orders

from llmproc.config import EngineOptions
from llmproc.service.messages import Finish, Generate


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return slow_model(tmp_path_factory.mktemp("model"))


def mapping_pss(pid: int, name: str) -> int:
    """Proportional bytes of the mappings whose name begins so."""
    text = Path(f"/proc/{pid}/smaps").read_text()
    total = 0
    for part in re.split(r"^(?=[0-9a-f]+-[0-9a-f]+ )", text, flags=re.MULTILINE):
        if f"/memfd:{name}" in part.split("\n", 1)[0]:
            total += int(re.search(r"^Pss: +(\d+) kB", part, re.MULTILINE).group(1)) * 1024  # type: ignore[union-attr]
    return total


def whole_pss(pid: int) -> int:
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(re.search(r"^Pss: +(\d+) kB", text, re.MULTILINE).group(1)) * 1024  # type: ignore[union-attr]


def test_weights_are_there_once(slow: Path) -> None:
    """The proportional sizes of weights, in template and workers, add up to their size, however many these are."""
    sums = {}
    kv = 64 << 20
    for workers in (1, 4):
        recorder = Recorder()
        options = EngineOptions(threads=1, kv_memory=kv)
        with serving(slow, recorder, workers=workers, mode="sp", engine=options) as service:
            all_ready(service)
            answers(service, orders(workers * 2))  # everybody has read all weights
            template = next(fields["pid"] for kind, fields in recorder.events if kind == "template_started")
            pids = [template, *(worker.pid for worker in service.workers())]
            assert service.report is not None
            weights = sum(mapping_pss(pid, "llmproc-weights") for pid in pids)
            assert abs(weights - service.report.weight_bytes) < 0.01 * service.report.weight_bytes + 4096 * len(pids)
            sums[workers] = sum(whole_pss(pid) for pid in pids)
    assert sums[4] <= sums[1] + 3 * (kv + (40 << 20))


def cpu_s(pids: list[int]) -> float:
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize("count", [300, pytest.param(10_000, marks=pytest.mark.soak)])
def test_what_dispatch_costs(count: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The stand-in answers at once: what is left is dispatch. Printed, not asserted; nothing may be lost on the way."""
    for workers in (1, 4):
        with serving(tmp_path / "none", workers=workers, work="wait") as service:
            pids = all_ready(service)
            one = Generate.greedy([1, 2, 3], 1)
            began, main, theirs = time.monotonic(), time.process_time(), cpu_s(pids)
            tickets = [service.submit(one) for _ in range(count)]
            ends = [collect(ticket) for ticket in tickets]
            wall, main, theirs = time.monotonic() - began, time.process_time() - main, cpu_s(pids) - theirs
            assert all(isinstance(end, Finish) and end.reason == "length" for _, end in ends)
            assert [ids for ids, _ in ends] == [[3]] * count
        with capsys.disabled():
            micro = [1e6 * seconds / count for seconds in (wall, main, theirs)]
            print(
                f"\n{count} requests, {workers} workers: {micro[0]:.0f} us of wall time, "
                f"{micro[1]:.0f} us of main's CPU time and {micro[2]:.0f} us of the workers' per request"
            )
