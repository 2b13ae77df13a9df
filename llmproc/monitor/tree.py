"""Which processes belong together: those below a root, children of children too, and those that come later.

Serves the recorder. A process once seen stays a member when its parent ends and somebody else becomes its parent, and
so do its children from then on. Membership only: what members do is for others to read.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from llmproc.monitor import proc
from llmproc.monitor.proc import Stat

Key = tuple[int, int]  # pid, starttime


class Tree:
    """The processes below `root_pid`, with or without itself. `look()` again and again."""

    def __init__(
        self,
        root_pid: int,
        *,
        with_root: bool = True,
        leave_out: Iterable[int] = (),
        root: str = "/proc",
        lists: bool | None = None,
    ) -> None:
        """`leave_out`: processes that are no members, nor what is below them; the one that looks is left out always.

        `root`: /proc; `lists`: whether the kernel keeps lists of children (None: find out).
        """
        self._root_pid, self._with_root, self._root = root_pid, with_root, root
        self._lists = proc.read_children(os.getpid(), root=root) is not None if lists is None else lists
        stat = proc.read_stat(root_pid, root=root)
        self._root_key = None if stat is None else stat.key
        self._left_out = {os.getpid(), *leave_out}
        self._members: set[Key] = set()

    def look(self) -> dict[Key, Stat]:
        """The members that still have a /proc entry, zombies too, parents before their children."""
        children = self._listed if self._lists else self._all_children().get
        found: dict[Key, Stat] = {}
        waiting: list[tuple[int, int | None]] = [(pid, None) for pid, _ in self._members]
        waiting.append((self._root_pid, None))
        while waiting:
            pid, parent = waiting.pop()
            stat = proc.read_stat(pid, root=self._root)
            if stat is not None and stat.key not in found and self._belongs(stat, parent):
                found[stat.key] = stat
                waiting += [(child, pid) for child in reversed(children(pid) or [])]
        if not self._with_root and self._root_key is not None:
            found.pop(self._root_key, None)
        self._members = set(found)
        return found

    def _belongs(self, stat: Stat, parent: int | None) -> bool:
        """The root, a member, or a child of one; a pid that was used again meanwhile is none of these."""
        if parent is None:
            return stat.key == self._root_key or stat.key in self._members
        return stat.ppid == parent and stat.pid not in self._left_out

    def _listed(self, pid: int) -> list[int] | None:
        return proc.read_children(pid, root=self._root)

    def _all_children(self) -> dict[int, list[int]]:
        """Of every process there is: dearer than the lists, which not every kernel keeps."""
        found: dict[int, list[int]] = {}
        for name in os.listdir(self._root):
            if name.isdigit() and (stat := proc.read_stat(int(name), root=self._root)) is not None:
                found.setdefault(stat.ppid, []).append(stat.pid)
        return found
