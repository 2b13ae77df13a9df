"""Requests to servers from one thread with an event loop: it does what the dispatcher says, and decides nothing.

caller's thread                                  llmproc-remote (event loop)
submit --inbox, wake--------------------------->  settle: a task for each request that begins
RemoteTicket  <-- pieces, end, notify() --------  client.ask -> succeeded or failed -> settle
"""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import httpx

from llmproc.client.answer import RemoteAnswer
from llmproc.client.asking import AskOptions, ask, open_client
from llmproc.client.endpoint import RemoteEndpoint
from llmproc.client.reading import AnswerReader
from llmproc.client.verdict import FailureKind
from llmproc.dispatch.lanes import Begun
from llmproc.remote.dispatcher import AfterFailure, RemoteDispatcher
from llmproc.remote.health import ServerHealth, ServerState
from llmproc.remote.options import RemoteOptions
from llmproc.remote.orders import RemoteOrder, RemoteTicket


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """One server as a user sees it."""

    url: str
    state: str  # ready, or what it is instead, and why
    running: int


class RemoteService:
    """Connections to servers: start it, submit to it, close it. `submit` is for one thread at a time."""

    def __init__(
        self,
        endpoints: Sequence[RemoteEndpoint],
        mode: str,
        options: RemoteOptions,
        on_notice: Callable[[str], None] = lambda text: None,
        on_end: Callable[[RemoteTicket], None] = lambda ticket: None,
        on_failure: Callable[[BaseException], None] = lambda error: None,
    ) -> None:
        """Prepare it. `endpoints`: each with its model; `on_*`: called on the service's thread.

        UsageError for an unknown mode.
        """
        self.dispatcher = RemoteDispatcher(mode, options)
        self.endpoints = tuple(endpoints[: len(self.dispatcher.servers)])
        self._ask_options = AskOptions(options.timeout_s)
        self._on_notice, self._on_end, self._on_failure = on_notice, on_end, on_failure
        self._error: BaseException | None = None  # a mistake of ours: it ends the service
        self._numbers = itertools.count(1)
        self._inbox: deque[RemoteTicket] = deque()
        self._tickets: dict[int, RemoteTicket] = {}  # of all that have not ended; the loop's own
        self._failures: dict[int, str] = {}  # the last one of each
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closing = False
        self._changed = asyncio.Event()
        self._running = threading.Event()
        self._thread = threading.Thread(target=self._run, name="llmproc-remote", daemon=True)

    # -- the caller's thread ----------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the thread. Connections are opened when there is something to ask."""
        self._thread.start()
        self._running.wait()

    def submit(self, order: RemoteOrder, notify: Callable[[], None] = lambda: None) -> RemoteTicket:
        """Accept a request, also before `start`; `notify` is the ticket's."""
        ticket = RemoteTicket(next(self._numbers), order, time.monotonic(), notify)
        self._inbox.append(ticket)
        self._wake()
        return ticket

    def servers(self) -> list[ServerStatus]:
        """Return what the servers do now."""
        found = []
        for number, (endpoint, health) in enumerate(zip(self.endpoints, self.dispatcher.servers, strict=True)):
            found.append(ServerStatus(endpoint.base_url, _state(health), self.dispatcher.running(number)))
        return found

    def close(self) -> None:
        """End everything: requests under way are cancelled, and say so. Twice is fine."""
        self._closing = True
        if self._thread.ident is not None:
            self._wake()
            self._thread.join()

    def _wake(self) -> None:
        if self._loop is not None and self._thread.is_alive():
            try:
                self._loop.call_soon_threadsafe(self._changed.set)
            except RuntimeError:  # it has just ended
                pass

    # -- the service's thread ---------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except Exception as error:  # a mistake of ours: callers must not wait for what will not come
            self._on_failure(error)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._running.set()
        clients = [open_client(endpoint) for endpoint in self.endpoints]
        try:
            while not self._closing and self._error is None:
                self._changed.clear()
                self._accept()
                for begun in self.dispatcher.settle(time.monotonic()):
                    self._begin(begun, clients)
                self._give_up_hopeless()
                await self._wait()
        finally:
            await self._end(clients)

    async def _wait(self) -> None:
        """Wait until something has happened, or is to be tried again."""
        wake_at = self.dispatcher.wake_at()
        left_s = None if wake_at is None else max(0.0, wake_at - time.monotonic())
        try:
            await asyncio.wait_for(self._changed.wait(), left_s)
        except TimeoutError:
            pass

    def _accept(self) -> None:
        while self._inbox:
            ticket = self._inbox.popleft()
            self._tickets[ticket.number] = ticket
            self.dispatcher.add(ticket.number, ticket.order.cost)

    def _begin(self, begun: Begun, clients: Sequence[httpx.AsyncClient]) -> None:
        ticket, server = self._tickets[begun.request], self.dispatcher.server_of(begun.lane)
        ticket.sent = time.monotonic()
        ticket.begun = ticket.sent if ticket.begun is None else ticket.begun
        ticket.server, ticket.connection, ticket.stolen = server, begun.lane, begun.stolen
        ticket.attempts, ticket.arrived = ticket.attempts + 1, 0
        task = asyncio.create_task(self._ask(ticket, begun.lane, clients[server]))
        self._tasks.add(task)
        task.add_done_callback(self._task_done)

    def _task_done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._error = error
            self._on_failure(error)
            self._changed.set()

    async def _ask(self, ticket: RemoteTicket, connection: int, client: httpx.AsyncClient) -> None:
        endpoint = self.endpoints[self.dispatcher.server_of(connection)]
        answer = await ask(
            client, endpoint, ticket.order.request, self._ask_options, on_output=partial(_show_output, ticket)
        )
        now = time.monotonic()
        if answer.failure is None or answer.failure.kind is FailureKind.EMPTY:  # a model may have nothing to say
            ticket.put_text(answer.text)
            if self.dispatcher.succeeded(connection, now):
                self._on_notice(f"{endpoint.base_url}: answers again")
            self._finish(ticket, now, answer)
        else:
            self._failed(ticket, connection, answer, now)
        self._changed.set()

    def _failed(self, ticket: RemoteTicket, connection: int, answer: RemoteAnswer, now: float) -> None:
        failure, server = answer.failure, self.dispatcher.server_of(connection)
        assert failure is not None
        url = self.endpoints[server].base_url
        words = f"{url}: {failure.kind}: {failure.message}"
        after, changed = self.dispatcher.failed(connection, failure, answer.status, answer.retry_after_s, now)
        if changed:
            self._on_notice(f"{url}: {_told(self.dispatcher.servers[server])}")
        if after is AfterFailure.FINAL:
            tries = f" ({ticket.attempts} attempts)" if ticket.attempts > 1 else ""
            self._finish(ticket, now, answer, words + tries)
        else:
            self._failures[ticket.number] = words

    def _give_up_hopeless(self) -> None:
        for number in self.dispatcher.take_hopeless():
            ticket = self._tickets[number]
            last = self._failures.get(number) or "; ".join(f"{s.url}: {s.state}" for s in self.servers())
            self._finish(ticket, time.monotonic(), error=f"no server is left: {last}")

    def _finish(
        self, ticket: RemoteTicket, now: float, answer: RemoteAnswer | None = None, error: str | None = None
    ) -> None:
        self._tickets.pop(ticket.number, None)
        self._failures.pop(ticket.number, None)
        ticket.end(now, answer, error)
        self._on_end(ticket)

    async def _end(self, clients: Sequence[httpx.AsyncClient]) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._accept()
        for ticket in list(self._tickets.values()):
            self._finish(ticket, time.monotonic())
        for client in clients:
            await client.aclose()


def _show_output(ticket: RemoteTicket, reader: AnswerReader) -> None:
    """Note what has come of an attempt."""
    ticket.arrived = len(reader.moments)
    if ticket.order.wants_pieces:
        ticket.put_text(reader.text)
    ticket.notify()


def _state(health: ServerHealth) -> str:
    return health.state.value if health.state is ServerState.READY else f"{health.state.value}: {health.reason}"


def _told(health: ServerHealth) -> str:
    """Return the change of a server's state in words."""
    if health.state is ServerState.AWAY:
        return f"is away ({health.reason}); it is tried again, and others take its requests"
    if health.state is ServerState.LOST:
        return f"given up ({health.reason})"
    return "answers again"
