"""What became of every request of a run, and how many were under way at each moment.

A finished request's record passes by `LoadRecorder.finished` once, whether it succeeded, failed or was interrupted:
`also` is called with it, which is the place for a tracer. Under way means sent and not ended; a wait before a retry is
not.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from llmproc.client.answer import RemoteAnswer
from llmproc.client.body import RemoteRequest
from llmproc.client.verdict import FailureKind

GONE_AFTER = 20  # attempts in a row without a connection, and twice as many as may be under way, after which it is gone
Finished = Callable[[RemoteRequest, RemoteAnswer], None]


def ignore_finished(request: RemoteRequest, answer: RemoteAnswer) -> None:
    """Do nothing with it."""


@dataclass(frozen=True, slots=True)
class SentRequest:
    """One request. `number`: in the order of sending; `due_s`: when an open loop wanted it sent, after the start."""

    number: int
    due_s: float | None
    answer: RemoteAnswer


@dataclass(frozen=True, slots=True)
class LoadRun:
    """One run as it was. Moments of time.perf_counter; `cpu_s`: of this process meanwhile."""

    started: float
    ended: float
    cpu_s: float
    planned: int
    records: Sequence[SentRequest]
    in_flight: Sequence[tuple[float, int]]
    stopped: str  # "", "signal", "server gone"


class LoadRecorder:
    """The RequestObserver of one run."""

    def __init__(self, requests: Sequence[RemoteRequest], concurrency: int, also: Finished = ignore_finished) -> None:
        """Know the requests by identity. `concurrency`: as many may be under way."""
        self._numbers = {id(request): number for number, request in enumerate(requests)}
        self._requests, self._also = requests, also
        self._latest: deque[bool] = deque(maxlen=max(GONE_AFTER, 2 * concurrency))  # could not connect
        self.due: dict[int, float] = {}
        self.records: list[SentRequest] = []
        self.changes: list[tuple[float, int]] = []  # (moment, under way from then on)
        self.started = time.perf_counter()
        self.on_gone: Callable[[], None] | None = None

    @property
    def under_way(self) -> int:
        """Return how many requests are under way."""
        return self.changes[-1][1] if self.changes else 0

    @property
    def server_gone(self) -> bool:
        """Return whether the latest attempts all found no server."""
        return len(self._latest) == self._latest.maxlen and all(self._latest)

    def begin(self) -> None:
        """Take now as the start."""
        self.started = time.perf_counter()

    def sent(self, at: float) -> None:
        self.changes.append((at, self.under_way + 1))

    def ended(self, at: float) -> None:
        self.changes.append((at, self.under_way - 1))

    def finished(self, request: RemoteRequest, answer: RemoteAnswer) -> None:
        number = self._numbers[id(request)]
        self.records.append(SentRequest(number, self.due.get(number), answer))
        self._latest.append(answer.failure is not None and answer.failure.kind is FailureKind.CONNECT)
        if self.server_gone and self.on_gone is not None:
            self.on_gone()
        self._also(request, answer)
