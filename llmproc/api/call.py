"""One request under way, as all of the API's ways to wait for it share it; and the bell that wakes an event loop.

I/O thread: Ticket.put -> Wakeup.ring --call_soon_threadsafe--> event loop: Wakeup.wait -> Call.next(0) -> piece of text
                      \\--queue--------------------------------> blocking caller: Call.next()
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable, Iterator

from llmproc.errors import RequestError
from llmproc.session.answer import Answer
from llmproc.session.prompts import Prompt
from llmproc.session.result import Result


class Wakeup:
    """Rings in the event loop that runs where it was made. Many calls may share one."""

    def __init__(self) -> None:
        self._loop, self._event = asyncio.get_running_loop(), asyncio.Event()
        self._rung = False

    def ring(self) -> None:
        """From any thread: wake `wait`, once however often it rings before that."""
        if not self._rung:
            self._rung = True
            with contextlib.suppress(RuntimeError):  # the loop has been closed: nobody waits
                self._loop.call_soon_threadsafe(self._event.set)

    async def wait(self) -> None:
        """Until it has rung. Whatever was put before a later ring is seen by a look after this."""
        await self._event.wait()
        self._event.clear()
        self._rung = False


class Call:
    """A request: its pieces of text, then its result. Whoever drops it before its end cancels it."""

    _answer: Answer | None = None
    result: Result | None = None
    cancelled = False

    def __init__(self, owner: object, prompt: Prompt, begin: Callable[[], Answer]) -> None:
        """`owner` is kept alive until then; a `begin` that refuses is the result already."""
        self._owner, self._prompt, self._pid = owner, prompt, os.getpid()
        try:
            self._answer = begin()
        except RequestError as error:
            self.result = Result(prompt, error=str(error))

    @property
    def answer(self) -> Answer | None:
        """The answer of the service's session; None for a refused request."""
        return self._answer

    def next(self, timeout: float | None = None) -> str | None:
        """The next piece of text, maybe ""; None when nothing came within `timeout`. The last one brings `result`."""
        answer = self._answer
        if answer is None or self.result is not None:
            return None
        with self._cancelling():
            piece = answer.next(timeout)
        if answer.finish is not None:
            self.result = Result.of(self._prompt, answer, answer.finish)
        return piece

    def wait(self) -> Result:
        """Block until it has ended."""
        if self._answer is not None and self.result is None:
            with self._cancelling():
                self._answer.ticket.wait()
        while self.result is None:
            self.next()
        return self.result

    async def next_async(self, bell: Wakeup) -> str:
        """The next piece, waiting in the event loop; a cancelled task cancels the request."""
        piece = self.next(0)
        while piece is None and self.result is None:
            with self._cancelling():
                await bell.wait()
            piece = self.next(0)
        return piece or ""

    async def wait_async(self, bell: Wakeup) -> Result:
        """Until it has ended, without blocking the event loop."""
        while self.result is None:
            await self.next_async(bell)
        return self.result

    def cancel(self) -> None:
        """Ask for the end; the result comes, with what was written."""
        if self._answer is not None and self.result is None and not self.cancelled:
            self.cancelled = True
            self._answer.cancel()

    @contextlib.contextmanager
    def _cancelling(self) -> Iterator[None]:
        """Whatever comes up meanwhile, Ctrl-C for instance, ends the request too, wherever it is caught."""
        try:
            yield
        except BaseException:
            self.cancel()
            raise

    def __del__(self) -> None:
        if self._answer is not None and self._pid == os.getpid():  # a forked child has only a picture of it
            self.cancel()
