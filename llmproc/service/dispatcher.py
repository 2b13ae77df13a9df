"""Answering: every accepted request ends in exactly one Finish, whatever workers say and however they die.

    accept --> Placement ~~~~> worker --Events--> frame --> ticket: Tokens ..., Finish
                   ^                                |
                   +---- worker_died (or blamed) ---+

Listens to the supervisor for what is about requests. Where a request stands is `placement`'s affair, what a death means
`request_state`'s. Runs on the I/O thread. The observer gets every event before the ticket gets what it is about.
"""

from __future__ import annotations

import time

import msgspec

from llmproc.errors import LlmprocError, RequestError
from llmproc.monitor.events import (
    FirstToken,
    RanksChanged,
    RequestArrived,
    RequestDispatched,
    RequestDone,
    RequestStolen,
    StepSummary,
    TurnBegan,
    TurnEnded,
)
from llmproc.monitor.observer import OnEvent
from llmproc.processes.frames import Frame
from llmproc.service.messages import Events, Finish, RanksInUse, Taken, from_frame
from llmproc.service.placement import Placement
from llmproc.service.request_state import RequestState, blame
from llmproc.service.ticket import Tokens
from llmproc.service.wakeups import Workers

STEP_SUMMARY_S = 0.3


class Dispatcher:
    """Implements WorkListener; `accept`, `cancel` and `end_all` are posted to the I/O thread."""

    def __init__(self, placement: Placement, workers: Workers, on_event: OnEvent) -> None:
        self._placement, self._workers, self._on_event = placement, workers, on_event
        self._requests: dict[int, RequestState] = {}  # without a Finish, or answered and still on the board

    # -- callers ----------------------------------------------------------------------------------------------------

    def accept(self, request: RequestState) -> None:
        """Take a request: from here on it ends in exactly one Finish."""
        self._requests[request.request_id] = request
        prompt = len(request.order.ids)
        self._on_event(RequestArrived(request=request.request_id, session=request.session, prompt_tokens=prompt))
        self._placement.add(request)

    def cancel(self, request_id: int) -> None:
        """End a request; what it has so far stays."""
        request = self._requests.get(request_id)
        if request is None or request.cancelled:
            return
        request.cancelled = True
        if request.worker is not None:
            self._placement.send_cancel(request, request.worker)
        else:
            self._placement.cancel(request)
            self._answer(request, request.end("cancelled"))

    def end_all(self, reason: LlmprocError | None) -> None:
        """End what is open, as nothing answers any more: failed for a reason, cancelled without one.

        The board is left as it stands.
        """
        self._placement.forget_waiting()
        for request in self.open_requests():
            if reason:
                self._answer(request, request.end("failed", str(reason)))
            else:
                self._answer(request, request.end("cancelled", "the service was closed"))

    def open_requests(self) -> list[RequestState]:
        """Return those without a Finish, in the order they were accepted."""
        return [request for request in list(self._requests.values()) if not request.answered]

    # -- workers ----------------------------------------------------------------------------------------------------

    def worker_ready(self, worker: int) -> None:
        """Give a new worker what waits for it."""
        self._placement.worker_ready(worker)

    def frame(self, worker: int, frame: Frame) -> None:
        """Take a worker's message. ProtocolError when it is none."""
        message = from_frame(frame)
        if isinstance(message, Events):
            self.on_events(worker, message)
        elif isinstance(message, RanksInUse):
            pid = self._workers.pid(worker)
            self._on_event(RanksChanged(worker=worker, pid=pid, **msgspec.structs.asdict(message)))

    def on_events(self, worker: int, events: Events) -> None:
        """Take everything that a worker sent together."""
        took, finished = 0, False
        for number, ids in zip(events.requests, events.tokens, strict=True):
            request = self._requests.get(number)
            if request is not None and request.worker == worker:
                self._tokens(request, Tokens(ids, number in events.closed, events.likely.get(number, [])))
        for event in events.items:
            request = self._requests.get(event.request_id)
            if isinstance(event, Taken):
                took += 1
                if request is not None:
                    self._taken(request, worker, event)
            else:
                finished = True
                if request is not None and request.answered:  # no caller waits for it: its slot is free again
                    self._release(request)
                elif request is not None and request.worker == worker:
                    self._end(request, request.finish(event))
        self._placement.spoke(worker, took, finished)

    def worker_died(self, worker: int, now: float) -> None:
        """Let what it ran run again, or fail what is to blame. It has been reaped, and all it said was taken."""
        for request in self._placement.won_by(worker):
            if request.answered:
                self._release(request)
            elif request.worker is None:  # it won it and could not say so any more
                self._placement.taken(request, worker, now)
        again, blamed = blame(self._placement.running(worker), now)
        for request in blamed:
            self._end(request, request.end("failed", f"{request.deaths} workers in a row died on this request"))
        for request in again:
            self._again(request)
        self._placement.worker_died(worker)

    def holds_work(self, worker: int) -> bool:
        """Return whether a request is at stake: a death would be one over a request, and silence a reason to look."""
        return self._placement.expects(worker)

    def on_health_tick(self, worker: int) -> None:
        """Wake another one for what waits: twice a second while work is held."""
        self._placement.wake_again()

    def round_ended(self) -> bool:
        """Act on all that this round brought; returns whether there was anything but tokens."""
        if not self._placement.pending:
            return False
        for request, reason in self._placement.flush():
            self._answer(request, request.end("failed", reason))
        return True

    # -- one request ------------------------------------------------------------------------------------------------

    def _taken(self, request: RequestState, worker: int, event: Taken) -> None:
        if request.answered:
            self._placement.send_cancel(request, worker)  # it may have been won just before the flag was set
            return
        pid, ticket = self._workers.pid(worker), request.ticket
        if not self._placement.runs(worker):
            self._on_event(TurnBegan(pid=pid))
        self._placement.taken(request, worker, event.at)
        ticket.dispatched = ticket.dispatched or event.at
        ticket.worker, ticket.attempts = worker, request.attempts
        number, ring = request.request_id, event.ring
        self._on_event(RequestDispatched(request=number, worker=worker, pid=pid, ring=ring, at=event.at))
        if ring != worker:
            self._on_event(RequestStolen(request=number, worker=worker, pid=pid, ring=ring, at=event.at))

    def _tokens(self, request: RequestState, new: Tokens) -> None:
        if not request.emitted:
            self._on_event(FirstToken(request=request.request_id))
        if not request.add(new.ids, new.closed):
            return
        request.ticket.put(new)
        now = time.monotonic()
        if now - request.summarised >= STEP_SUMMARY_S:
            request.summarised = now
            tokens = len(request.emitted)
            position = len(request.order.ids) + tokens
            self._on_event(StepSummary(request=request.request_id, position=position, tokens=tokens))

    def _again(self, request: RequestState) -> None:
        """Let the request of a dead worker wait again."""
        if request.cancelled:
            self._end(request, request.end("cancelled"))
            return
        try:
            self._placement.take_back(request)
        except RequestError as error:
            self._end(request, request.end("failed", str(error)))

    def _release(self, request: RequestState) -> None:
        self._placement.release(request)
        if request.answered:
            del self._requests[request.request_id]

    def _end(self, request: RequestState, finish: Finish) -> None:
        """End it by the worker that ran it, or after its death."""
        self._release(request)
        self._answer(request, finish)

    def _answer(self, request: RequestState, finish: Finish) -> None:
        """Give its caller the one Finish."""
        worker = request.worker
        request.answered = True
        if request.place is None:
            del self._requests[request.request_id]
        self._placement.leave_worker(request)
        if worker is not None and not self._placement.runs(worker) and (pid := self._workers.pid(worker)):
            self._on_event(TurnEnded(pid=pid))
        self._on_event(
            RequestDone(
                request=request.request_id,
                reason=finish.reason,
                prompt_tokens=finish.prompt_tokens,
                cached_tokens=finish.cached_tokens,
                new_tokens=finish.new_tokens,
                positions=finish.positions - request.start,
                seq_len=finish.positions,
                prefill_s=finish.prefill_s,
                decode_s=finish.decode_s,
                message=finish.message,
            )
        )
        request.ticket.put(finish)
