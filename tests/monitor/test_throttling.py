"""cgroup throttling from fake trees: v2, v1, hybrid, none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from llmproc.monitor import cgroup
from llmproc.monitor.cgroup import Groups, Throttling, read_throttling, stat_files


def tree(tmp_path: Path, groups: str, mounts: str, stats: dict[str, str]) -> str:
    root = tmp_path / "proc"
    for folder in ("7", "self"):
        (root / folder).mkdir(parents=True)
    (root / "7" / "cgroup").write_text(groups)
    (root / "self" / "mountinfo").write_text(mounts.replace("@", str(tmp_path)))
    for name, text in stats.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return str(root)


V2 = "31 23 0:28 / @/cg rw,relatime - cgroup2 cgroup2 rw\n"
V1 = "32 31 0:29 / @/cpu rw,relatime - cgroup cgroup rw,cpu,cpuacct\n"


def test_version_2_sums_upwards(tmp_path: Path) -> None:
    stats = {
        "cg/a/b/cpu.stat": "usage_usec 5\nnr_periods 10\nnr_throttled 4\nthrottled_usec 1500000\n",
        "cg/a/cpu.stat": "nr_periods 3\nnr_throttled 1\nthrottled_usec 500000\n",
        "cg/cpu.stat": "usage_usec 5\n",
    }
    root = tree(tmp_path, "0::/a/b\n", V2, stats)
    files = stat_files(7, root=root)
    assert files == tuple(str(tmp_path / name) for name in stats)
    assert read_throttling(files) == Throttling(13, 5, 2.0)


@pytest.mark.parametrize("order", [1, -1])
def test_version_1_and_hybrid_prefer_the_hierarchy_with_cpu(tmp_path: Path, order: int) -> None:
    groups = "".join(["0::/\n", "3:cpu,cpuacct:/x\n", "2:memory:/y\n"][::order])
    stats = {
        "cpu/x/cpu.stat": "nr_periods 2\nnr_throttled 1\nthrottled_time 2500000000\n",
        "cg/cpu.stat": "usage_usec 5\n",
    }
    root = tree(tmp_path, groups, V2 + V1, stats)
    assert read_throttling(stat_files(7, root=root)) == Throttling(2, 1, 2.5)


def test_a_mount_that_shows_part_of_the_hierarchy(tmp_path: Path) -> None:
    stats = {"cg/b/cpu.stat": "nr_periods 2\nnr_throttled 1\nthrottled_usec 0\n"}
    root = tree(tmp_path, "0::/docker/b\n", V2.replace(" / @", " /docker @"), stats)
    assert stat_files(7, root=root) == (str(tmp_path / "cg/b/cpu.stat"),)


@pytest.mark.parametrize("groups", ["", "0::/../../x\n", "0::/gone\n", "4:memory:/\n"])
def test_nothing_to_know(tmp_path: Path, groups: str) -> None:
    root = tree(tmp_path, groups, V2, {})
    assert stat_files(7, root=root) == ()
    assert read_throttling(()) is None


def test_gone_process_and_gone_file(tmp_path: Path) -> None:
    assert stat_files(7, root=str(tmp_path)) == ()
    assert read_throttling((str(tmp_path / "no"),)) is None


def test_the_real_one_does_not_raise() -> None:
    found = read_throttling(stat_files(os.getpid()))
    assert found is None or found.throttled >= 0


def test_many_processes_of_one_group_read_it_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tree(tmp_path, "0::/a\n", V2, {"cg/a/cpu.stat": "nr_periods 3\nnr_throttled 1\nthrottled_usec 500000\n"})
    for pid in (8, 9):
        (tmp_path / "proc" / str(pid)).mkdir()
        (tmp_path / "proc" / str(pid) / "cgroup").write_text("0::/a\n" if pid == 8 else "0::/\n")
    reads: list[tuple[str, ...]] = []
    good = read_throttling
    monkeypatch.setattr(cgroup, "read_throttling", lambda files: reads.append(files) or good(files))
    groups, now = Groups(root), [50.0]
    monkeypatch.setattr(cgroup.time, "monotonic", lambda: now[0])
    assert groups.files(7) is groups.files(8) and groups.files(9) != groups.files(7) and groups.files(99) == ()
    for _ in range(3):
        assert groups.throttling(groups.files(7)) == Throttling(3, 1, 0.5)
    assert groups.throttling(()) is None
    assert len(reads) == 2
    now[0] += 0.3
    (tmp_path / "cg/a/cpu.stat").write_text("nr_periods 4\nnr_throttled 2\nthrottled_usec 500000\n")
    assert groups.throttling(groups.files(8)) == Throttling(4, 2, 0.5)
