"""One process that the recorder follows: what it has done since it was first seen, and the window of its next line.

Used by the recorder. It adds up and formats; the recorder decides when to look, and Subject reads.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from operator import attrgetter

from llmproc.monitor.cgroup import Groups
from llmproc.monitor.courselog import format_line
from llmproc.monitor.proc import Stat, comm_text
from llmproc.monitor.subject import Subject
from llmproc.monitor.usage import ProcSample, Rates, cpu_percent, rates

_PSS_EVERY_S = 3.0
_said = attrgetter("state", "policy", "nice", "processor", "num_threads", "utime", "stime", "minflt", "majflt", "comm")


@dataclass(frozen=True, slots=True)
class Recorded:
    """Sums over the time in which one process was followed."""

    last: Stat  # as it was seen for the last time
    wall_s: float
    user_s: float
    system_s: float
    wait_s: float  # ready to run, but waiting for a core
    pss: int | None  # bytes, the highest that was read
    lines: int  # course lines
    alive: bool  # it went on when the recording ended

    @property
    def pid(self) -> int:
        """Return its process id."""
        return self.last.pid

    @property
    def comm(self) -> str:
        """Return its name with the parentheses, on one line and valid UTF-8."""
        return comm_text(self.last.comm)

    @property
    def cpu_s(self) -> float:
        """Return user and system seconds."""
        return self.user_s + self.system_s

    @property
    def user_percent(self) -> float:
        """Return the average of user time in percent of one core."""
        return self._percent(self.user_s)

    @property
    def system_percent(self) -> float:
        """Return the average of system time in percent of one core."""
        return self._percent(self.system_s)

    @property
    def wait_percent(self) -> float:
        """Return run-queue wait in percent of the time; more than 100 when several threads wait."""
        return self._percent(self.wait_s)

    def _percent(self, seconds: float) -> float:
        return 100 * seconds / self.wall_s if self.wall_s > 0 else 0.0


def _same(told: ProcSample, sample: ProcSample) -> bool:
    """Return whether a row of `sample` would have nothing new but its time: no time used or waited, nothing changed."""
    return told.tasks == sample.tasks and _said(told.stat) == _said(sample.stat)


@dataclass(frozen=True, slots=True)
class Window:
    """Two samples of one process, and what it did in between."""

    begin: ProcSample
    end: ProcSample
    rates: Rates


class Followed(Subject):
    """A process, and its sums."""

    def __init__(self, stat: Stat, born: float | None, now: float, cpus: int, groups: Groups, root: str) -> None:
        """Start following. `born`: when, if during the recording; else `now` is its first sample."""
        super().__init__(*stat.key, groups=groups, root=root)
        self.lines = 0
        self.ended = False  # a zombie, not reaped yet
        self._cpus = cpus
        self._user_s = self._system_s = self._wait_s = 0.0
        self._highest_pss: int | None = None
        if born is not None:
            nothing = replace(stat, utime=0, stime=0, minflt=0, majflt=0)
            self.last = ProcSample(born, nothing, {})
        self.began = self.last or self.read(now) or ProcSample(now, stat, None)
        self._line_since = self.began
        self._told: ProcSample | None = None  # the last one that has rows
        self._untold: ProcSample | None = None  # a later one that said nothing new

    def sample(self, now: float, detailed: bool) -> ProcSample | None:
        """Read the process and add up what it did; None when it is gone.

        `detailed`: its tasks' context switches too.
        """
        before = self.last or self.began
        sample = self.read(now, switches=detailed)
        if sample is not None:
            did = rates(before, sample, self._cpus)
            self._user_s += did.user_percent / 100 * did.elapsed_s
            self._system_s += did.system_percent / 100 * did.elapsed_s
            self._wait_s += (did.wait_percent or 0.0) / 100 * did.elapsed_s
        return sample

    def watch_memory(self, now: float) -> None:
        """Read PSS when it is due: a young process grows, and may end before it is old."""
        self.read_pss(now, min(_PSS_EVERY_S, now - self.began.t))
        if self.pss is not None:
            self._highest_pss = max(self._highest_pss or 0, self.pss)

    def news(self, sample: ProcSample) -> list[str]:
        """Return rows for proc.csv: none while the process does nothing, whose last row follows when it goes on."""
        if self._told is not None and not self.pss_is_new and _same(self._told, sample):
            self._untold = sample
            return []
        rows = [*self.rest(), *self.rows(sample, None)]
        self._told = sample
        return rows

    def rest(self) -> list[str]:
        """Return the row that `news` held back, if any."""
        untold, self._untold = self._untold, None
        return [] if untold is None else self.rows(replace(untold, switches=None), None)

    def window(self, sample: ProcSample, shortest_s: float) -> Window | None:
        """Return the window of the next course line: from the end of the last window to `sample`.

        None while that is shorter than `shortest_s`: the window stays open.
        """
        since = self._line_since
        if sample.t - since.t < shortest_s:
            return None
        self._line_since = sample
        return Window(since, sample, rates(since, sample, self._cpus))

    def line(self, window: Window) -> str:
        """Return the course line."""
        self.lines += 1
        return format_line(window.end.stat, cpu_percent(window.begin, window.end, self._cpus))

    def whole(self) -> Window:
        """Return the whole time in which it was followed as one window."""
        end = self.last or self.began
        return Window(self.began, end, rates(self.began, end, self._cpus))

    def recorded(self, alive: bool) -> Recorded:
        """Return the sums."""
        last = self.last or self.began
        wall_s, pss = last.t - self.began.t, self._highest_pss
        return Recorded(last.stat, wall_s, self._user_s, self._system_s, self._wait_s, pss, self.lines, alive)
