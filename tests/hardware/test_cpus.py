"""CPUs this process may use, from fake trees of control groups: v2, v1, hybrid, containers, garbage."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from llmproc.hardware.cgroups import hierarchies
from llmproc.hardware.cpus import CpuBudget, usable_cpus
from llmproc.hardware.sharing import default_threads

CG, V1 = "sys/fs/cgroup", "sys/fs/cgroup/cpu,cpuacct"
FOUR = (0, 1, 2, 3)
Tree = Callable[..., Path]


def v1(folder: str, quota: str, period: str = "100000\n") -> dict[str, str]:
    return {f"{folder}/cpu.cfs_quota_us": quota, f"{folder}/cpu.cfs_period_us": period}


@pytest.mark.parametrize(
    ("groups", "mounts", "files", "quota", "threads"),
    [
        pytest.param("0::/a\n", "v2", {f"{CG}/a/cpu.max": "200000 100000\n"}, 2.0, 2, id="v2"),
        pytest.param("0::/a\n", "v2", {f"{CG}/a/cpu.max": "max 100000\n"}, None, 4, id="v2 without a limit"),
        pytest.param("0::/a\n", "v2", {f"{CG}/a/cpu.max": "300000\n"}, 3.0, 3, id="v2 without a period"),
        pytest.param("0::/a\n", "v2", {f"{CG}/a/cpu.max": "900000 100000\n"}, 9.0, 4, id="more than the CPUs allowed"),
        pytest.param("0::/a\n", "v2", {f"{CG}/a/cpu.max": "199999 100000\n"}, 1.99999, 1, id="rounded down"),
        pytest.param("0::/a\n", "v2", {f"{CG}/a/cpu.max": "10000 100000\n"}, 0.1, 1, id="at least one thread"),
        pytest.param(
            "0::/a/b/c\n",
            "v2",
            {
                f"{CG}/a/cpu.max": "200000 100000\n",
                f"{CG}/a/b/cpu.max": "300000 100000\n",
                f"{CG}/a/b/c/cpu.max": "max",
            },
            2.0,
            2,
            id="nested: the smallest counts, wherever it stands",
        ),
        pytest.param(
            "0::/a/b\n",
            "v2",
            {f"{CG}/a/cpu.max": "max 100000\n", f"{CG}/a/b/cpu.max": "50000 25000\n", f"{CG}/x/cpu.max": "1000 100000"},
            2.0,
            2,
            id="a neighbour's limit is not ours",
        ),
        pytest.param("0::/\n", "v2", {f"{CG}/cpu.max": "150000 100000\n"}, 1.5, 1, id="cgroup namespace"),
        pytest.param(
            "0::/docker/ab/x\n",
            "v2 of a container",
            {f"{CG}/cpu.max": "200000 100000\n", f"{CG}/x/cpu.max": "max 100000\n"},
            2.0,
            2,
            id="container without a namespace",
        ),
        pytest.param(
            "0::/docker/abc\n", "v2 of a container", {f"{CG}/cpu.max": "200000 100000\n"}, 2.0, 2, id="same beginning"
        ),
        pytest.param(
            "0::/../..\n", "v2", {f"{CG}/cpu.max": "200000 100000\n"}, 2.0, 2, id="group outside the namespace"
        ),
        pytest.param(
            "0::/a\n",
            "v2 bound elsewhere + v2",
            {f"{CG}/a/cpu.max": "200000 100000\n", "mnt/other/cpu.max": "100000 100000\n"},
            2.0,
            2,
            id="mounted twice: the mount with the group in it",
        ),
        pytest.param("3:cpu,cpuacct:/a\n", "v1 cpu", v1(f"{V1}/a", "200000\n"), 2.0, 2, id="v1"),
        pytest.param("3:cpuacct,cpu:/a\n", "v1 cpu", v1(f"{V1}/a", "-1\n"), None, 4, id="v1 without a limit"),
        pytest.param(
            "3:cpu,cpuacct:/a/b\n",
            "v1 cpu",
            {**v1(f"{V1}/a/b", "-1\n"), **v1(f"{V1}/a", "150000\n", "50000\n")},
            3.0,
            3,
            id="v1 nested",
        ),
        pytest.param(
            "3:cpu:/docker/ab\n",
            "v1 cpu of a container",
            v1("sys/fs/cgroup/cpu", "300000\n"),
            3.0,
            3,
            id="v1 container",
        ),
        pytest.param("3:cpu:/a\n", "v1 cpu with a blank", v1("sys/fs/my groups/a", "300000\n"), 3.0, 3, id="blank"),
        pytest.param("3:cpuset:/a\n", "v1 cpu", v1(f"{V1}/a", "200000\n"), None, 4, id="another controller"),
        pytest.param(
            "5:memory:/m\n3:cpu,cpuacct:/a\n0::/u\n",
            "v1 cpu + v1 memory + v2 beside v1",
            v1(f"{V1}/a", "300000\n"),
            3.0,
            3,
            id="hybrid with cpu in v1",
        ),
        pytest.param(
            "5:memory:/m\n0::/u\n",
            "v1 memory + v2 beside v1",
            {f"{CG}/unified/u/cpu.max": "300000 100000\n"},
            3.0,
            3,
            id="hybrid with cpu in v2",
        ),
        pytest.param("0::/gone\n", "v2", {}, None, 4, id="no files"),
        pytest.param("", "v2", {f"{CG}/cpu.max": "100000 100000\n"}, None, 4, id="in no group"),
        pytest.param(None, "v2", {}, None, 4, id="no /proc/self/cgroup"),
        pytest.param("0::/a\n", None, {f"{CG}/a/cpu.max": "100000 100000\n"}, None, 4, id="no mountinfo"),
        pytest.param("garbage\n::\n", "torn", {}, None, 4, id="torn files of /proc"),
    ],
)
def test_quota(
    tree: Tree, groups: str | None, mounts: str | None, files: dict[str, str], quota: float | None, threads: int
) -> None:
    assert usable_cpus(tree(groups, mounts, files), FOUR) == CpuBudget(FOUR, quota, threads)


@pytest.mark.parametrize("text", ["", "x 100000", "100000 0", "-5 100000", "0 100000", "1 2 3", "1e5 100000", "9" * 30])
def test_garbage_in_version_2_is_ignored_with_a_note(tree: Tree, text: str) -> None:
    files = {f"{CG}/a/cpu.max": "200000 100000\n", f"{CG}/a/b/cpu.max": text}
    found = usable_cpus(tree("0::/a/b\n", "v2", files), FOUR)
    assert (found.quota, found.threads) == (2.0, 2), "the other groups still count"
    assert len(found.notes) == 1 and "a/b: cpu.max is" in found.notes[0] and "ignored" in found.notes[0]


@pytest.mark.parametrize(("quota", "period"), [("", "100000"), ("-2", "100000"), ("100000", "0"), ("100000", "\xff")])
def test_garbage_in_version_1_is_ignored_with_a_note(tree: Tree, quota: str, period: str) -> None:
    found = usable_cpus(tree("3:cpu,cpuacct:/a\n", "v1 cpu", v1(f"{V1}/a", quota, period)), FOUR)
    assert (found.quota, found.threads, len(found.notes)) == (None, 4, 1)


def test_version_1_comes_first(tree: Tree) -> None:
    root = tree("0::/u\n3:cpu,cpuacct:/a/b\n", "v2 beside v1 + v1 cpu", {})
    first, second = hierarchies("cpu", root=root)
    assert (first.version, second.version) == (1, 2)
    assert first.folders == (root / V1 / "a/b", root / V1 / "a", root / V1), "own first, mount point last"


def test_the_affinity_is_this_process_own() -> None:
    code = (
        "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
        "from llmproc.hardware.cpus import usable_cpus\n"
        "from llmproc.hardware.sharing import default_threads\n"
        "print(len(usable_cpus().allowed), usable_cpus().threads, default_threads(1))"
    )
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "1", "1"]


def test_the_real_one() -> None:
    found = usable_cpus()
    assert set(found.allowed) == os.sched_getaffinity(0) and 1 <= found.threads <= len(found.allowed)
    assert found.notes == ()


@pytest.mark.parametrize("cpus", [1, 2, 3, 8])
@pytest.mark.parametrize("workers", [0, 1, 2, 3, 5, 9])
def test_workers_times_threads_does_not_exceed_the_cpus(cpus: int, workers: int) -> None:
    threads = default_threads(workers, CpuBudget(tuple(range(8)), None, cpus))
    assert threads >= 1
    assert workers * threads <= cpus or threads == 1
    assert workers * (threads + 1) > cpus or workers == 0, "and none is left idle that could be shared out evenly"
