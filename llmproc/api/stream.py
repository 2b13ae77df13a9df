"""An answer while it is written: iterate the pieces of text, then read `result`. Whole characters only.

Closing one, leaving its `with` or dropping it cancels the request.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from types import TracebackType

from llmproc.api.call import Call, LoopWakeup
from llmproc.errors import UsageError
from llmproc.session.result import Result

_NOT_ENDED = "the stream has not ended: read it to the end or close it before asking for its result"


class Stream:
    """Pieces of text for a `for` loop."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._pieces: deque[str] = deque()  # that have come and were not asked for

    def __iter__(self) -> Stream:
        return self

    def __next__(self) -> str:
        pieces = self._pieces
        while not pieces:
            if self._call.result is not None:
                raise StopIteration
            pieces.extend(self._call.pieces() or ())
        return pieces.popleft()

    @property
    def result(self) -> Result:
        """Return what came of it. UsageError before the end."""
        if self._call.result is None:
            raise UsageError(_NOT_ENDED)
        return self._call.result

    def close(self) -> None:
        """Cancel what is still being written, and wait for the worker's last word on it."""
        self._pieces.clear()
        self._call.cancel()
        self._call.wait()

    def __enter__(self) -> Stream:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncStream:
    """Pieces of text for an `async for` loop. The request is made when the first piece is asked for."""

    def __init__(self, begin: Callable[[LoopWakeup], Awaitable[Call]]) -> None:
        self._begin = begin
        self._wakeup: LoopWakeup | None = None
        self._call: Call | None = None
        self._pieces: deque[str] = deque()  # that have come and were not asked for
        self._closed = False

    def __aiter__(self) -> AsyncStream:
        return self

    async def __anext__(self) -> str:
        if self._wakeup is None or self._call is None:
            if self._closed:
                raise StopAsyncIteration
            self._wakeup = LoopWakeup()
            self._call = await self._begin(self._wakeup)
        while not self._pieces:
            if self._call.result is not None:
                raise StopAsyncIteration
            self._pieces.extend(await self._call.pieces_async(self._wakeup))
        return self._pieces.popleft()

    @property
    def result(self) -> Result:
        """Return what came of it. UsageError before the end."""
        if self._call is None or self._call.result is None:
            raise UsageError(_NOT_ENDED)
        return self._call.result

    async def aclose(self) -> None:
        """Cancel what is still being written, and wait for the worker's last word on it."""
        self._closed = True
        self._pieces.clear()
        if self._call is not None and self._wakeup is not None:
            self._call.cancel()
            await self._call.wait_async(self._wakeup)

    async def __aenter__(self) -> AsyncStream:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()
