"""The mechanism all answering endpoints share: read, admit, stream or whole, disconnects.

    body --Dialect.read--> Asked --Admission--> Answering.begin --> events --Dialect--> bytes, one write each

A stream's status is sent with its first event, so that whatever goes wrong before is a real 4xx or 5xx. What goes wrong
later is told in the stream, which is broken off then: no client takes that for a complete answer. A client that goes
away cancels its request: the next step of the engine does without it.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterable
from typing import Protocol

from starlette.types import Receive, Scope, Send

from llmproc.server.answering import Answering, Answers, PreparedRequest
from llmproc.server.asking import About, Asked, Ended, Event, Piece
from llmproc.server.body import ClientGoneError, raw_headers, read_body, write_refusal, write_whole
from llmproc.server.dialect import Dialect, StreamWriter
from llmproc.server.limits import HttpLimits
from llmproc.server.names import ModelNames
from llmproc.server.refusals import RefusedError

_INLINE_BYTES = 16 << 10  # a larger body is tokenized in a thread: the loop has other clients


class Admitted(Protocol):
    """The place of an admitted request."""

    def first_token(self, now: float, began: float | None = None) -> None:
        """Note the first token of its first choice. `began`: when a worker took that choice."""

    def ended(self, now: float, completion_tokens: int, ok: bool) -> None:
        """Give the place back. Twice is fine: the first counts."""


class Gate(Protocol):
    """The decision on who is let in."""

    def admit(self, now: float, prompt_tokens: int, max_tokens: int, choices: int) -> Admitted:
        """Take a place. RefusedError 429 or 503."""


class Reporter(Protocol):
    """The counter of what the service's own events do not tell."""

    def refused(self, error: RefusedError, path: str) -> None:
        """Count a refusal."""

    def ignored(self, names: Iterable[str]) -> None:
        """Count fields without effect."""

    def pieces(self, request: int, count: int, now: float) -> None:
        """Note that `count` ids of a request arrived together."""

    def choice_ended(self, ended: Ended) -> None:
        """Count what an answer took."""

    def abandoned(self, choices: int) -> None:
        """Count answers that were given up before their end."""

    def outcome(self, word: str) -> None:
        """Count a request's end: answered, failed or cancelled."""


class Responder:
    """The parts that every answering endpoint shares: the model's answers, names, the gate, limits."""

    def __init__(
        self,
        answering: Answering,
        names: ModelNames,
        gate: Gate,
        reporter: Reporter,
        limits: HttpLimits,
        about: About,
    ) -> None:
        """Join them."""
        self.answering, self.names, self.gate, self.reporter = answering, names, gate, reporter
        self.limits, self.about = limits, about
        self.open: set[Answers] = set()  # under way

    def cut(self) -> None:
        """End all answers that are under way: their clients are told that the server is shutting down."""
        for answers in self.open:
            answers.cancel()


