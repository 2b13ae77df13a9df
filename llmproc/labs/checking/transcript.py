"""Everything one run of a checked program showed, as data. Used by the judges, which start nothing and read nothing."""

from __future__ import annotations

import bisect
from dataclasses import dataclass, field

from llmproc.monitor.courselog import CourseLine, parse_line
from llmproc.monitor.proc import Stat, policy_name

_RESOLUTION_TICKS = 4


@dataclass(frozen=True, slots=True)
class Glimpse:
    """One look at one process: it was read at some moment between `before` and `after` (monotonic seconds)."""

    before: float
    after: float
    ticks: int  # user and system time


@dataclass(slots=True)
class ProcessTrace:
    """One process as it was seen over time."""

    last: Stat
    glimpses: list[Glimpse] = field(default_factory=list)
    alive: bool = True  # neither gone nor a zombie
    parents: set[int] = field(default_factory=set)  # pids of its parents while it ran

    @property
    def used(self) -> int:
        """Count ticks used while it was watched."""
        return self.glimpses[-1].ticks - self.glimpses[0].ticks

    def used_since(self, moment: float) -> int:
        """Count ticks used after `moment`."""
        place = bisect.bisect(self.glimpses, moment, key=lambda glimpse: glimpse.before) - 1
        return self.glimpses[-1].ticks - self.glimpses[max(place, 0)].ticks

    def describe(self) -> str:
        """Return the process in words: pid, name and scheduling."""
        return f"{self.last.pid} {self.last.comm} {policy_name(self.last.policy)} nice {self.last.nice}"


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of stderr and when it arrived."""

    arrived: float
    text: str

    @property
    def course(self) -> CourseLine | None:
        """Return its numbers; None when it is not a course line."""
        return parse_line(self.text)


@dataclass(slots=True)
class AskedTurn:
    """One prompt and what followed: `begin` and `end` are places in the transcript's output."""

    prompt: str
    sent: float
    begin: int
    end: int = 0
    done: float = 0.0


@dataclass(slots=True)
class Transcript:
    """One run: its output, its log, its processes and its end."""

    pid: int
    started: float
    out: bytearray = field(default_factory=bytearray)
    log: list[LogLine] = field(default_factory=list)
    exchanges: list[AskedTurn] = field(default_factory=list)
    traces: dict[tuple[int, int], ProcessTrace] = field(default_factory=dict)  # by pid and start time
    told_at: int = 0  # place in the output at the moment of the signal or of the end of input
    target: int = 0  # pid that was killed
    status: int | None = None  # as subprocess says it; None while it runs, and for one that had to be killed
    given_up: str = ""  # why waiting ended
    left: list[str] = field(default_factory=list)  # processes that outlived the program

    @property
    def main(self) -> ProcessTrace | None:
        """Return the program that was started."""
        return next((trace for (pid, _), trace in self.traces.items() if pid == self.pid), None)

    @property
    def others(self) -> list[ProcessTrace]:
        """Return every other process below it."""
        return [trace for (pid, _), trace in self.traces.items() if pid != self.pid]

    @property
    def worker(self) -> ProcessTrace | None:
        """Return the process that used the most CPU time since the first prompt.

        Where the counters' resolution cannot tell, a child of the program, and first of all the one the log is about.
        """
        since = self.exchanges[0].sent if self.exchanges else self.started
        logged = {line.course.pid for line in self.log if line.course is not None}

        def rank(trace: ProcessTrace) -> tuple[bool, bool, int]:
            child = self.pid in trace.parents
            return child and trace.last.pid in logged, child, trace.used_since(since)

        most = max((trace.used_since(since) for trace in self.traces.values()), default=0)
        close = [trace for trace in self.traces.values() if trace.used_since(since) >= most - _RESOLUTION_TICKS]
        return max(close, key=rank, default=None)

    def text(self, begin: int = 0, end: int | None = None) -> str:
        """Return the output between two places."""
        return self.out[begin:end].decode("utf-8", "replace")

    def last_line(self) -> str:
        """Return the last line of the log or of the output, for a program that ended too early."""
        lines = [line.text for line in self.log if line.course is None] or self.text().splitlines()
        return next((line.strip()[:160] for line in reversed(lines) if line.strip()), "")

    def ending(self) -> str:
        """Say how the program ended."""
        if self.status is None:
            return self.given_up or "it was still running"
        how = f"signal {-self.status}" if self.status < 0 else f"status {self.status}"
        words = self.last_line()
        return f"it ended with {how}" + (f" ({words})" if words else "")
