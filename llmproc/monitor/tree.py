"""Which processes belong together: those below a root, their children too, and those that come later.

Used by the recorder, which keeps the members: it says which of them live, and is told who has joined. A process once
seen stays a member when its parent ends and it gets another one, and so do its children from then on.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable

from llmproc.monitor import proc
from llmproc.monitor.proc import ProcessKey, Stat
from llmproc.processes.children import read_children


class Tree:
    """The processes below `root_pid`, with or without itself."""

    def __init__(
        self,
        root_pid: int,
        *,
        with_root: bool = True,
        leave_out: Iterable[int] = (),
        root: str = "/proc",
        lists: bool | None = None,
    ) -> None:
        """Take the root. `leave_out`: processes that are not members, nor are those below them; we never are ourselves.

        `root`: /proc; `lists`: whether the kernel keeps lists of children (None: find out).
        """
        self._root_pid, self._with_root, self._root = root_pid, with_root, root
        self._lists = read_children(os.getpid(), root=root) is not None if lists is None else lists
        stat = proc.read_stat(root_pid, root=root)
        self._root_key = None if stat is None else stat.key
        self._left_out = {os.getpid(), *leave_out}

    def newcomers(self, members: Collection[ProcessKey] = ()) -> list[Stat]:
        """Return those of the tree that are not members yet, parents before their children; zombies too.

        `members` must have been seen alive just now: processes below their pids are taken for their children.
        """
        children = self._listed if self._lists else self._all_children().get
        known = {pid for pid, _ in members}
        found: list[Stat] = []
        if self._with_root and self._root_key is not None and self._root_key not in members:
            stat = proc.read_stat(self._root_pid, root=self._root)
            if stat is not None and stat.key == self._root_key:
                found.append(stat)
                known.add(stat.pid)
        waiting = [*known] if self._with_root else [self._root_pid, *known]
        while waiting:
            parent = waiting.pop()
            for pid in children(parent) or ():
                stat = None if pid in known or pid in self._left_out else proc.read_stat(pid, root=self._root)
                if stat is not None and stat.ppid == parent:
                    found.append(stat)
                    known.add(pid)
                    waiting.append(pid)
        return found

    def _listed(self, pid: int) -> list[int] | None:
        return read_children(pid, root=self._root)

    def _all_children(self) -> dict[int, list[int]]:
        """Read the parent of every process: more expensive than the lists, which not every kernel keeps."""
        found: dict[int, list[int]] = {}
        for name in os.listdir(self._root):
            if name.isdigit() and (stat := proc.read_stat(int(name), root=self._root)) is not None:
                found.setdefault(stat.ppid, []).append(stat.pid)
        return found
