"""How long a process's control groups were throttled by a CPU quota. cgroup v2 and v1, any mount layout.

Serves the watch. Only cpu.stat is read; limits themselves are the hardware room's.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Throttling:
    """Sums over a process's own group and the visible groups above it."""

    periods: int  # enforcement periods that passed
    throttled: int  # of them, those in which the group ran out of quota
    throttled_s: float


def stat_files(pid: int, *, root: str = "/proc") -> tuple[str, ...]:
    """The cpu.stat files of the process's own cgroup and those above it, own one first; () when there is none."""
    try:
        groups = Path(root, str(pid), "cgroup").read_text().splitlines()
        mounts = Path(root, "self", "mountinfo").read_text().splitlines()
    except OSError:
        return ()
    for line in sorted(groups, key=lambda line: line.startswith("0::")):  # a hybrid system keeps cpu in version 1
        _, controllers, group = line.split(":", 2)
        version_1 = "cpu" in controllers.split(",")
        if not version_1 and controllers:
            continue
        mount = _mount(mounts, version_1)
        if mount is not None and (files := _files(*mount, group)):
            return files
    return ()


def read_throttling(files: tuple[str, ...]) -> Throttling | None:
    """Reads the files that `stat_files` found; None when none of them speaks of throttling."""
    periods, throttled, seconds, known = 0, 0, 0.0, False
    for name in files:
        try:
            pairs = dict(line.split(None, 1) for line in Path(name).read_text().splitlines() if " " in line)
        except OSError:
            continue
        known = known or "nr_throttled" in pairs
        periods += int(pairs.get("nr_periods", 0))
        throttled += int(pairs.get("nr_throttled", 0))
        seconds += int(pairs.get("throttled_usec", 0)) / 1e6 + int(pairs.get("throttled_time", 0)) / 1e9
    return Throttling(periods, throttled, seconds) if known else None


def _mount(mounts: list[str], version_1: bool) -> tuple[str, str] | None:
    """(root of the mount inside its hierarchy, mount point) of the hierarchy with the cpu controller."""
    for line in mounts:
        left, _, right = line.partition(" - ")
        words, kind = left.split(), right.split()
        if len(words) < 5 or len(kind) < 3:
            continue
        if (version_1 and kind[0] == "cgroup" and "cpu" in kind[2].split(",")) or (
            not version_1 and kind[0] == "cgroup2"
        ):
            return words[3], words[4]
    return None


def _files(mount_root: str, mount_point: str, group: str) -> tuple[str, ...]:
    """cpu.stat from the group up to the mount point. A group outside the mount has only the mount point's."""
    inside = group.removeprefix(mount_root) if mount_root != "/" and group.startswith(mount_root) else group
    folder = Path(mount_point, inside.strip("/")) if ".." not in inside.split("/") else Path(mount_point)
    found = []
    while folder != folder.parent and folder.is_relative_to(mount_point):
        if (folder / "cpu.stat").is_file():
            found.append(str(folder / "cpu.stat"))
        folder = folder.parent
    return tuple(found)
