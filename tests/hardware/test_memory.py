"""Memory this process may use, from fake trees of control groups."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from llmproc.hardware.memory import MemoryBudget, usable_memory

CG, V1 = "sys/fs/cgroup", "sys/fs/cgroup/memory"
GB = 1 << 30
MEMINFO = (
    f"MemTotal:       {8 * GB >> 10} kB\nMemFree: 5 kB\nMemAvailable:   {6 * GB >> 10} kB\nHugePages_Total:       0\n"
)
Tree = Callable[..., Path]


@pytest.mark.parametrize(
    ("groups", "mounts", "files", "limit", "usable"),
    [
        pytest.param("0::/a\n", "v2", {f"{CG}/a/memory.max": "max\n"}, None, 6 * GB, id="no limit"),
        pytest.param("0::/a\n", "v2", {}, None, 6 * GB, id="no files"),
        pytest.param(None, None, {}, None, 6 * GB, id="no groups"),
        pytest.param(
            "0::/a\n",
            "v2",
            {f"{CG}/a/memory.max": f"{4 * GB}\n", f"{CG}/a/memory.current": f"{GB}\n"},
            4 * GB,
            3 * GB,
            id="what is in use is not free",
        ),
        pytest.param(
            "0::/a\n",
            "v2",
            {
                f"{CG}/a/memory.max": f"{4 * GB}\n",
                f"{CG}/a/memory.current": f"{3 * GB}\n",
                f"{CG}/a/memory.stat": f"anon {GB}\ninactive_file {2 * GB}\nbroken\n",
            },
            4 * GB,
            3 * GB,
            id="page cache can be dropped",
        ),
        pytest.param(
            "0::/a/b\n",
            "v2",
            {
                f"{CG}/a/memory.max": f"{3 * GB}\n",
                f"{CG}/a/memory.current": f"{GB // 2}\n",
                f"{CG}/a/b/memory.max": f"{2 * GB}\n",
                f"{CG}/a/b/memory.current": "0\n",
            },
            2 * GB,
            2 * GB,
            id="nested: the smallest limit",
        ),
        pytest.param(
            "0::/a/b\n",
            "v2",
            {
                f"{CG}/a/memory.max": f"{3 * GB}\n",
                f"{CG}/a/memory.current": f"{5 * GB // 2}\n",
                f"{CG}/a/b/memory.max": f"{2 * GB}\n",
                f"{CG}/a/b/memory.current": "0\n",
            },
            2 * GB,
            GB // 2,
            id="nested: the smallest room is another group's",
        ),
        pytest.param(
            "0::/\n",
            "v2",
            {f"{CG}/memory.max": f"{GB}\n", f"{CG}/memory.current": f"{2 * GB}\n"},
            GB,
            0,
            id="more in use than allowed",
        ),
        pytest.param("0::/\n", "v2", {f"{CG}/memory.max": f"{16 * GB}\n"}, 16 * GB, 6 * GB, id="a smaller machine"),
        pytest.param(
            "4:memory:/a\n0::/\n",
            "v1 memory + v2 beside v1",
            {
                f"{V1}/memory.limit_in_bytes": "9223372036854771712\n",
                f"{V1}/a/memory.limit_in_bytes": f"{2 * GB}\n",
                f"{V1}/a/memory.usage_in_bytes": f"{GB}\n",
                f"{V1}/a/memory.stat": f"inactive_file 0\ntotal_inactive_file {GB // 2}\n",
            },
            2 * GB,
            3 * GB // 2,
            id="v1",
        ),
        pytest.param("4:memory:/\n", "v1 memory", {f"{V1}/memory.limit_in_bytes": str((1 << 63) - 4096)}, None, 6 * GB,
                     id="v1, none"),
    ],
)  # fmt: skip
def test_limits(
    tree: Tree, groups: str | None, mounts: str | None, files: dict[str, str], limit: int | None, usable: int
) -> None:
    assert usable_memory(tree(groups, mounts, files, MEMINFO)) == MemoryBudget(8 * GB, 6 * GB, limit, usable)


@pytest.mark.parametrize("text", ["", "many", "-1", "1 2", "9" * 40])
def test_garbage_is_ignored_with_a_note(tree: Tree, text: str) -> None:
    files = {f"{CG}/memory.max": f"{GB}\n", f"{CG}/a/memory.max": text}
    found = usable_memory(tree("0::/a\n", "v2", files, MEMINFO))
    assert (found.limit, found.usable) == (GB, GB)
    assert len(found.notes) == 1 and "memory.max is" in found.notes[0]


@pytest.mark.parametrize("meminfo", [None, "", "MemTotal: x kB\nMemAvailable: 5\n"])
def test_without_meminfo_only_the_groups_count(tree: Tree, meminfo: str | None) -> None:
    root = tree("0::/a\n", "v2", {f"{CG}/a/memory.max": f"{GB}\n"}, meminfo)
    assert usable_memory(root) == MemoryBudget(None, None, GB, GB)


def test_nothing_is_known(tmp_path: Path) -> None:
    assert usable_memory(tmp_path) == MemoryBudget(None, None, None, None)


def test_the_real_one() -> None:
    found = usable_memory()
    assert found.total and found.usable and 0 < found.usable <= found.total
