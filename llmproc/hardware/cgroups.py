"""Where the control groups of a process lie in the file system: cgroup v2, v1 and hybrids, any mount layout.

Used by the limits of this room (CPU quota, memory) and the monitor (throttling). Folders only: what the files in them
mean is their readers' affair.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """A mounted hierarchy: version 1 or 2, and the process's folders in it, its own first, the mount point last."""

    version: int
    folders: tuple[Path, ...]


def hierarchies(
    controller: str, pid: int | str = "self", *, root: str | Path = "/", proc: str | Path | None = None
) -> list[Hierarchy]:
    """Return the hierarchies with files of `controller` ("cpu", "memory") for `pid`; version 1 first.

    A hybrid system mounts both versions and a controller is in one of them alone, so the files say which it is. In a
    cgroup namespace the mount point is the container's own group, and what limits it from above cannot be seen.
    `root`: where the file system begins, `proc`: where /proc is (default: in `root`), for tests.
    """
    where = Path(root, "proc") if proc is None else Path(proc)
    try:
        groups = Path(where, str(pid), "cgroup").read_text(errors="surrogateescape").splitlines()
        mounts = Path(where, "self", "mountinfo").read_text(errors="surrogateescape").splitlines()
    except OSError:
        return []
    found: dict[int, Hierarchy] = {}
    for line in groups:
        parts = line.split(":", 2)
        if len(parts) != 3:
            continue
        version = 2 if not parts[1] else 1 if controller in parts[1].split(",") else 0
        places = [(_inside(parts[2], base), point) for base, point in _mounts(mounts, controller, version)]
        if places:  # a bind mount may show the hierarchy twice: the one with the process in it tells more
            inside, point = max(places, key=lambda place: place[0] is not None)
            found[version] = Hierarchy(version, _upwards(Path(root, point.lstrip("/")), inside or ""))
    return [found[version] for version in sorted(found)]


def _mounts(mounts: list[str], controller: str, version: int) -> list[tuple[str, str]]:
    """Return (root of the mount inside its hierarchy, mount point) from mountinfo, as proc(5) describes it."""
    found = []
    for line in mounts:
        left, _, right = line.partition(" - ")
        words, kind = left.split(" "), right.split(" ")
        if len(words) < 5 or len(kind) < 3:
            continue
        if (version == 2 and kind[0] == "cgroup2") or (
            version == 1 and kind[0] == "cgroup" and controller in kind[2].split(",")
        ):
            found.append((_plain(words[3]), _plain(words[4])))
    return found


def _plain(name: str) -> str:
    r"""Return a path of mountinfo with blanks and backslashes, which stand there as `\040` and the like."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), name)


def _inside(group: str, base: str) -> str | None:
    """Return the group's path below the mount; None when the mount does not show it."""
    if ".." in group.split("/"):
        return None
    if base == "/":
        return group
    if group == base or group.startswith(base + "/"):
        return group[len(base) :]
    return None


def _upwards(point: Path, inside: str) -> tuple[Path, ...]:
    folder = point / inside.strip("/")
    found = [folder]
    while folder != point:
        folder = folder.parent
        found.append(folder)
    return tuple(found)
