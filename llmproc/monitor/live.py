"""What `top` knows at one moment: every instance, and a row for each of its processes. And how that is found out.

    runtime folder --> instances: who belongs to them, tokens, sequences, queues, steals      (main's own counts)
    /proc          --> state, policy, core, CPU, run-queue wait, memory, switches             (the kernel's)

Used by the screens and `--json`. A rate needs two looks, so the first view has none. Nothing is drawn or changed here.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

from llmproc.monitor import proc
from llmproc.monitor.instances import Instance, running
from llmproc.monitor.proc import ProcessKey, SchedStat
from llmproc.monitor.service_stats import WorkerCount
from llmproc.monitor.subject import Subject
from llmproc.monitor.usage import ProcSample, Rates, rates, wait_ns_between

_SHORTEST_S = 0.08  # between two looks that make a rate: a key pressed in between must not make nonsense of it
_LAG_S = 0.5  # main writes its counts at most this much later
_STALE_S = 1.5  # a running request that was not heard of for so long makes no tokens now
GONE = "X"  # the kernel's letter for what no longer shows; main may not have noticed yet


@dataclass(frozen=True, slots=True)
class ProcessRow:
    """One process. None: not known (yet), or without meaning for this kind of process."""

    role: str  # main, template, worker
    slot: int | None = None
    pid: int = 0  # there is none at present
    starttime: int = 0
    state: str = ""  # the kernel's letter, GONE; a worker's own word before it has a process
    policy: str = ""
    nice: int | None = None
    core: int | None = None
    allowed: tuple[int, ...] = ()  # cores it may use
    user_percent: float | None = None  # 100 is one core
    system_percent: float | None = None
    wait_percent: float | None = None
    pss: int | None = None  # bytes
    switches_per_s: float | None = None
    tokens_per_s: float | None = None  # of main: of all its workers
    sequences: int | None = None
    queue: int | None = None  # requests waiting for it; in the row of main: not sent to a worker yet
    steals: int | None = None
    ranks: int | None = None  # threads that compute in a worker
    ranks_in_use: int | None = None  # of them, at present
    user_s: float | None = None  # CPU time in all; of threads that have ended too
    system_s: float | None = None
    wait_s: float | None = None  # runnable, but waiting in a run queue; as far as looks have seen it

    @property
    def name(self) -> str:
        """Return main, template, worker 0, ..."""
        return self.role if self.slot is None else f"{self.role} {self.slot}"


@dataclass(frozen=True, slots=True)
class InstanceView:
    """An instance and its processes: main first, then template and workers."""

    instance: Instance
    rows: tuple[ProcessRow, ...]


@dataclass(frozen=True, slots=True)
class LiveView:
    """One look at all instances."""

    t: float  # CLOCK_MONOTONIC
    groups: tuple[InstanceView, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the object that `--json` prints; the fields have the names of ProcessRow."""
        return {
            "t": round(self.t, 6),
            "instances": [
                {
                    "pid": group.instance.pid,
                    "started": group.instance.started,
                    "command": group.instance.command,
                    "run_folder": group.instance.run_folder,
                    "processes": [asdict(row) for row in group.rows],
                }
                for group in self.groups
            ],
        }


@dataclass(slots=True)
class _Watched:
    subject: Subject
    base: ProcSample | None = None
    rates: Rates | None = None
    tasks: dict[int, SchedStat] | None = None  # of the last look
    wait_ns: int | None = None

    def waited(self, tasks: dict[int, SchedStat] | None) -> float | None:
        """Add what its threads have waited since the last look; return all of it, in seconds.

        Not the sum of what they say now, for a thread that ends takes its share along.
        """
        if tasks is not None:
            self.wait_ns = (self.wait_ns or 0) + wait_ns_between(self.tasks or {}, tasks)
            self.tasks = tasks
        return None if self.wait_ns is None else self.wait_ns / 1e9


@dataclass(slots=True)
class _TokenRate:
    """Tokens per second of one worker, between two of main's writings."""

    count: WorkerCount | None = None
    looked: float = 0.0
    per_s: float | None = None

    def update(self, new: WorkerCount, now: float) -> float | None:
        old, looked = self.count, self.looked
        self.count, self.looked = new, now
        if old is None:
            return None
        since = old.as_of if old.sequences else max(old.as_of, looked - _LAG_S)  # an idle worker made none until then
        if new.as_of > since:
            self.per_s = max(0, new.tokens - old.tokens) / (new.as_of - since)
        elif not new.sequences or now - new.as_of > _STALE_S:
            self.per_s = 0.0
        return self.per_s


