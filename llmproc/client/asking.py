"""One request over a shared httpx.AsyncClient: send, read, judge, and ask again as a RetryPolicy allows.

    async with open_client(endpoint) as client:
        answer = await ask(client, endpoint, RemoteRequest("Hello", max_tokens=8))

Nothing but cancelling raises: whatever else goes wrong is the answer's `failure`. Bodies are not compressed on their
way, so that a chunk is read when it comes.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import httpx

from llmproc.client.answer import FailedAttempt, RemoteAnswer
from llmproc.client.body import RemoteRequest, request_body, request_path
from llmproc.client.endpoint import RemoteEndpoint
from llmproc.client.lanes import lanes_to
from llmproc.client.reading import AnswerReader, error_message
from llmproc.client.reasons import reason_of
from llmproc.client.retrying import NO_RETRY, RetryPolicy, parse_retry_after
from llmproc.client.sse import SseError, SseReader
from llmproc.client.verdict import Failure, FailureKind, judge, of_status
from llmproc.errors import UsageError

OnOutput: TypeAlias = Callable[[AnswerReader], None]

TIMEOUT_S = 600.0  # as OpenAI's own client
_MOST_REFUSAL = 1 << 16
_MOST_WHOLE = 1 << 26


class RequestObserver(Protocol):
    """One who is told of requests while they run. Moments are of time.perf_counter."""

    def sent(self, at: float) -> None:
        """Take note that an attempt is under way."""

    def ended(self, at: float) -> None:
        """Take note that it ended, in whatever way."""

    def finished(self, request: RemoteRequest, answer: RemoteAnswer) -> None:
        """Take what became of a request: once for each, also for one that is cancelled."""


class Unobserved:
    """The observer that takes no notice."""

    def sent(self, at: float) -> None:
        pass

    def ended(self, at: float) -> None:
        pass

    def finished(self, request: RemoteRequest, answer: RemoteAnswer) -> None:
        pass


@dataclass(frozen=True, slots=True)
class AskOptions:
    """Bounds of asking. `timeout_s`: for one attempt from sending to the end of its answer."""

    timeout_s: float = TIMEOUT_S
    retry: RetryPolicy = NO_RETRY


def open_client(endpoint: RemoteEndpoint) -> httpx.AsyncClient:
    """Return a client for one server. It never queues requests itself: as many connections as requests under way.

    Proxy variables of the environment are not followed to this machine. UsageError for a proxy that cannot be used.
    """
    headers = {**endpoint.headers, "Accept-Encoding": "identity", "Content-Type": "application/json"}
    try:
        return httpx.AsyncClient(
            transport=lanes_to(endpoint.base_url, endpoint.is_loopback), timeout=None, headers=headers, trust_env=False
        )
    except (ImportError, ValueError, httpx.InvalidURL) as error:
        raise UsageError(f"a proxy variable of the environment cannot be used: {error}") from None


async def ask(
    client: httpx.AsyncClient,
    endpoint: RemoteEndpoint,
    request: RemoteRequest,
    options: AskOptions = AskOptions(),
    observer: RequestObserver = Unobserved(),  # noqa: B008  # without state
    on_output: OnOutput | None = None,
) -> RemoteAnswer:
    """Ask until an attempt succeeds or the policy gives up; return what became of it.

    `on_output`: called with all that has come of an attempt, whenever more of its stream has.
    """
    body = request_body(request, endpoint.model or "default")
    url = endpoint.base_url + request_path(request.interface)
    before: list[FailedAttempt] = []
    while True:
        exchange = _Exchange(client, url, body, request.stream, options.timeout_s, on_output)
        observer.sent(exchange.sent)
        try:
            await exchange.run()
        except BaseException:  # cancelled
            exchange.end(Failure(FailureKind.INTERRUPTED, "given up while it was under way"))
            observer.finished(request, exchange.answer(endpoint, before))
            raise
        finally:
            observer.ended(exchange.ended)
        wait_s = None
        if exchange.failure is not None:
            wait_s = options.retry.wait_s(exchange.failure, len(before) + 1, exchange.retry_after_s, random.random())
        if exchange.failure is None or wait_s is None:
            answer = exchange.answer(endpoint, before)
            observer.finished(request, answer)
            return answer
        before.append(FailedAttempt(exchange.failure, exchange.status, exchange.ended - exchange.sent, wait_s))
        try:
            await asyncio.sleep(wait_s)
        except BaseException:
            observer.finished(request, exchange.answer(endpoint, before[:-1]))
            raise


class _Exchange:
    """One attempt."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        url: str,
        body: bytes,
        stream: bool,
        timeout_s: float,
        on_output: OnOutput | None = None,
    ) -> None:
        self._on_output = on_output
        self._client, self._url, self._body, self._stream, self._timeout_s = client, url, body, stream, timeout_s
        self._reader = AnswerReader()
        self.status = 0
        self.streamed = stream
        self.retry_after_s: float | None = None
        self.failure: Failure | None = None
        self.started_at, self.sent = time.time(), time.perf_counter()
        self.ended = self.sent

    def end(self, failure: Failure | None) -> None:
        """Note the end of it."""
        self.ended, self.failure = time.perf_counter(), failure

    async def run(self) -> None:
        """Send, read to the end, judge."""
        try:
            async with asyncio.timeout(self._timeout_s):
                failure = await self._exchange()
        except TimeoutError:
            got = "an answer began" if self.status else "there was no answer"
            failure = Failure(FailureKind.TIMEOUT, f"not complete after {self._timeout_s:g} s; {got}")
        except (httpx.ConnectError, httpx.ProxyError) as error:
            failure = Failure(FailureKind.CONNECT, reason_of(error, "no connection"))
        except (httpx.NetworkError, httpx.RemoteProtocolError) as error:
            kind = FailureKind.CUT if self.status else FailureKind.DISCONNECTED
            failure = Failure(kind, reason_of(error, "the connection was closed"))
            if self._reader.error is not None:  # said before the cut: rule of our own server, and of vLLM's
                failure = Failure(FailureKind.ERROR_IN_STREAM, self._reader.error)
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, SseError) as error:
            failure = Failure(FailureKind.INVALID, reason_of(error, "not HTTP"))
        self.end(failure)

    async def _exchange(self) -> Failure | None:
        async with self._client.stream("POST", self._url, content=self._body) as response:
            self.status = response.status_code
            if self.status != 200:
                self.retry_after_s = parse_retry_after(response.headers.get("retry-after"), time.time())
                return of_status(self.status, error_message(await _bounded(response, _MOST_REFUSAL)))
            self.streamed = self._stream and "json" not in response.headers.get("content-type", "")
            if self.streamed:
                await self._read_stream(response)
            else:
                self._reader.take_whole(await _bounded(response, _MOST_WHOLE))
        reader = self._reader
        return judge(reader.finish_reason, reader.has_output, reader.error, reader.invalid)

    async def _read_stream(self, response: httpx.Response) -> None:
        events, reader = SseReader(), self._reader
        async for data in response.aiter_bytes():
            at = time.perf_counter()
            for event in events.feed(data):
                reader.take(event, at)
            if self._on_output is not None:
                self._on_output(reader)

    def answer(self, endpoint: RemoteEndpoint, before: list[FailedAttempt]) -> RemoteAnswer:
        """Return the record of it, after the attempts `before` it."""
        reader = self._reader
        return RemoteAnswer(
            started_at=self.started_at,
            sent=self.sent,
            ended=self.ended,
            status=self.status,
            streamed=self.streamed,
            model=reader.model or endpoint.model or "",
            text=reader.text,
            reasoning=reader.reasoning,
            finish_reason=reader.finish_reason,
            tokens=reader.tokens(),
            moments=tuple(reader.moments),
            first_content=reader.first_content,
            failure=self.failure,
            attempts=tuple(before),
            retry_after_s=self.retry_after_s,
        )


async def _bounded(response: httpx.Response, most: int) -> bytes:
    """Return the body, at most `most` bytes of it."""
    found = bytearray()
    async for data in response.aiter_bytes():
        found += data
        if len(found) > most:
            break
    return bytes(found[:most])
