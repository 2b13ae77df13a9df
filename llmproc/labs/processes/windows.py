"""Whether cpu% agrees with the ticks of its own lines. Pure: works on a transcript.

The moment at which a line was sampled is not in it, but its ticks are, and the checker watched the same ticks: the
sample lies after the last look that saw fewer of them and before the first look that saw more, and before the line
arrived. So a slow machine, or a line that came late, widens the bounds and never breaks them.
"""

from __future__ import annotations

from dataclasses import dataclass

from llmproc.labs.checking.transcript import AskedTurn, ProcessTrace, Transcript
from llmproc.monitor.courselog import CourseLine
from llmproc.monitor.proc import TICKS_PER_SECOND

SLACK_TICKS = 2  # rounding of the two counters, at both ends
SLACK = 0.15  # of the value
SLACK_PERCENT = 5.0


@dataclass(frozen=True, slots=True)
class SampleMoment:
    """A moment that lies between two times, and the ticks that a process had used by then."""

    earliest: float
    latest: float
    ticks: int


@dataclass(frozen=True, slots=True)
class JudgedWindow:
    """A line, and the values of cpu% that its ticks and the time since the line before it allow."""

    line: CourseLine
    ticks: int
    elapsed: tuple[float, float]
    lowest: float
    highest: float

    @property
    def agrees(self) -> bool:
        """Return whether the line's cpu% is one of them."""
        return self.lowest <= self.line.cpu_percent <= self.highest

    def describe(self) -> str:
        """Return the window in words."""
        shortest, longest = self.elapsed
        took = f"{self.ticks} ticks in {shortest:.2f} to {longest:.2f} s"
        return f"cpu% {self.line.cpu_percent:g} for {took}, which allows {self.lowest:.0f} to {self.highest:.0f}"


def judge_windows(seen: Transcript) -> list[JudgedWindow]:
    """Judge every course line of a known process: since the line before it, or since the start of its turn."""
    found = []
    for place, exchange in enumerate(seen.exchanges):
        after = seen.exchanges[place + 1].sent if place + 1 < len(seen.exchanges) else float("inf")
        before: dict[int, SampleMoment] = {}
        for logged in seen.log:
            line = logged.course
            trace = _trace_of(seen, line)
            if line is None or trace is None or not exchange.sent <= logged.arrived < after:
                continue
            moment = sampled(trace, line.utime + line.stime, logged.arrived)
            past = before.get(line.pid) or _turn_start(seen, exchange, trace, moment)
            before[line.pid] = moment
            found.append(_window(line, past, moment))
    return found


def sampled(trace: ProcessTrace, ticks: int, arrived: float) -> SampleMoment:
    """Find when a process had used that many ticks, as the checker's own looks bound it."""
    earliest, latest = trace.glimpses[0].before, arrived
    for glimpse in trace.glimpses:
        if glimpse.ticks <= ticks - SLACK_TICKS:
            earliest = glimpse.before
        elif glimpse.ticks >= ticks + SLACK_TICKS:
            latest = min(latest, glimpse.after)
            break
    return SampleMoment(min(earliest, latest), latest, ticks)


def _trace_of(seen: Transcript, line: CourseLine | None) -> ProcessTrace | None:
    if line is None:
        return None
    return next((trace for (pid, _), trace in seen.traces.items() if pid == line.pid), None)


def _turn_start(seen: Transcript, exchange: AskedTurn, trace: ProcessTrace, first: SampleMoment) -> SampleMoment:
    """Bound the start of a turn: not before the answer before it was complete, not after the process began to work."""
    place = seen.exchanges.index(exchange)
    earliest = seen.exchanges[place - 1].done if place else seen.started
    idle = [glimpse for glimpse in trace.glimpses if glimpse.before <= exchange.sent] or trace.glimpses[:1]
    base = idle[-1].ticks
    moved = next((glimpse.after for glimpse in trace.glimpses if glimpse.ticks > base), first.latest)
    return SampleMoment(earliest, min(max(moved, exchange.sent), first.latest), base)


def _window(line: CourseLine, past: SampleMoment, now: SampleMoment) -> JudgedWindow:
    ticks = now.ticks - past.ticks
    shortest = max(now.earliest - past.latest, 1e-3)
    longest = max(now.latest - past.earliest, shortest)
    least = 100 * (ticks - SLACK_TICKS) / (longest * TICKS_PER_SECOND)
    lowest = max(0.0, least * (1 - SLACK) - SLACK_PERCENT)
    highest = 100 * (ticks + SLACK_TICKS) / (shortest * TICKS_PER_SECOND) * (1 + SLACK) + SLACK_PERCENT
    return JudgedWindow(line, ticks, (shortest, longest), lowest, highest)
