"""Children whose pid is known by no message: what a dead template left in the middle of a fork.

While a fork is under way this process is a child subreaper: a worker whose fork helper exits becomes its child. A
template that dies in between leaves a fork helper, or a worker that was never started, by name only.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from pathlib import Path

from llmproc.processes import system
from llmproc.processes.children import read_children


class _Subreaper:
    """The process's one flag, for as many supervisors as need it at a time; then what it was before the first."""

    def __init__(self) -> None:
        self._lock, self._holders, self._before = threading.Lock(), 0, False

    def hold(self) -> None:
        with self._lock:
            if not self._holders:
                self._before = system.get_child_subreaper()
                system.set_child_subreaper(True)
            self._holders += 1

    def release(self) -> None:
        with self._lock:
            self._holders -= 1
            if not self._holders:
                system.set_child_subreaper(self._before)


_subreaper = _Subreaper()


class OrphanReaper:
    """Keeps the subreaper flag on for as long as a fork or a search needs it, and ends and reaps what is found."""

    def __init__(self) -> None:
        self.names: set[str] = set()  # comm of what dead templates may have left
        self._forking = self._holding = False

    def fork_begins(self) -> None:
        """Let orphaned descendants come to this process from now on."""
        if not self._holding:  # else the flag is still on, for a search
            _subreaper.hold()
        self._forking = self._holding = True

    def fork_ended(self) -> None:
        """Note that the fork is over: the worker is ours, or will never be."""
        self._forking = False
        self._reset()

    def search(self, name: str) -> None:
        """Look for children called `name`, left by a template that died, until a look finds none."""
        self.names.add(name)

    def collect(self, known: set[int]) -> None:
        """Look once: children of a searched name whose pid is not `known` are ended and reaped.

        Only a look that finds none ends the search: a fork helper reaped now may have left a worker a moment ago.
        """
        if not self.names:
            return
        found = [pid for pid in read_children(os.getpid()) or () if pid not in known and _comm(pid) in self.names]
        for pid in found:
            with contextlib.suppress(ChildProcessError, ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, os.WNOHANG)
        if not found:
            self.names.clear()
            self._reset()

    def _reset(self) -> None:
        if self._holding and not self._forking and not self.names:
            self._holding = False
            _subreaper.release()


def _comm(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text(errors="replace").strip()
    except OSError:
        return ""
