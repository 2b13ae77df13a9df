"""The arm of `compare-modes --url`: connections to servers in place of workers, new ones for every run.

    open connections -> submit all prompts -> collect all ends -> close

Implements `experiments.compare_modes.arm.PromptArm`. Servers keep what they have cached from run to run; only the
warm-up makes runs alike in that.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace

from llmproc.client.body import RemoteRequest
from llmproc.client.endpoint import RemoteEndpoint
from llmproc.experiments.compare_modes.arm import ArmRow, ArmRun, Prompt
from llmproc.experiments.compare_modes.options import CompareOptions
from llmproc.remote.models import find_servers
from llmproc.remote.options import RemoteOptions
from llmproc.remote.orders import RemoteOrder, RemoteTicket
from llmproc.remote.service import RemoteService
from llmproc.session.openai import chat_fields


@contextmanager
def open_arm(options: CompareOptions) -> Iterator[ConnectionArm]:
    """Give an arm for the options, once the servers have told their models. RemoteServerError, UsageError."""
    assert options.remote is not None
    yield ConnectionArm(options, options.remote, find_servers(options.remote).endpoints)


class ConnectionArm:
    """An arm on connections; each run opens its own."""

    def __init__(self, options: CompareOptions, remote: RemoteOptions, endpoints: Sequence[RemoteEndpoint]) -> None:
        self._options, self._remote, self._endpoints = options, remote, endpoints

    def run(self, mode: str, workers: int, prompts: Sequence[Prompt]) -> ArmRun:
        remote = replace(self._remote, connections=max(1, workers // len(self._endpoints)))
        left, done = len(prompts), threading.Event()

        def count_down(ticket: RemoteTicket) -> None:
            nonlocal left
            left -= 1
            if not left:
                done.set()

        with closing(RemoteService(self._endpoints, mode, remote, on_end=count_down)) as service:
            began = time.monotonic()
            tickets = [service.submit(self._order(prompt)) for prompt in prompts]
            service.start()
            done.wait()
        rows = tuple(_row(place, began, ticket) for place, ticket in enumerate(tickets))
        elapsed = max((ticket.ended or began) for ticket in tickets) - began
        return ArmRun(elapsed, rows, steals=sum(ticket.stolen for ticket in tickets))

    def _order(self, prompt: Prompt) -> RemoteOrder:
        sampling, system = self._options.sampling, self._options.system
        messages = [{"role": "user", "content": prompt.text}]
        request = RemoteRequest(
            messages if system is None else [{"role": "system", "content": system}, *messages],
            max_tokens=prompt.tokens or sampling.max_tokens,
            temperature=float(sampling.temperature),
            seed=sampling.seed,
            ignore_eos=sampling.ignore_eos or prompt.tokens is not None,
            extra=chat_fields(sampling),
        )
        cost = prompt.cost if prompt.cost is not None else sampling.max_tokens + len(prompt.text) / 4
        return RemoteOrder(request, cost)


def _row(place: int, began: float, ticket: RemoteTicket) -> ArmRow:
    ended = ticket.ended or began
    sent = ended if ticket.sent is None else ticket.sent
    answer, text = ticket.answer, "" if ticket.answer is None else ticket.answer.text
    return ArmRow(
        request=place,
        worker=ticket.connection or 0,
        queue_s=max(0.0, sent - ticket.submitted),
        service_s=max(0.0, ended - sent),
        started_s=sent - began,
        ended_s=ended - began,
        tokens=0 if answer is None else answer.tokens.completion or 0,
        digest=hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16],
        error=ticket.error or ("cancelled" if ticket.cancelled else ""),
    )
