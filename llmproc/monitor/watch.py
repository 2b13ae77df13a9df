"""The watch: a thread of main that samples /proc of the workers and writes the course lines and proc.csv.

    begin_turn --> baseline            (the window of the first sample starts here)
    grid, every interval while any turn is open --> a course line per generating worker, rows for every worker
    end_turn   --> closing sample      (so every turn leaves a line; works on a zombie, and after 1 ms)
    worker_died --> last sample        (main calls it before it reaps)

Used by main. It sleeps without a timeout while no worker generates. It never raises into its caller, never dies
silently (an error becomes one event and one notice, and it goes on), and measures its own CPU time. It must never
decide anything about workers, and must not use psutil.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from resource import struct_rusage

from llmproc.monitor import proc, table
from llmproc.monitor.cgroup import Groups
from llmproc.monitor.courselog import format_line
from llmproc.monitor.grid import Grid
from llmproc.monitor.overhead import Overhead
from llmproc.monitor.proc import TICKS_PER_SECOND
from llmproc.monitor.sinks import LineSink
from llmproc.monitor.subject import Subject
from llmproc.monitor.usage import CPUS, ProcSample, cpu_percent


class _WatchedWorker(Subject):
    """A process, and the turn it is at."""

    turn: int | None = None  # number of the turn being generated
    began: ProcSample | None = None
    lines = 0  # course lines of this turn


class ProcWatch:
    """The workers under watch, sampled at regular points in time while they generate."""

    def __init__(
        self,
        interval_s: float = 0.3,
        course_sinks: Iterable[LineSink] = (),
        csv_sink: LineSink | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        event: Callable[..., object] | None = None,
        notice: Callable[[str], object] | None = None,
        after: Callable[[], object] = lambda: None,
        proc_root: str = "/proc",
        cpus: int = CPUS,
    ) -> None:
        """Set up. `event(kind, **fields)` writes to the event log, `notice(text)` tells the user; both may be None.

        `after` is called on the watch's thread after every grid point, and once after `poke`.
        """
        self.interval_s, self.course_sinks, self.csv_sink = interval_s, list(course_sinks), csv_sink
        self.overhead = Overhead(interval_s, clock, event, notice)
        self.grid = Grid(interval_s, lambda: self.overhead.guarded(self.tick, counted=False), "watch", clock)
        self._clock, self._after, self._root, self._cpus = clock, after, proc_root, cpus
        self._groups = Groups(proc_root)
        self._lock = threading.RLock()
        self._workers: dict[int, _WatchedWorker] = {}
        self._dead: dict[int, proc.Stat] = {}  # died, not yet reaped
        self._turns = 0

    # -- life ----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Write the header of proc.csv and start the thread."""
        if self.csv_sink is not None:
            self.csv_sink.write(table.header())
        self.grid.start()

    def stop(self) -> None:
        """Close the turns still open, end the thread and log what the watch has cost."""
        for worker in list(self._workers.values()):
            self.end_turn(worker.pid)
        if self.grid.stop():
            self.overhead.tell_cost(self._skipped(), at_once=True)

    def cost(self) -> float:
        """Return the watch's own CPU time / wall time since it was made: a fraction of one core."""
        return self.overhead.cost()

    def report(self) -> dict[str, float | int]:
        """Return what `watch_cost` says, for run.json."""
        return self.overhead.report(self._skipped())

    # -- what main tells it ----------------------------------------------------------------------------------------

    def poke(self) -> None:
        """Have `after` called soon, also while no worker generates."""
        self.grid.once()

    def worker_started(self, pid: int) -> None:
        """Write the first row of a worker."""
        self.overhead.guarded(lambda: self._rows(self._known(pid)))

    def worker_died(self, pid: int) -> None:
        """Close an open turn, take the last sample and forget the process. Call it before the process is reaped."""
        self.end_turn(pid)

        def last() -> None:
            worker = self._workers.get(pid)
            if worker is not None:
                self._rows(worker)

        self.overhead.guarded(last)
        with self._lock:
            worker = self._workers.pop(pid, None)
            if worker is not None and worker.last is not None:
                self._dead[pid] = worker.last.stat

    def worker_reaped(self, pid: int, usage: struct_rusage) -> None:
        """Write the closing row from the rusage of wait4."""
        last = self._dead.pop(pid, None)
        if last is not None and self.csv_sink is not None:
            closing = table.closing_row(self._clock(), last, usage.ru_utime, usage.ru_stime, usage.ru_maxrss * 1024)
            self.csv_sink.write(closing)

    def begin_turn(self, pid: int) -> None:
        """Take the baseline of a turn's first sample, when the worker gets the turn."""
        self.overhead.guarded(lambda: self._begin(pid))

    def end_turn(self, pid: int) -> None:
        """Take the closing sample of a turn, now, in the caller's thread. Does nothing without a turn."""
        self.overhead.guarded(lambda: self._end(pid))

    def tick(self) -> None:
        """Sample every worker: one grid point. (The thread calls it; tests call it under their own clock.)"""
        before, detailed = time.thread_time(), self.overhead.detailed
        with self._lock:
            workers = list(self._workers.values()) if self._generating() else []
        for worker in workers:
            self.overhead.guarded(lambda worker=worker: self._grid_sample(worker, detailed), counted=False)  # type: ignore[misc]
        self.grid.passed(self._clock())
        if workers:
            self.overhead.grid_point(time.thread_time() - before)
            self.overhead.tell_cost(self._skipped())
        self.overhead.guarded(self._after)

    # -- inside ------------------------------------------------------------------------------------------------------

    def _skipped(self) -> int:
        return sum(sink.skipped for sink in [*self.course_sinks, self.csv_sink] if sink is not None)

    def _generating(self) -> bool:
        return any(worker.turn is not None for worker in self._workers.values())

    def _known(self, pid: int) -> _WatchedWorker:
        with self._lock:
            found, worker = _WatchedWorker(pid, groups=self._groups, root=self._root), self._workers.get(pid)
            if worker is None or found.starttime not in (-1, worker.starttime):  # a pid used again
                worker = self._workers[pid] = found
            return worker

    def _begin(self, pid: int) -> None:
        with self._lock:
            worker = self._known(pid)
            if worker.turn is not None:
                self._end(pid)
            self._turns += 1
            self._read_pss_at_edge(worker)
            worker.last = worker.began = self._rows(worker)  # a row of the idle time that ends here
            worker.turn, worker.lines = self._turns, 0
            self.grid.begin()
            self.overhead.emit("turn_began", pid=pid, turn=worker.turn)

    def _end(self, pid: int) -> None:
        with self._lock:
            worker = self._workers.get(pid)
            if worker is None or worker.turn is None:
                return
            turn, began, worker.began = worker.turn, worker.began, None
            try:
                self._read_pss_at_edge(worker)
                last = self._line_and_rows(worker)
            finally:  # also when /proc fails us: the turn is over
                worker.turn = None
                if not self._generating():
                    self.grid.end()
            fields: Mapping[str, object] = {"missed": True}
            if began is not None and last is not None:
                fields = {
                    "wall_s": round(last.t - began.t, 6),
                    "user_s": (last.stat.utime - began.stat.utime) / TICKS_PER_SECOND,
                    "system_s": (last.stat.stime - began.stat.stime) / TICKS_PER_SECOND,
                }
            self.overhead.emit("turn_ended", pid=pid, turn=turn, lines=worker.lines, **fields)

    def _grid_sample(self, worker: _WatchedWorker, detailed: bool) -> None:
        if self.csv_sink is not None:
            worker.read_pss(self._clock())  # outside the lock: the kernel may take milliseconds
        with self._lock:
            if self._workers.get(worker.pid) is not worker:
                return  # it died meanwhile
            if worker.turn is not None:
                self._line_and_rows(worker, detailed)
            elif detailed:
                self._rows(worker)

    def _read_pss_at_edge(self, worker: _WatchedWorker) -> None:
        if self.csv_sink is not None and self.csv_sink.failure is None:
            worker.read_pss_at_edge(self._clock())

    def _line_and_rows(self, worker: _WatchedWorker, detailed: bool = True) -> ProcSample | None:
        """Write the course line since the last sample, then the rows; return None when the process is gone."""
        before, after = worker.last, self._rows(worker, detailed)
        if before is not None and after is not None:
            line = format_line(after.stat, cpu_percent(before, after, self._cpus))
            written = [sink.write(line) for sink in self.course_sinks]
            worker.lines += any(written)
        return after

    def _rows(self, worker: _WatchedWorker, detailed: bool = True) -> ProcSample | None:
        """Sample the process, write its row and (detailed) one per thread."""
        with self._lock:
            rows_wanted = self.csv_sink is not None and self.csv_sink.failure is None
            sample = worker.read(self._clock(), switches=detailed and rows_wanted)
            if sample is not None and self.csv_sink is not None and rows_wanted:
                for line in worker.rows(sample, worker.turn is not None):
                    self.csv_sink.write(line)
            return sample
