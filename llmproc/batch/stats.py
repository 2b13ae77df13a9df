"""Counts of what has been done so far; how fast it is, and how long the rest will take. Pure: moments are given.

Used by `display` and `summary`. Kept by main's loop.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from llmproc.batch.record import ResultRow

_WINDOW_S = 5.0  # over which tokens/s is shown


@dataclass(slots=True)
class BatchWorkerStats:
    """Counts of one worker; a row of several answers is the first one's worker's, its tokens each worker's own."""

    rows: int = 0
    new_tokens: int = 0
    replayed: int = 0  # rows it finished that another had begun


@dataclass(slots=True)
class BatchStats:
    """Counts of this run; `reused` and `reused_failed` are results that were there before."""

    ok: int = 0
    failed: int = 0
    reused: int = 0
    reused_failed: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    new_tokens: int = 0
    queue_s: float = 0.0  # summed over answered rows
    queue_most_s: float = 0.0
    first_dispatch: float | None = None
    last_end: float | None = None
    workers: dict[int, BatchWorkerStats] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """Return the rows answered or refused by this run."""
        return self.ok + self.failed

    @property
    def any_failed(self) -> bool:
        """Return whether the results have a failed row, of this run or an earlier one."""
        return bool(self.failed or self.reused_failed)

    @property
    def work_s(self) -> float:
        """Return the seconds from the first request's dispatch to the last one's end."""
        if self.first_dispatch is None or self.last_end is None:
            return 0.0
        return self.last_end - self.first_dispatch

    @property
    def tokens_per_s(self) -> float:
        """Return the new tokens over `work_s`."""
        return self.new_tokens / self.work_s if self.work_s > 0 else 0.0

    def add(self, row: ResultRow, dispatched: float | None = None, ended: float | None = None) -> None:
        """Count a row's result, with the moments of its request on CLOCK_MONOTONIC."""
        if row.status == "ok":
            self.ok += 1
        else:
            self.failed += 1
        self.prompt_tokens += row.prompt_tokens
        self.cached_tokens += row.cached_tokens
        self.new_tokens += sum(answer.new_tokens for answer in row.choices or (row,))
        if dispatched is not None:
            self.first_dispatch = min(dispatched, self.first_dispatch or dispatched)
            self.queue_s += row.queue_s
            self.queue_most_s = max(self.queue_most_s, row.queue_s)
        if ended is not None:
            self.last_end = max(ended, self.last_end or ended)
        if row.worker is not None:
            own = self.workers.setdefault(row.worker, BatchWorkerStats())
            own.rows += 1
            own.replayed += row.attempts > 1
        for answer in row.choices or (row,):
            if answer.worker is not None:
                self.workers.setdefault(answer.worker, BatchWorkerStats()).new_tokens += answer.new_tokens


class RowSpeed:
    """The speed of a count that grows, over the last seconds."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def at(self, now: float, count: int) -> float:
        """Return the speed per second; 0 before the second call."""
        self._seen.append((now, count))
        while len(self._seen) > 2 and now - self._seen[0][0] > _WINDOW_S:
            self._seen.popleft()
        first, before = self._seen[0]
        return max(0, count - before) / (now - first) if now > first else 0.0


def expected_rows(read: int, position: int, size: int | None, ended: bool) -> int | None:
    """Return the expected rows of the whole input, by the bytes read so far; None when it cannot be known."""
    if ended:
        return read
    if size is None or not position:
        return None
    return max(read, round(read * size / position))


def remaining_s(done: float, total: int | None, elapsed_s: float) -> float | None:
    """Return the seconds until `total` rows are done, if `done` (parts too) took `elapsed_s`; None when unknown."""
    if total is None or done < 1 or elapsed_s <= 0:
        return None
    return max(0, total - done) * elapsed_s / done
