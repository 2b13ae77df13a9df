"""The recorder: follows a process tree, and writes about it what the watch writes about a worker.

    begin, tick --> who belongs to the tree now? --> new: baseline (all zero at its birth, if it was born meanwhile)
                                                 --> there: rows; a line if it was at work since the last one
                                                 --> ended: process_left
    finish      --> the same once more, and all have left

A course line stands for one process (the format has its utime and stime), and is written for a window in which the
process was at work: it used 1 % of a core, and a tenth of what the busiest process of the tree used. That stands for
the course's "while it generates", which other programs do not tell: an idle shell at 0 %, or a parent that only hands
out work, would halve the average of those that do it. proc.csv has everything of every process. What ends between two
samples takes its last moments with it.

Used by `record`. It decides nothing about the processes, and never raises into its caller.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from functools import partial

from llmproc.monitor import table
from llmproc.monitor.cgroup import Groups
from llmproc.monitor.followed import Followed, Recorded, Window
from llmproc.monitor.overhead import Overhead
from llmproc.monitor.proc import TICKS_PER_SECOND, ProcessKey, Stat, comm_text
from llmproc.monitor.sinks import LineSink
from llmproc.monitor.tree import Tree
from llmproc.monitor.usage import CPUS

AT_WORK = 0.01  # of a core
SHARE_OF_BUSIEST = 0.1
_SHORTEST_WINDOW = 0.25  # of the interval: who was born just before a sample gets the first line at the next one


class Recorder:
    """`begin`, then `tick` on a grid, then `finish`. One thread only."""

    def __init__(
        self,
        tree: Tree,
        interval_s: float = 0.3,
        course_sinks: Iterable[LineSink] = (),
        csv_sink: LineSink | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        event: Callable[..., object] | None = None,
        notice: Callable[[str], object] | None = None,
        ended: Callable[[Stat], object] = lambda stat: None,
        since_boot: Callable[[], float] = lambda: time.clock_gettime(time.CLOCK_BOOTTIME),
        proc_root: str = "/proc",
        cpus: int = CPUS,
    ) -> None:
        """Set up. `ended(stat)` is called for a zombie after its last sample, and again until it is reaped."""
        self.overhead = Overhead(interval_s, clock, event, notice)
        self.left: list[Recorded] = []  # in the order in which they left
        self._tree, self._course_sinks, self._csv_sink = tree, list(course_sinks), csv_sink
        self._interval_s, self._clock, self._ended = interval_s, clock, ended
        self._proc_root, self._cpus, self._groups = proc_root, cpus, Groups(proc_root)
        self._followed: dict[ProcessKey, Followed] = {}
        self._root: Followed | None = None  # the first that was found
        self._written = 0  # course lines
        self._since_boot, self._began = since_boot, clock()

    def begin(self) -> None:
        """Find the processes that exist already, and follow them from now on."""
        if self._csv_sink is not None:
            self._csv_sink.write(table.header())
        self.overhead.guarded(self._find_all)

    def tick(self) -> None:
        """Sample the tree as it is now: one grid point."""
        self._grid_point(self._interval_s * _SHORTEST_WINDOW)

    def finish(self) -> list[Recorded]:
        """Take the closing samples; return the sums of all that were followed."""
        self._grid_point(0.0)
        self.overhead.guarded(self._end_all)
        self.overhead.tell_cost(self._skipped(), at_once=True)
        return self.left

    def report(self) -> dict[str, float | int]:
        """Return what `watch_cost` says, for run.json."""
        return self.overhead.report(self._skipped())

    def _grid_point(self, shortest_s: float) -> None:
        before, detailed = time.thread_time(), self.overhead.detailed
        self.overhead.guarded(lambda: self._look(detailed, shortest_s), counted=False)
        self.overhead.grid_point(time.thread_time() - before)
        self.overhead.tell_cost(self._skipped())

    def _look(self, detailed: bool, shortest_s: float) -> None:
        windows: list[tuple[Followed, Window]] = []
        self._sample_all(list(self._followed.values()), windows, detailed, shortest_s)
        known = len(self._followed)
        self.overhead.guarded(self._find_all, counted=False)
        self._sample_all(list(self._followed.values())[known:], windows, detailed, shortest_s)
        self._lines(windows)

    def _sample_all(
        self, some: list[Followed], windows: list[tuple[Followed, Window]], detailed: bool, shortest_s: float
    ) -> None:
        for one in some:
            sample = partial(self._sample, one, detailed, shortest_s)
            self.overhead.guarded(lambda take=sample: windows.extend(take()), counted=False)  # type: ignore[misc]

    def _find_all(self) -> None:
        """Find processes that have joined the tree."""
        for stat in self._tree.newcomers(self._followed.keys()):
            self._find(stat)

    def _find(self, stat: Stat) -> None:
        now = self._clock()
        born = stat.starttime / TICKS_PER_SECOND - (self._since_boot() - now)  # ticks after boot, on our clock
        fresh = born >= self._began - 1 / TICKS_PER_SECOND
        since = min(max(born, self._began), now) if fresh else None
        one = Followed(stat, since, now, self._cpus, self._groups, self._proc_root)
        self._followed[stat.key] = one
        self._root = self._root or one
        self._write(one.news(one.began))
        found = {"pid": stat.pid, "parent": stat.ppid, "comm": comm_text(stat.comm), "born_t": round(born, 6)}
        self.overhead.emit("process_found", **found)

    def _sample(self, one: Followed, detailed: bool, shortest_s: float) -> list[tuple[Followed, Window]]:
        """Read a process and write its rows; return the windows of which a course line may be written."""
        if one.ended:
            self._wait_for_reaping(one)
            return []
        one.watch_memory(self._clock())
        sample = one.sample(self._clock(), detailed and self._csv_sink is not None)
        if sample is None:
            self._forget(one)
            return []
        self._write(one.news(sample))
        one.ended = sample.stat.ended
        window = one.window(sample, 0.0 if one.ended else shortest_s)
        if one.ended:
            self._ended(sample.stat)
        return [] if window is None else [(one, window)]

    def _wait_for_reaping(self, one: Followed) -> None:
        """Look at a zombie again: its sums are complete, but its parent may have changed."""
        stat = one.look()
        if stat is None:
            self._forget(one)
        else:
            self._ended(stat)

    def _forget(self, one: Followed) -> None:
        del self._followed[one.pid, one.starttime]
        self._leave(one, alive=False)

    def _lines(self, windows: list[tuple[Followed, Window]]) -> None:
        """Write a course line for every process that was at work."""
        busiest = max((window.rates.cpu_percent for _, window in windows), default=0.0)
        for one, window in windows:
            used, seconds = window.rates.cpu_percent, window.rates.elapsed_s
            enough_s = AT_WORK * max(seconds, self._interval_s)  # a short last window needs as much to be worth a line
            if used >= SHARE_OF_BUSIEST * busiest and used / 100 * seconds >= enough_s:
                self._line(one, window)

    def _line(self, one: Followed, window: Window) -> None:
        line = one.line(window)
        self._written += 1
        for sink in self._course_sinks:
            sink.write(line)

    def _write(self, rows: list[str]) -> None:
        if self._csv_sink is not None and self._csv_sink.failure is None:
            for row in rows:
                self._csv_sink.write(row)

    def _leave(self, one: Followed, alive: bool) -> None:
        self._write(one.rest())
        recorded = one.recorded(alive)
        self.left.append(recorded)
        self.overhead.emit(
            "process_left",
            pid=recorded.pid,
            comm=recorded.comm,
            alive=alive,
            lines=recorded.lines,
            wall_s=round(recorded.wall_s, 6),
            user_s=round(recorded.user_s, 6),
            system_s=round(recorded.system_s, 6),
            wait_s=round(recorded.wait_s, 6),
        )

    def _end_all(self) -> None:
        if not self._written and self._root is not None:  # all were idle: a log says so, and is not empty
            self._line(self._root, self._root.whole())
        for one in self._followed.values():
            self._leave(one, alive=not one.ended)
        self._followed.clear()

    def _skipped(self) -> int:
        return sum(sink.skipped for sink in [*self._course_sinks, self._csv_sink] if sink is not None)
