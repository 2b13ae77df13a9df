"""The memory this process may use: what the machine has free, and the limits of its control groups up to the root.

Used by everything that sizes a KV cache or a buffer, and doctor. All figures are bytes, read once.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from llmproc.hardware.cgroups import Hierarchy, hierarchies

_NO_LIMIT = 1 << 60  # version 1 writes the largest multiple of a page for none
_V1 = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
_V2 = ("memory.max", "memory.current", "inactive_file")


@dataclass(frozen=True, slots=True)
class MemoryBudget:
    """The memory of this process. `limit`: the smallest of the control groups'. `usable`: what can be taken now."""

    total: int | None  # of the machine
    available: int | None  # MemAvailable: free, or given back by the page cache when asked
    limit: int | None
    usable: int | None
    notes: tuple[str, ...] = ()


def usable_memory(root: str | Path = "/") -> MemoryBudget:
    """Return the budget of this process. `root`: where the file system begins, for tests.

    In a group with a limit, what is in use counts without the page cache that the kernel can drop (inactive_file), as
    container runtimes count it.
    """
    notes: list[str] = []
    total, available = _machine(Path(root, "proc", "meminfo"))
    limits: list[int] = []
    rooms = [] if available is None else [available]
    for hierarchy in hierarchies("memory", root=root):
        for folder in hierarchy.folders:
            try:
                found = _group(hierarchy, folder)
            except ValueError as error:
                notes.append(f"{folder}: {error}, ignored")
                continue
            if found is not None:
                limits.append(found[0])
                rooms.append(found[1])
    return MemoryBudget(total, available, min(limits, default=None), min(rooms, default=None), tuple(notes))


def _machine(meminfo: Path) -> tuple[int | None, int | None]:
    """Return MemTotal and MemAvailable (kernels before 3.14 have no such line)."""
    found: dict[str, int] = {}
    for line in (_read(meminfo) or "").splitlines():
        name, _, rest = line.partition(":")
        words = rest.split()
        if words and words[0].isdecimal() and words[1:] == ["kB"]:
            found[name] = int(words[0]) * 1024
    return found.get("MemTotal"), found.get("MemAvailable")


def _group(hierarchy: Hierarchy, folder: Path) -> tuple[int, int] | None:
    """Return (limit, what is left of it) of one group; None when it has no limit."""
    limit_file, usage_file, cache_name = _V2 if hierarchy.version == 2 else _V1
    text = _read(folder / limit_file)
    if text is None or text.strip() == "max":
        return None
    limit = _bytes(limit_file, text.strip())
    if limit >= _NO_LIMIT:
        return None
    usage = _read(folder / usage_file)
    used = 0 if usage is None else _bytes(usage_file, usage.strip())
    pairs = dict(line.split(None, 1) for line in (_read(folder / "memory.stat") or "").splitlines() if " " in line)
    cache = pairs.get(cache_name, "0").strip()
    droppable = int(cache) if cache.isdecimal() else 0
    return limit, max(0, limit - max(0, used - droppable))


def _bytes(name: str, text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 20):
        raise ValueError(f"{name} is {text[:40]!r}")
    return int(text)


def _read(path: Path) -> str | None:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return None
