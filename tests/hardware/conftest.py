"""A fake file system: /proc/self/cgroup, /proc/self/mountinfo and the files of control groups."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

MOUNTS = {
    "v2": "31 23 0:28 / /sys/fs/cgroup rw,relatime - cgroup2 cgroup2 rw\n",
    "v2 beside v1": "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n",
    "v2 of a container": "31 23 0:28 /docker/ab /sys/fs/cgroup rw,relatime - cgroup2 cgroup2 rw\n",
    "v2 bound elsewhere": "55 23 0:28 /other /mnt/other rw,relatime - cgroup2 cgroup2 rw\n",
    "v1 cpu": "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct\n",
    "v1 cpu of a container": "32 31 0:29 /docker/ab /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu\n",
    "v1 cpu with a blank": "32 31 0:29 / /sys/fs/my\\040groups rw,relatime - cgroup cgroup rw,cpu\n",
    "v1 memory": "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n",
    "torn": "99 1 0:1\n\nx - y\n",
}
Tree = Callable[..., Path]


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """tree(groups, mounts, files): the root of such a file system; groups and mounts None are missing files."""

    def build(groups: str | None, mounts: str | None, files: dict[str, str], meminfo: str | None = None) -> Path:
        (tmp_path / "proc/self").mkdir(parents=True)
        if groups is not None:
            (tmp_path / "proc/self/cgroup").write_text(groups)
        if mounts is not None:
            text = "".join(MOUNTS[name.strip()] for name in mounts.split("+"))
            (tmp_path / "proc/self/mountinfo").write_text(text)
        if meminfo is not None:
            (tmp_path / "proc/meminfo").write_text(meminfo)
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path

    return build
