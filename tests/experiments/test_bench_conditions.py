"""What makes a figure doubtful: judged from snapshots; and the machine block, read from trees made here."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from llmproc.experiments import machine
from llmproc.experiments.conditions import Conditions, Snapshot, between, parse_cpu_times, take, warnings

CALM = Conditions(load_average=0.1, seconds=10, others=0.01, stolen=0.0, throttled_s=0.0, busiest=[])


def snapshot(t: float, busy: float, **values: object) -> Snapshot:
    base = {"load_average": 0.2, "cpus": 2, "stolen_s": 0.0, "throttled_s": 0.0, "processes": {}}
    return Snapshot(t=t, busy_s=busy, **{**base, **values})  # type: ignore[arg-type]


def test_cpu_times_of_proc_stat() -> None:
    text = "cpu  100 20 30 9999 777 1 2 50 40 0\ncpu0 50 10 15 1 1 0 1 25 20 0\ncpu1 50 10 15 1 1 1 1 25 20 0\nintr 1\n"
    assert parse_cpu_times(text) == pytest.approx((1.53, 0.5, 2))


def test_what_happened_between_two_snapshots() -> None:
    start = snapshot(100, 50, processes={(7, 1): ("python", 5.0), (8, 1): ("make", 1.0), (9, 1): ("idle", 3.0)})
    end = snapshot(
        110, 62, load_average=9.0, stolen_s=0.4, throttled_s=0.5,
        processes={(7, 1): ("python", 12.0), (8, 1): ("make", 2.0), (9, 1): ("idle", 3.0), (10, 5): ("cc", 3.0)},
    )  # fmt: skip
    found = between(start, end, ours={7})
    assert found.load_average == 0.2 and found.seconds == 10
    assert found.others == pytest.approx(0.5), "12 s were busy, 7 of them ours"
    assert found.stolen == pytest.approx(0.02) and found.throttled_s == 0.5
    assert found.busiest == [("cc", 0.3), ("make", 0.1)]


def test_a_pid_used_again_is_another_process() -> None:
    start = snapshot(0, 0, processes={(7, 1): ("old", 500.0)})
    found = between(start, snapshot(1, 1, processes={(7, 2): ("new", 0.5)}), ours=set())
    assert found.busiest == [("new", 0.5)]


def test_a_calm_machine_warns_of_nothing() -> None:
    assert warnings(CALM, 2, 2, None, {}, {"llmproc": 0.0}) == []
    assert warnings(CALM, 2, 2, 2.0, {}, {}) == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"load_average": 0.51}, "the load average was 0.51 at the start"),
        ({"others": 0.2, "busiest": [("cc1", 0.15)]}, r"other programs took 20% of a core \(cc1 15%\)"),
        ({"others": 0.2}, "other programs took 20% of a core$"),
        ({"stolen": 0.02}, "2.0% of the CPU time was stolen"),
        ({"throttled_s": 0.25}, "throttled for 0.25 s"),
    ],
)
def test_each_disturbance_is_named(changed: dict[str, object], said: str) -> None:
    import re
    from dataclasses import replace

    found = warnings(replace(CALM, **changed), 2, 2, None, {}, {})  # type: ignore[arg-type]
    assert len(found) == 1 and re.search(said, found[0])


def test_warnings_about_this_run() -> None:
    found = warnings(CALM, 4, 2, 1.5, {"pp512 of llama.cpp": 0.25}, {"llmproc": 0.4, "llama.cpp": 0.0})
    assert found == [
        "the control group's quota is 1.5 CPUs, for 4 threads",
        "4 threads share 2 CPUs",
        "while llmproc ran, arms that should have slept took 40% of a core",
        "pp512 of llama.cpp varies: its interquartile range is 25% of its median",
    ]


def test_a_real_snapshot_sees_this_process() -> None:
    first = take()
    sum(range(3_000_000))
    second = take()
    mine = [value for (pid, _), value in second.processes.items() if pid == os.getpid()]
    assert len(mine) == 1 and mine[0][1] > 0
    assert second.t > first.t and second.busy_s >= first.busy_s and second.cpus >= 1
    assert between(first, second, {os.getpid()}).seconds > 0


def test_caches_and_governor(tmp_path: Path) -> None:
    cpu = tmp_path / "devices/system/cpu/cpu0"
    for index, (level, kind, size) in enumerate((("1", "Data", "32K"), ("2", "Unified", "1024K"), ("3", "", "36M"))):
        folder = cpu / f"cache/index{index}"
        folder.mkdir(parents=True)
        for name, text in (("level", level), ("type", kind), ("size", size)):
            (folder / name).write_text(f"{text}\n")
    assert machine.caches(str(tmp_path)) == ["L1 data 32K", "L2 unified 1024K"]
    assert machine.governor(str(tmp_path)) is None
    (cpu / "cpufreq").mkdir()
    (cpu / "cpufreq/scaling_governor").write_text("powersave\n")
    assert machine.governor(str(tmp_path)) == "powersave"
    assert machine.caches(str(tmp_path / "none")) == []


def test_the_machine_block_says_what_a_reader_needs() -> None:
    block = machine.machine_block()
    assert block["cpu"] and block["memory_bytes"] > 0 and block["isa"] in block["isas_available"]
    assert {"numba", "llvmlite", "numpy", "python"} <= set(block["versions"])
    assert block["isa_forced"] is False and len(block["load_average"]) == 3
