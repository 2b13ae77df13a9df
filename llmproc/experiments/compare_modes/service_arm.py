"""The arm of `compare-modes`: every run has template and workers of its own, so that no run finds another's prefixes.

    start a service -> wait for every worker -> submit all prompts -> collect all ends -> read /proc -> close

Implements `experiments.compare_modes.arm.Arm`; what is compared and what it means is not known here.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import msgspec

from llmproc.errors import RequestError, StartError
from llmproc.experiments.compare_modes.arm import ArmRow, ArmRun, Prompt
from llmproc.experiments.compare_modes.options import CompareOptions
from llmproc.monitor import proc
from llmproc.monitor.events import Event, RequestStolen, TemplateStarted, WorkerReady
from llmproc.monitor.stderr_tail import stderr_tail
from llmproc.service.config import ServiceConfig
from llmproc.service.messages import Finish, Generate
from llmproc.service.service import Service
from llmproc.service.ticket import Ticket, Tokens
from llmproc.session.conversation import Conversation
from llmproc.session.launch import Launch
from llmproc.session.model_files import read_model_files

_START_S = 120.0  # for all workers; the first of them may wait for kernels to be compiled


class _ArmObserver:
    """An observer that counts what tickets do not hold."""

    def __init__(self) -> None:
        self.template, self.steals = 0, 0
        self.workers: set[int] = set()
        self.changed = threading.Condition()

    def on_event(self, event: Event) -> None:
        """Count; the service's observer, on its I/O thread."""
        with self.changed:
            if isinstance(event, TemplateStarted):
                self.template = event.pid
            elif isinstance(event, WorkerReady):
                self.workers.add(event.worker)
            elif isinstance(event, RequestStolen):
                self.steals += 1
            self.changed.notify_all()


@contextmanager
def open_arm(options: CompareOptions) -> Iterator[ProcessArm]:
    """Give an arm for the options; nothing is started yet. Raises CheckpointError and TokenizerError."""
    output = os.memfd_create("llmproc-stderr", os.MFD_CLOEXEC)
    try:
        yield ProcessArm(options, output)
    finally:
        os.close(output)


class ProcessArm:
    """An arm on real processes; each run starts a service of its own."""

    def __init__(self, options: CompareOptions, output: int) -> None:
        """Prepare an arm. `output`: the descriptor that children's output goes to."""
        self._options, self._output = options, output
        self._orders: dict[Prompt, Generate] = {}
        if options.work == "generate":
            self._files = read_model_files(options.model, options.tokenizer)
            self._files.check_system(options.system)

    def run(self, mode: str, workers: int, prompts: Sequence[Prompt]) -> ArmRun:
        options, watcher = self._options, _ArmObserver()
        config = ServiceConfig(
            options.model, workers, options.engine, output_fd=self._output, mode=mode, work=options.work
        )
        with Launch(config, watcher, lambda: stderr_tail(self._output)) as launch:
            service = launch.service
            orders = [self._order(prompt) for prompt in prompts]
            service.start()
            _wait(service, watcher, workers)
            pids = [worker.pid for worker in service.workers()]
            before = _waited_s(pids)
            began = time.monotonic()
            tickets = [service.submit(order) for order in orders]
            ends = [_collect(ticket) for ticket in tickets]
            elapsed = max((ticket.ended or began) for ticket in tickets) - began
            waited, pss = _waited_s(pids), _pss([watcher.template, *pids])
        rows = tuple(
            _row(place, began, ticket, *end, generated=options.work == "generate")
            for place, (ticket, end) in enumerate(zip(tickets, ends, strict=True))
        )
        cost = None if before is None or waited is None else max(0.0, waited - before)
        return ArmRun(elapsed, rows, watcher.steals, cost, pss)

    def _order(self, prompt: Prompt) -> Generate:
        if self._options.work == "wait":
            assert prompt.cost is not None
            return Generate.greedy([1], 1, wait_s=prompt.cost * self._options.unit_s)
        if prompt not in self._orders:
            sampling = self._options.sampling
            if prompt.tokens is not None:
                sampling = sampling.changed(max_tokens=prompt.tokens)
            files, system = self._files, self._options.system
            seq_len = files.context(self._options.engine)
            ends = files.model.description.end_tokens
            asking = Conversation(files.tokenizer, files.template, seq_len, sampling, system, ends=ends)
            order = asking.prepare(prompt.text).order
            if prompt.tokens is not None:
                if len(order.ids) + prompt.tokens > seq_len:
                    rule = f"{len(order.ids)} ids and {prompt.tokens} of answer are more than a context of {seq_len}"
                    raise RequestError(f"prompt {prompt.text[:40]!r}: {rule}")
                order = msgspec.structs.replace(order, max_tokens=prompt.tokens, end_tokens=[])
            self._orders[prompt] = order
        return self._orders[prompt]


def _wait(service: Service, watcher: _ArmObserver, workers: int) -> None:
    """Wait for every worker. Raises what the service has given up with, StartError when it takes too long."""
    service.wait_ready(_START_S)
    with watcher.changed:
        if not watcher.changed.wait_for(lambda: len(watcher.workers) == workers or service.error, _START_S):
            raise StartError(f"{len(watcher.workers)} of {workers} workers are ready after {_START_S:g} s")
    if service.error:
        raise service.error


def _collect(ticket: Ticket) -> tuple[list[int], Finish]:
    ids: list[int] = []
    ticket.wait()  # a thread that is woken by every token takes time from the workers
    for event in ticket:
        if isinstance(event, Tokens):
            ids += event.ids
    assert isinstance(event, Finish)
    return ids, event


def _row(place: int, began: float, ticket: Ticket, ids: list[int], finish: Finish, generated: bool) -> ArmRow:
    ended = ticket.ended or began
    taken = ended if ticket.dispatched is None else max(began, ticket.dispatched)
    digest = hashlib.sha256(b"".join(token.to_bytes(4, "little") for token in ids)).hexdigest()[:16]
    return ArmRow(
        request=place,
        worker=ticket.worker or 0,
        queue_s=max(0.0, taken - ticket.submitted),
        service_s=max(0.0, ended - taken),
        started_s=taken - began,
        ended_s=ended - began,
        tokens=len(ids),
        digest=digest if generated else "",
        error=finish.message or finish.reason if finish.reason in ("failed", "cancelled") else "",
    )


def _waited_s(pids: Sequence[int]) -> float | None:
    """Return for how many seconds tasks of the processes waited for a CPU; None if that is unknown for one of them."""
    found = [proc.read_schedstat(pid) for pid in pids]
    return None if None in found else sum(times.wait_ns for times in found if times) / 1e9


def _pss(pids: Sequence[int]) -> int | None:
    found = [proc.read_pss(pid) for pid in pids]
    return None if None in found else sum(size for size in found if size)
