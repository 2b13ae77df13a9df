"""The middle stage, main's loop: rows in, requests to the backend, results out. It waits for events only.

It sends while there is room: rows under way are bounded, and so are results not yet written, so that a slow disk or a
slow reader of stdout slows everything down instead of filling the memory. Which worker or server gets a request is
the backend's business, what is shown the display's.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from llmproc.batch.backend import Backend, LaneStatus, PreparedRow, RowUnderWay
from llmproc.batch.event_queue import (
    Arrived,
    Broken,
    EventQueue,
    EventsReady,
    InputEnded,
    Interrupted,
    Message,
    Written,
)
from llmproc.batch.reader import Reader
from llmproc.batch.record import ResultRow, refused
from llmproc.batch.rows import PromptRow, Refused
from llmproc.batch.snapshot import LaneSnapshot, RunSnapshot
from llmproc.batch.stages import Stages
from llmproc.batch.stats import BatchStats
from llmproc.batch.writer import Writer
from llmproc.errors import RequestError
from llmproc.telemetry.record import RequestRecord

_TICK_S = 0.2  # between two looks at the progress


@dataclass(frozen=True, slots=True)
class StageLimits:
    """Bounds on what may be between the stages, in rows; a row of several answers counts as several in flight."""

    in_flight: int  # sent and not ended
    ahead: int  # read and not sent
    unwritten: int  # sent or ended, and not written


class Show(Protocol):
    """The display of a run."""

    every_token: bool

    def tick(self, snapshot: RunSnapshot) -> None:
        """Show how far the run is; called a few times a second."""

    def pieces(self, row: PromptRow, text: str) -> None:
        """Show text that has come."""

    def ended(self, row: ResultRow) -> None:
        """Show that a row has its result."""


class SpanTaker(Protocol):
    """The export of traces. `content`: whether spans have texts."""

    @property
    def content(self) -> bool: ...

    def put(self, record: RequestRecord) -> None:
        """Take the record of a row that has ended."""


class Generating:
    """Main's loop over a run's events. `run` it once."""

    def __init__(
        self,
        backend: Backend,
        reader: Reader,
        writer: Writer,
        events: EventQueue,
        limits: StageLimits,
        stages: Stages,
        stats: BatchStats,
        show: Show,
        spans: SpanTaker | None = None,
    ) -> None:
        self.stats, self.reader = stats, reader
        self.in_flight: dict[int, RowUnderWay] = {}  # by the place of their rows
        self.ended_input = False
        self.total = 0  # rows of the input, once it has ended
        self.started = False  # the backend
        self.interrupted = False
        self._backend, self._writer, self._events, self._limits = backend, writer, events, limits
        self._clock, self._show, self._spans = stages.generating, show, spans
        self._waiting: deque[PreparedRow | Refused] = deque()
        self._unwritten = 0
        self._requests = 0  # of the rows in flight
        self._ready = False  # a worker has begun

    def run(self) -> None:
        """Work until every row of the input is written, or a signal came. Raises what broke a stage."""
        self._clock.start()
        self._clock.pause()
        next_tick = time.monotonic()
        try:
            while not self.interrupted and not (self.ended_input and not self._waiting and not self._unwritten):
                self._handle(self._next(next_tick - time.monotonic()))
                self._send()
                if time.monotonic() >= next_tick:
                    self._show.tick(self.snapshot())
                    next_tick = time.monotonic() + _TICK_S
        finally:
            self._clock.stop()

    def drain_ended(self) -> None:
        """Keep, after a signal, what is complete already."""
        for index in list(self.in_flight):
            self._drain(index)

    def snapshot(self) -> RunSnapshot:
        """Return the run as it stands."""
        stats, in_flight = self.stats, list(self.in_flight.values())
        return RunSnapshot(
            done=stats.rows,
            failed=stats.failed,
            reused=stats.reused,
            reused_failed=stats.reused_failed,
            finished_tokens=stats.new_tokens,
            unfinished_tokens=tuple(one.tokens for one in in_flight),
            first_dispatch=stats.first_dispatch,
            rows_read=self.reader.rows,
            position=self.reader.position,
            input_ended=self.ended_input,
            started=self.started,
            lanes=tuple(self._lane(info, in_flight) for info in self._backend.lanes()) if self.started else (),
        )

    def _lane(self, lane: LaneStatus, in_flight: list[RowUnderWay]) -> LaneSnapshot:
        own = self.stats.workers.get(lane.number)
        tokens = (own.new_tokens if own else 0) + sum(one.tokens_of(lane.number) for one in in_flight)
        return LaneSnapshot(lane.number, lane.name, lane.state, lane.running, tokens, own.rows if own else 0)

    # -- the events --------------------------------------------------------------------------------------------------

    def _next(self, timeout: float) -> Message | None:
        return self._events.take(max(0.0, timeout))

    def _handle(self, message: Message | None) -> None:
        match message:
            case Arrived(item):
                self._waiting.append(item)
            case EventsReady(index):
                self._drain(index)
            case Written(count):
                self._unwritten -= count
            case InputEnded(rows):
                self.ended_input, self.total = True, rows
            case Interrupted():
                self.interrupted = True
            case Broken(error):
                raise error

    # -- requests ---------------------------------------------------------------------------------------------------

    def _send(self) -> None:
        limits = self._limits
        while self._waiting and self._requests < limits.in_flight and self._unwritten < limits.unwritten:
            item = self._waiting.popleft()
            self.reader.taken()
            self._unwritten += 1
            if isinstance(item, Refused):
                self._end(refused(item))
            else:
                self._start_request(item)

    def _start_request(self, ready: PreparedRow) -> None:
        if not self.started:
            self.started = True
            self._backend.start()
        row = ready.row
        try:
            request = ready.send(partial(self._events.put, EventsReady(row.index)), self._show.every_token)
        except RequestError as error:
            self._end(refused(Refused(row.index, row.line, row.end, row.key, row.id, str(error), row.extra)))
            return
        self.in_flight[row.index] = request
        self._requests += request.requests
        if self._ready:
            self._clock.go_on()

    def _drain(self, index: int) -> None:
        request = self.in_flight.get(index)
        if request is None:
            return
        begun, _ = request.moments()
        if not self._ready and begun is not None:
            self._ready = True
            self._clock.go_on(begun)
        if pieces := request.drain():
            self._show.pieces(request.row, "".join(pieces))
        if not request.ended:
            return
        del self.in_flight[index]
        self._requests -= request.requests
        if not self.in_flight:
            self._clock.pause()
        if request.cut_off():
            return  # not this row's fault: it has no result, and the next run asks it again
        if self._spans is not None and (record := request.span(self._spans.content)) is not None:
            self._spans.put(record)
        self._end(request.result(), *request.moments())

    def _end(self, row: ResultRow, dispatched: float | None = None, ended: float | None = None) -> None:
        self.stats.add(row, dispatched, ended)
        self._writer.put(row)
        self._show.ended(row)
