"""One request under way, as all of the API's ways to wait for it share it; and the wake-up of an event loop.

I/O thread: Ticket.put -> LoopWakeup.wake --call_soon_threadsafe--> event loop: LoopWakeup.wait -> Call.pieces(0)
                      \\--queue------------------------------------> blocking caller: Call.pieces()
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable, Iterator

from llmproc.config import SamplingParams
from llmproc.errors import RequestError, UsageError
from llmproc.session.answer import Answer
from llmproc.session.prompts import Prompt
from llmproc.session.result import Result


def check_one_answer(params: SamplingParams, what: str) -> None:
    """Check options that are for one answer. UsageError naming `n`."""
    if params.n != 1:
        raise UsageError(f"n is {params.n}: {what} has one answer; LLM.generate gives several")


class LoopWakeup:
    """A wake-up of the event loop that runs where it was made. Many calls may share one."""

    def __init__(self) -> None:
        self._loop, self._event = asyncio.get_running_loop(), asyncio.Event()
        self._woken = False

    def wake(self) -> None:
        """Wake `wait` from any thread; calls before it has run count as one."""
        if not self._woken:
            self._woken = True
            with contextlib.suppress(RuntimeError):  # the loop has been closed: nothing waits
                self._loop.call_soon_threadsafe(self._event.set)

    async def wait(self) -> None:
        """Wait for `wake`. An event that was put before a later call of it is seen by a look after this."""
        await self._event.wait()
        self._event.clear()
        self._woken = False


class Call:
    """A request: its pieces of text, then its result. Dropping it before its end cancels it."""

    _answer: Answer | None = None
    result: Result | None = None
    cancelled = False

    def __init__(self, owner: object, prompt: Prompt, begin: Callable[[], Answer]) -> None:
        """Call `begin`; a refusal is the result already. `owner` is kept alive until the end."""
        self._owner, self._prompt, self._pid = owner, prompt, os.getpid()
        try:
            self._answer = begin()
        except RequestError as error:
            self.result = Result(prompt, error=str(error))

    @property
    def answer(self) -> Answer | None:
        """Return the answer of the service's session; None for a refused request."""
        return self._answer

    def pieces(self, timeout: float | None = None) -> list[str] | None:
        """Return the pieces of text that have come since, maybe []; None when nothing came in time.

        The call that finds the end brings `result`.
        """
        answer = self._answer
        if answer is None or self.result is not None:
            return None
        try:
            pieces = answer.pieces(timeout)
        except BaseException:  # Ctrl-C for instance
            self.cancel()
            raise
        if answer.finish is not None:
            self.result = Result.of(self._prompt, answer, answer.finish)
        return pieces

    def wait(self) -> Result:
        """Block until it has ended."""
        if self._answer is not None and self.result is None and not self._answer.may_stop:
            with self._cancelling():
                self._answer.ticket.wait()
        while self.result is None:
            self.pieces()
        return self.result

    async def pieces_async(self, wakeup: LoopWakeup) -> list[str]:
        """Return the next pieces, maybe [], waiting in the event loop; a cancelled task cancels the request."""
        pieces = self.pieces(0)
        while pieces is None and self.result is None:
            with self._cancelling():
                await wakeup.wait()
            pieces = self.pieces(0)
        return pieces or []

    async def wait_async(self, wakeup: LoopWakeup) -> Result:
        """Wait until it has ended, without blocking the event loop."""
        while self.result is None:
            await self.pieces_async(wakeup)
        return self.result

    def cancel(self) -> None:
        """Ask for the end; the result comes, with what was written."""
        if self._answer is not None and self.result is None and not self.cancelled:
            self.cancelled = True
            self._answer.cancel()

    @contextlib.contextmanager
    def _cancelling(self) -> Iterator[None]:
        """Cancel the request when an exception, Ctrl-C for instance, comes up inside."""
        try:
            yield
        except BaseException:
            self.cancel()
            raise

    def __del__(self) -> None:
        if self._answer is not None and self._pid == os.getpid():  # a forked child has only a picture of it
            self.cancel()
