"""How long a process's control groups were throttled by a CPU quota. cgroup v2 and v1, any mount layout.

Used by the watch and the recorder. Only cpu.stat is read; limits and the search for a group are in the hardware room.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from llmproc.hardware.cgroups import hierarchies

_FRESH_S = 0.05  # processes sampled together are mostly of one group: it is read once for all of them


@dataclass(frozen=True, slots=True)
class Throttling:
    """Sums over a process's own group and the visible groups above it."""

    periods: int  # enforcement periods that passed
    throttled: int  # of them, those in which the group ran out of quota
    throttled_s: float


class Groups:
    """The groups of many processes, each looked up and read as rarely as possible."""

    def __init__(self, root: str = "/proc") -> None:
        """Start with no groups. `root` is /proc, or a test's folder."""
        self._root = root
        self._files: dict[bytes, tuple[str, ...]] = {}  # by the content of /proc/<pid>/cgroup
        self._read: dict[tuple[str, ...], tuple[float, Throttling | None]] = {}

    def files(self, pid: int) -> tuple[str, ...]:
        """Return what `stat_files` finds for the process; it is remembered for all processes of the same groups."""
        try:
            groups = Path(self._root, str(pid), "cgroup").read_bytes()
        except OSError:
            return ()
        if groups not in self._files:
            self._files[groups] = stat_files(pid, root=self._root)
        return self._files[groups]

    def throttling(self, files: tuple[str, ...]) -> Throttling | None:
        """Return what `read_throttling` finds, at most a twentieth of a second old."""
        now = time.monotonic()
        at, found = self._read.get(files, (-1.0, None))
        if now - at > _FRESH_S or at < 0:
            found = read_throttling(files)
            self._read[files] = now, found
        return found


def stat_files(pid: int, *, root: str = "/proc") -> tuple[str, ...]:
    """Return the cpu.stat files of the process's own cgroup and those above it, own one first; () if there are none."""
    for hierarchy in hierarchies("cpu", pid, proc=root):  # a hybrid system keeps cpu in version 1, which comes first
        files = tuple(str(folder / "cpu.stat") for folder in hierarchy.folders if (folder / "cpu.stat").is_file())
        if files:
            return files
    return ()


def read_throttling(files: tuple[str, ...]) -> Throttling | None:
    """Read the files that `stat_files` found; None if none of them reports throttling."""
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
