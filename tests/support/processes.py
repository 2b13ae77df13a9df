"""Processes as /proc shows them: children, states, names, and those that carry a mark in their environment."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path


def children(pid: int | str = "self") -> list[int]:
    """Return the child processes of all threads of `pid`, zombies included."""
    found: list[int] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += map(int, path.read_text().split())
    return found


def stat(pid: int) -> list[str]:
    """Return the fields of /proc/pid/stat after the name ([0] is the state, field 3); [] when it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def state_of(pid: int) -> str:
    """Return the state letter; "" when the process is gone."""
    return (stat(pid) or [""])[0]


def parent_of(pid: int) -> int:
    """Return the parent's pid."""
    return int(stat(pid)[1])


def alive(pid: int) -> bool:
    """Return whether it still runs; a zombie that its parent has not fetched does not."""
    return state_of(pid) not in ("", "Z", "X")


def name(pid: int) -> str:
    """Return comm; "" when it is gone."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def tasks(pid: int) -> list[int]:
    """Return the thread ids."""
    return [int(entry) for entry in os.listdir(f"/proc/{pid}/task")]


def marked(mark: str) -> dict[int, str]:
    """Return living processes with `mark`, a NAME=value, in their environment, by pid, with their names.

    Zombies have no environment. Whole settings are compared, so that `/runs` does not find `/runs2`.
    """
    wanted, found = mark.encode(), {}
    for entry in os.listdir("/proc"):
        if entry.isdecimal() and int(entry) != os.getpid():
            with contextlib.suppress(OSError):
                environment = Path(f"/proc/{entry}/environ").read_bytes()
                if wanted in environment and wanted in environment.split(b"\0"):
                    found[int(entry)] = name(int(entry))
    return found


def remaining(mark: str, patience_s: float) -> list[int]:
    """Return processes with this mark that still live after `patience_s`; they are killed."""
    end = time.monotonic() + patience_s
    while (left := marked(mark)) and time.monotonic() < end:
        time.sleep(0.01)
    for pid in left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return list(left)