class Endpoint:
    """One path that answers prompts, as an ASGI application."""

    def __init__(self, dialect: Dialect, responder: Responder) -> None:
        self._dialect, self._responder = dialect, responder

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            body = await read_body(scope, receive, self._responder.limits)
            asked = self._dialect.read(body)
            self._responder.names.judge(asked.model)
            self._responder.reporter.ignored(asked.ignored)
            if asked.prompts:
                prepared = await self._prepare(asked, len(body))
                await self._answer(prepared, receive, send)
            else:
                await write_whole(send, 200, self._dialect.whole(asked, self._responder.about, (), ()))
        except RefusedError as error:
            self._responder.reporter.refused(error, scope["path"])
            await write_refusal(send, error, self._dialect.errors)
        except ClientGoneError:
            return

    async def _prepare(self, asked: Asked, size: int) -> PreparedRequest:
        prepare = self._responder.answering.prepare
        inline = size <= _INLINE_BYTES and asked.form is None  # a grammar is compiled
        return prepare(asked) if inline else await asyncio.to_thread(prepare, asked)

    async def _answer(self, prepared: PreparedRequest, receive: Receive, send: Send) -> None:
        """Let a request in and see it through: its place is given back whatever happens."""
        responder, sampling = self._responder, prepared.asked.sampling
        choices = len(prepared.turns) * sampling.n
        place = responder.gate.admit(time.monotonic(), prepared.prompt_tokens, sampling.max_tokens, choices)
        course = _Course(place, responder.reporter)
        try:
            course.answers = responder.answering.begin(prepared)
            responder.open.add(course.answers)
            async with _watched(course.answers, receive) as gone:
                respond = self._stream if prepared.asked.stream else self._whole
                await respond(prepared.asked, course, gone, send)
        finally:
            if course.answers is not None:
                responder.open.discard(course.answers)
            course.close()

    async def _whole(self, asked: Asked, course: _Course, gone: asyncio.Event, send: Send) -> None:
        pieces: list[Piece] = []
        ended: list[Ended] = []
        while not (course.over or gone.is_set()):
            for event in await course.next():
                if isinstance(event, Ended):
                    ended.append(event)
                else:
                    pieces.append(event)
        if not course.over:
            return
        ended.sort(key=lambda event: event.choice)
        for event in ended:
            if failure := _failure(event):
                raise failure
        await write_whole(send, 200, self._dialect.whole(asked, self._responder.about, pieces, ended))

    async def _stream(self, asked: Asked, course: _Course, gone: asyncio.Event, send: Send) -> None:
        writer: StreamWriter | None = None
        ended: list[Ended] = []
        while not (course.over or gone.is_set()):
            for event in await course.next():
                if isinstance(event, Ended):
                    if failure := _failure(event):
                        if writer is None:
                            raise failure
                        await _write(send, [self._dialect.errors.broken(str(failure))])
                        return  # without the end of the body: uvicorn breaks the connection off
                    ended.append(event)
                if writer is None:
                    writer = self._dialect.stream(asked, self._responder.about)
                    await self._start(send)
                await _write(send, writer.event(event))
        if writer is not None and course.over:
            await _write(send, writer.end(sorted(ended, key=lambda event: event.choice)))
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _start(self, send: Send) -> None:
        headers = raw_headers(self._dialect.stream_type, None, {"cache-control": "no-cache"})
        await send({"type": "http.response.start", "status": 200, "headers": headers})


class _Course:
    """One request from its admission to its end, whatever ends it."""

    def __init__(self, place: Admitted, reporter: Reporter) -> None:
        self._place, self._reporter = place, reporter
        self.answers: Answers | None = None
        self._first, self._tokens, self._ok = True, 0, True

    @property
    def over(self) -> bool:
        """Return whether every choice has ended."""
        return self.answers is not None and not self.answers.open

    async def next(self) -> list[Event]:
        """Return what has come, and let those who count know."""
        assert self.answers is not None
        events = await self.answers.next()
        now, ids = time.monotonic(), dict[int, int]()
        for event in events:
            if isinstance(event, Ended):
                self._tokens += event.result.new_tokens
                self._ok = self._ok and event.result.ok
                self._reporter.choice_ended(event)
            else:
                ids[event.choice] = ids.get(event.choice, 0) + len(event.ids)
        for choice, count in ids.items():
            if self._first:
                self._first = False
                self._place.first_token(now, self.answers.tickets[choice].dispatched)
            if count:
                self._reporter.pieces(self.answers.tickets[choice].request_id, count, now)
        return events

    def close(self) -> None:
        """Cancel what has not ended, and give the place back."""
        if self.answers is not None and self.answers.open:
            self.answers.cancel()
            self._reporter.abandoned(self.answers.left)
            self._reporter.outcome("cancelled" if self._ok else "failed")
        elif self.answers is not None:
            self._reporter.outcome("answered" if self._ok else "failed")
        self._place.ended(time.monotonic(), self._tokens, self.over and self._ok)


@contextlib.asynccontextmanager
async def _watched(answers: Answers, receive: Receive) -> AsyncIterator[asyncio.Event]:
    """Yield an event that is set, and `answers` woken, when the client has gone."""
    gone = asyncio.Event()

    async def watch() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        gone.set()
        answers.wake()

    watching = asyncio.create_task(watch())
    try:
        yield gone
    finally:
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching


def _failure(event: Ended) -> RefusedError | None:
    """Return why a choice has no answer; None if it has one."""
    result = event.result
    if result.ok:
        return None
    if result.finish_reason == "cancelled":
        return RefusedError(result.error or "the server is shutting down", 503, code="shutting_down", retry_after_s=1)
    return RefusedError(result.error or "the request failed", 500, code="request_failed")


async def _write(send: Send, parts: Iterable[bytes]) -> None:
    for part in parts:
        await send({"type": "http.response.body", "body": part, "more_body": True})