class LiveMonitor:
    """Repeated looks at all instances; what one look remembers makes the rates of the next."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, find: Callable[[], list[Instance]] = running
    ) -> None:
        """Start without memory. `find` returns the instances; a test may give its own."""
        self._clock, self._find = clock, find
        self._watched: dict[ProcessKey, _Watched] = {}
        self._speeds: dict[tuple[int, int, int], _TokenRate] = {}

    def view(self) -> LiveView:
        """Look now."""
        seen: set[ProcessKey] = set()
        groups = tuple(self._group(instance, seen) for instance in self._find())
        self._watched = {key: watched for key, watched in self._watched.items() if key in seen}
        self._speeds = {key: speed for key, speed in self._speeds.items() if key[:2] in seen}
        return LiveView(self._clock(), groups)

    def _group(self, instance: Instance, seen: set[ProcessKey]) -> InstanceView:
        speeds = {worker.slot: self._speed(instance, worker) for worker in instance.workers}
        known = [speed for speed in speeds.values() if speed is not None]
        main = ProcessRow(
            "main",
            pid=instance.pid,
            tokens_per_s=sum(known) if known else None,
            sequences=sum(worker.sequences for worker in instance.workers),
            queue=instance.waiting,
        )
        rows = [self._filled(main, seen)]
        if instance.template:
            rows.append(self._filled(ProcessRow("template", pid=instance.template), seen, instance.pid))
        for worker in instance.workers:
            row = ProcessRow(
                "worker",
                worker.slot,
                worker.pid,
                state=worker.state,
                tokens_per_s=speeds[worker.slot],
                sequences=worker.sequences,
                queue=worker.queue,
                steals=worker.steals,
                ranks=worker.ranks or None,
                ranks_in_use=worker.ranks_in_use or None,
            )
            rows.append(self._filled(row, seen, instance.pid))
        return InstanceView(instance, tuple(rows))

    def _speed(self, instance: Instance, worker: WorkerCount) -> float | None:
        key = (instance.pid, instance.starttime, worker.slot)
        return self._speeds.setdefault(key, _TokenRate()).update(worker, self._clock())

    def _filled(self, row: ProcessRow, seen: set[ProcessKey], parent: int | None = None) -> ProcessRow:
        """Return the row with what the kernel knows.

        `parent` is the process whose child it must be; otherwise the pid belongs to another program by now.
        """
        stat = proc.read_stat(row.pid) if row.pid else None
        if stat is None or (parent is not None and stat.ppid != parent):
            return replace(row, pid=0, state=GONE if row.pid or row.state == "dead" else row.state)
        seen.add(stat.key)
        watched = self._watched.setdefault(stat.key, _Watched(Subject(*stat.key)))
        now = self._clock()
        sample = watched.subject.read(now, switches=True)
        watched.subject.read_pss(now)
        if sample is not None and (watched.base is None or now - watched.base.t >= _SHORTEST_S):
            watched.rates = None if watched.base is None else rates(watched.base, sample)
            watched.base = sample
        row = replace(
            row,
            starttime=stat.starttime,
            state=stat.state,
            policy=proc.policy_name(stat.policy).removeprefix("SCHED_"),
            nice=stat.nice,
            core=stat.processor,
            allowed=_allowed(row.pid),
            pss=watched.subject.pss,
            user_s=stat.utime / proc.TICKS_PER_SECOND,
            system_s=stat.stime / proc.TICKS_PER_SECOND,
            wait_s=watched.waited(sample.tasks if sample else None),
        )
        if watched.rates is None:
            return row
        return replace(
            row,
            user_percent=watched.rates.user_percent,
            system_percent=watched.rates.system_percent,
            wait_percent=watched.rates.wait_percent,
            switches_per_s=watched.rates.switches_per_s,
        )


def _allowed(pid: int) -> tuple[int, ...]:
    """Return the cores that its first thread may use; () when it is gone."""
    try:
        return tuple(sorted(os.sched_getaffinity(pid)))
    except OSError:
        return ()
