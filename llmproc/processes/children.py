"""The children of a process, from the lists that the kernel keeps for each of its threads."""

from __future__ import annotations

import os


def read_children(pid: int, *, root: str = "/proc") -> list[int] | None:
    """Return the children of all threads of a process, ended ones too until they are reaped; [] when it is gone.

    None when the kernel keeps no such list (CONFIG_PROC_CHILDREN). One that ends while the list is read may hide
    another one from it (proc(5)): ask again.
    """
    found: list[int] = []
    for task in _tasks(f"{root}/{pid}/task"):
        try:
            with open(f"{task}/children", "rb", buffering=0) as file:
                found += map(int, (file.readall() or b"").split())
        except OSError:  # the thread has ended, or the kernel keeps no such list
            if os.path.exists(f"{task}/stat"):
                return None
    return found


def _tasks(folder: str) -> list[str]:
    try:
        return [f"{folder}/{tid}" for tid in sorted(os.listdir(folder), key=int)]
    except OSError:
        return []
