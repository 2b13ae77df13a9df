"""The watch: a thread of main that samples /proc of the workers and writes the course lines and proc.csv.

    begin_turn --> baseline            (first sample's window starts here)
    grid, every interval while any turn is open --> a course line per generating worker, rows for every worker
    end_turn   --> closing sample      (so every turn leaves a line; works on a zombie, and after 1 ms)
    worker_died --> last sample        (main calls it before it reaps)

Serves main. It sleeps without a timeout while nobody is generating. It never raises into its caller, never dies
silently (an error becomes one event and one notice, and it goes on), and measures its own CPU time. It must never
decide anything about workers, and psutil has no place here.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from resource import struct_rusage

from llmproc.monitor import cgroup, proc, table
from llmproc.monitor.courselog import format_line
from llmproc.monitor.proc import TICKS_PER_SECOND
from llmproc.monitor.sinks import LineSink
from llmproc.monitor.usage import CPUS, Sample, cpu_percent

_DETAIL_SHARE = 0.006  # of a core: above it thread rows are taken on fewer grid points
_PSS_EVERY_S = 3.0  # at most; and at most a thousandth of the time
_COST_EVERY_S = 10.0


class _Worker:
    """What the watch remembers of one process."""

    def __init__(self, pid: int, starttime: int, files: tuple[str, ...]) -> None:
        self.pid, self.starttime, self.cgroup_files = pid, starttime, files
        self.last: Sample | None = None
        self.turn: int | None = None  # number of the turn being generated
        self.began: Sample | None = None
        self.lines = 0  # course lines of this turn
        self.pss: int | None = None  # read since the last row
        self.pss_due = 0.0


class Watch:
    """Samples the workers on a grid while they generate."""

    def __init__(
        self,
        interval_s: float = 0.3,
        course_sinks: Iterable[LineSink] = (),
        csv_sink: LineSink | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        event: Callable[..., object] | None = None,
        notice: Callable[[str], object] | None = None,
        proc_root: str = "/proc",
        cpus: int = CPUS,
    ) -> None:
        """`event(kind, **fields)` writes to the event log, `notice(text)` tells the user; both may be absent."""
        self.interval_s, self.course_sinks, self.csv_sink = interval_s, list(course_sinks), csv_sink
        self._clock, self._event, self._notice = clock, event, notice
        self._root, self._cpus = proc_root, cpus
        self._changed = threading.Condition(threading.RLock())
        self._workers: dict[int, _Worker] = {}
        self._dead: dict[int, proc.Stat] = {}  # died, not yet reaped
        self._turns = 0
        self._next: float | None = None  # the next grid point; None while nobody generates
        self._stride = self._until_detail = 1  # thread rows every so many grid points
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._started_at = clock()
        self._cpu_s, self._ticks, self._errors = 0.0, 0, 0
        self._cost_due = self._started_at + _COST_EVERY_S

    # -- life ----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Writes the header of proc.csv and starts the thread."""
        if self.csv_sink is not None:
            self.csv_sink.write(table.header())
        self._thread = threading.Thread(target=self._loop, name="watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread and logs what the watch has cost. Turns still open are closed first."""
        for worker in list(self._workers.values()):
            self.end_turn(worker.pid)
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(2)
            self._thread = None
            self._emit("watch_cost", **self.report())

    def cost(self) -> float:
        """The watch's own CPU time / wall time since it was made: a fraction of one core."""
        wall_s = self._clock() - self._started_at
        return self._cpu_s / wall_s if wall_s > 0 else 0.0

    def report(self) -> dict[str, float | int]:
        """What `watch_cost` says, for run.json."""
        wall_s = self._clock() - self._started_at
        return {
            "share": round(self.cost(), 6),
            "cpu_s": round(self._cpu_s, 6),
            "wall_s": round(wall_s, 6),
            "grid_points": self._ticks,
            "thread_stride": self._stride,
            "errors": self._errors,
            "skipped_lines": sum(s.skipped for s in [*self.course_sinks, self.csv_sink] if s is not None),
        }

    # -- what main tells it ----------------------------------------------------------------------------------------

    def worker_started(self, pid: int) -> None:
        """A worker is there: a first row."""
        self._guarded(lambda: self._rows(self._known(pid)))

    def worker_died(self, pid: int) -> None:
        """Before main reaps it: closes an open turn, takes the last sample and forgets the process."""
        self.end_turn(pid)

        def last() -> None:
            worker = self._workers.get(pid)
            if worker is not None:
                self._rows(worker)

        self._guarded(last)
        with self._changed:
            worker = self._workers.pop(pid, None)
            if worker is not None and worker.last is not None:
                self._dead[pid] = worker.last.stat

    def worker_reaped(self, pid: int, usage: struct_rusage) -> None:
        """After wait4: the closing row, from the rusage that main got."""
        last = self._dead.pop(pid, None)
        if last is not None and self.csv_sink is not None:
            closing = table.closing_row(self._clock(), last, usage.ru_utime, usage.ru_stime, usage.ru_maxrss * 1024)
            self.csv_sink.write(closing)

    def begin_turn(self, pid: int) -> None:
        """The worker gets a turn now: the baseline of its first sample."""
        self._guarded(lambda: self._begin(pid))

    def end_turn(self, pid: int) -> None:
        """The turn is over: the closing sample, now, in the caller's thread. Nothing happens without a turn."""
        self._guarded(lambda: self._end(pid))

    def tick(self) -> None:
        """One grid point: every worker is sampled. (The thread calls it; tests call it under their own clock.)"""
        now, before = self._clock(), time.thread_time()
        detailed = self._until_detail <= 1
        with self._changed:
            workers = list(self._workers.values())
        for worker in workers:
            self._guarded(lambda worker=worker: self._pss(worker, now), counted=False)  # type: ignore[misc]
            self._guarded(lambda worker=worker: self._grid_sample(worker, detailed), counted=False)  # type: ignore[misc]
        spent_s = time.thread_time() - before
        with self._changed:
            self._cpu_s += spent_s
            self._ticks += 1
            if detailed:
                self._stride = max(1, min(100, round(0.5 + spent_s / (_DETAIL_SHARE * self.interval_s))))
            self._until_detail = self._stride if detailed else self._until_detail - 1
            if self._next is not None:  # missed points (a suspended laptop) are skipped, not made up for
                self._next += self.interval_s * max(1, int((now - self._next) / self.interval_s) + 1)
        if now >= self._cost_due:
            self._cost_due = now + _COST_EVERY_S
            self._emit("watch_cost", **self.report())

    # -- inside ------------------------------------------------------------------------------------------------------

    def _loop(self) -> None:
        while True:
            with self._changed:
                while not self._stopping:
                    left = None if self._next is None else self._next - self._clock()
                    if left is not None and left <= 0:
                        break
                    self._changed.wait(left)
                if self._stopping:
                    return
            self._guarded(self.tick, counted=False)

    def _guarded(self, work: Callable[[], object], counted: bool = True) -> None:
        """Runs `work`; whatever goes wrong is logged and never reaches the caller."""
        before = time.thread_time()
        try:
            work()
        except Exception as error:
            self._errors += 1
            if self._errors <= 3:
                text = f"{type(error).__name__}: {error}"
                self._emit("watch_error", error=text)
                if self._notice is not None and self._errors == 1:
                    self._notice(f"the watch met an error and goes on: {text}")
        if counted:
            with self._changed:
                self._cpu_s += time.thread_time() - before

    def _emit(self, kind: str, **fields: object) -> None:
        if self._event is not None:
            try:
                self._event(kind, **fields)
            except Exception:
                self._errors += 1

    def _known(self, pid: int) -> _Worker:
        with self._changed:
            stat = proc.read_stat(pid, root=self._root)
            worker = self._workers.get(pid)
            if worker is None or (stat is not None and worker.starttime != stat.starttime):  # a pid used again
                files = cgroup.stat_files(pid, root=self._root)
                worker = self._workers[pid] = _Worker(pid, stat.starttime if stat else -1, files)
            return worker

    def _begin(self, pid: int) -> None:
        with self._changed:
            worker = self._known(pid)
            if worker.turn is not None:
                self._end(pid)
            self._turns += 1
            worker.last = worker.began = self._rows(worker)  # a row of the idle time that ends here
            worker.turn, worker.lines = self._turns, 0
            if self._next is None:
                self._next = self._clock() + self.interval_s
                self._changed.notify_all()
            self._emit("turn_began", pid=pid, turn=worker.turn)

    def _end(self, pid: int) -> None:
        with self._changed:
            worker = self._workers.get(pid)
            if worker is None or worker.turn is None:
                return
            turn, began, worker.began = worker.turn, worker.began, None
            try:
                last = self._line_and_rows(worker)
            finally:  # also when /proc fails us: the turn is over
                worker.turn = None
                if not any(w.turn is not None for w in self._workers.values()):
                    self._next = None
            fields: Mapping[str, object] = {"missed": True}
            if began is not None and last is not None:
                fields = {
                    "wall_s": round(last.t - began.t, 6),
                    "user_s": (last.stat.utime - began.stat.utime) / TICKS_PER_SECOND,
                    "system_s": (last.stat.stime - began.stat.stime) / TICKS_PER_SECOND,
                }
            self._emit("turn_ended", pid=pid, turn=turn, lines=worker.lines, **fields)

    def _grid_sample(self, worker: _Worker, detailed: bool) -> None:
        with self._changed:
            if self._workers.get(worker.pid) is not worker:
                return  # it died meanwhile
            if worker.turn is not None:
                self._line_and_rows(worker, detailed)
            elif detailed:
                self._rows(worker)

    def _line_and_rows(self, worker: _Worker, detailed: bool = True) -> Sample | None:
        """The course line since the last sample, then the rows; None when the process is gone."""
        before, after = worker.last, self._rows(worker, detailed)
        if before is not None and after is not None:
            line = format_line(after.stat, cpu_percent(before, after, self._cpus))
            written = [sink.write(line) for sink in self.course_sinks]
            worker.lines += any(written)
        return after

    def _rows(self, worker: _Worker, detailed: bool = True) -> Sample | None:
        """Samples the process, writes its row and (detailed) one per thread."""
        with self._changed:
            t = self._clock()
            tasks = proc.read_task_schedstats(worker.pid, root=self._root)
            stat = proc.read_stat(worker.pid, root=self._root)
            if stat is None or stat.starttime != worker.starttime:
                return None
            worker.last = sample = Sample(t, stat, tasks)
            if self.csv_sink is None or self.csv_sink.failure is not None:
                return sample
            generating, switches = worker.turn is not None, [0, 0]
            rows = []
            for tid, sched in sorted((tasks or {}).items()) if detailed else ():
                thread = proc.read_stat(worker.pid, tid, root=self._root)
                counts = proc.read_context_switches(worker.pid, tid, root=self._root)
                if thread is None or counts is None:
                    continue
                switches = [switches[0] + counts[0], switches[1] + counts[1]]
                rows.append(
                    table.row(t, "thread", worker.pid, thread, generating=generating, sched=sched, switches=counts)
                )
            process = table.row(
                t,
                "process",
                worker.pid,
                stat,
                generating=generating,
                sched=proc.sum_schedstats(tasks) if tasks else None,
                switches=(switches[0], switches[1]) if rows else None,
                pss=worker.pss,
                throttling=cgroup.read_throttling(worker.cgroup_files),
            )
            worker.pss = None
            for line in [process, *rows]:
                self.csv_sink.write(line)
            return sample

    def _pss(self, worker: _Worker, now: float) -> None:
        """Reads PSS when it is due, outside the lock: the kernel may take milliseconds for it."""
        if now < worker.pss_due or self.csv_sink is None:
            return
        before = time.perf_counter()
        worker.pss = proc.read_pss(worker.pid, root=self._root)
        worker.pss_due = now + max(_PSS_EVERY_S, 1000 * (time.perf_counter() - before))
