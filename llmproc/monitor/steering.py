"""What keys in `top` do to workers: select one, change its nice value, pin it. What the kernel refuses is one line.

Used by the loop of `top`. The values belong to all tasks of a worker, so the processes room sets them task by task; a
replacement gets main's values again. Only workers are touched, and only the very process that was seen.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from llmproc.monitor import proc
from llmproc.monitor.live import LiveView, ProcessRow
from llmproc.monitor.proc import ProcessKey
from llmproc.processes.scheduling import set_scheduling

_LOWEST, _HIGHEST = -20, 19


class Steering:
    """The selected worker, and the keys' effects on it."""

    def __init__(self, change: Callable[..., None] = set_scheduling) -> None:
        """Start with nothing selected. `change` sets nice value and cores; a test may give its own."""
        self.selected: ProcessKey | None = None
        self._change = change

    def press(self, key: str, view: LiveView) -> str:
        """Do what `key` means; return a message for the user, or ""."""
        workers = [row for group in view.groups for row in group.rows if row.role == "worker" and row.pid]
        if key in ("up", "down"):
            self._move(1 if key == "down" else -1, workers)
            return ""
        if key not in ("+", "-", "p", "u") and not (len(key) == 1 and key in "0123456789"):
            return ""
        row = next((row for row in workers if (row.pid, row.starttime) == self.selected), None)
        if row is None:
            return "select a worker first: up and down" if workers else "no worker runs"
        if key in "+-":
            return self._nice(row, 1 if key == "+" else -1)
        every = _cores_of_main(row, view)
        if key == "u":
            return self._pin(row, every, "unpinned: cores " + ",".join(map(str, every)))
        core = int(key) if key != "p" else _next(row.allowed, every)
        return self._pin(row, (core,), f"pinned to core {core}")

    def follow(self, view: LiveView) -> None:
        """Forget a selected worker that has died; a single worker is selected by itself."""
        keys = [(row.pid, row.starttime) for group in view.groups for row in group.rows if row.role == "worker"]
        if self.selected not in keys:
            self.selected = keys[0] if len(keys) == 1 and keys[0][0] else None

    def _move(self, by: int, workers: list[ProcessRow]) -> None:
        keys = [(row.pid, row.starttime) for row in workers]
        if not keys:
            self.selected = None
        elif self.selected in keys:
            self.selected = keys[(keys.index(self.selected) + by) % len(keys)]
        else:
            self.selected = keys[0 if by > 0 else -1]

    def _nice(self, row: ProcessRow, by: int) -> str:
        wanted = max(_LOWEST, min(_HIGHEST, (row.nice or 0) + by))
        if wanted == row.nice:
            return f"{row.name} ({row.pid}): nice goes from {_LOWEST} to {_HIGHEST}"
        return self._set(row, f"nice {wanted}", nice=wanted)

    def _pin(self, row: ProcessRow, cores: tuple[int, ...], done: str) -> str:
        return self._set(row, done, cpus=cores)

    def _set(self, row: ProcessRow, done: str, **values: object) -> str:
        """Change a worker, after a check that its pid still belongs to the process that was shown."""
        stat = proc.read_stat(row.pid)
        name = f"{row.name} ({row.pid})"
        if stat is None or stat.starttime != row.starttime:
            return f"{name} has gone"
        try:
            self._change(row.pid, **values)
        except ProcessLookupError:
            return f"{name} has gone"
        except PermissionError as error:
            return f"{name}, {done}: the system refuses: {error.strerror}; a lower nice value needs CAP_SYS_NICE"
        except OSError as error:
            hint = "; the core does not exist, or is not allowed here" if "cpus" in values else ""
            return f"{name}, {done}: the system refuses: {error.strerror}{hint}"
        return f"{name}: {done}"


def _cores_of_main(row: ProcessRow, view: LiveView) -> tuple[int, ...]:
    """Return the cores that a worker of this instance may be given: those of main."""
    for group in view.groups:
        if row in group.rows:
            return group.rows[0].allowed or row.allowed
    return tuple(sorted(os.sched_getaffinity(0)))


def _next(now: tuple[int, ...], every: tuple[int, ...]) -> int:
    """Return the core after the one it is pinned to, or the first."""
    if len(now) == 1 and now[0] in every:
        return every[(every.index(now[0]) + 1) % len(every)]
    return every[0]
