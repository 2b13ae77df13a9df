"""A conversation over a model: its turns share one history and one random stream; it can be forked, saved, continued.

One turn at a time. An answer that was cancelled stays in the history as far as it was written; a refused one never
happened.
"""

from __future__ import annotations

import asyncio
import os
import threading
import weakref
from collections.abc import Callable

from llmproc.api.call import Call, LoopWakeup, check_one_answer
from llmproc.api.stream import AsyncStream, Stream
from llmproc.config import SamplingParams
from llmproc.errors import UsageError
from llmproc.session.answer import Answer
from llmproc.session.result import Result
from llmproc.session.saving import write_session
from llmproc.session.session import ServiceSession


class Session:
    """A conversation made by `LLM.session()`, `LLM.load()` and `fork()`."""

    def __init__(self, owner: object, session: ServiceSession, model: str, tokenizer: str) -> None:
        """Wrap `session`. `owner` is kept alive as long as this; `model`, `tokenizer`: names for a saved file."""
        self._owner, self._asking, self._conversation = owner, session, session.conversation
        self._files = (model, tokenizer)
        self._lock = threading.Lock()
        self._answer: Answer | None = None  # of the last turn
        self._call: Callable[[], Call | None] = lambda: None  # weak: dropping a stream cancels it

    def __repr__(self) -> str:
        c = self._conversation
        return f"<Session: {len(c.turns)} turns, {c.length} of {c.seq_len} positions>"

    @property
    def history(self) -> list[dict[str, str]]:
        """Return the conversation so far, as messages that `LLM.generate` takes."""
        c = self._conversation
        system = [("system", c.system)] if c.system else []
        turns = [pair for turn in c.turns for pair in (("user", turn.prompt), ("assistant", turn.answer))]
        return [{"role": role, "content": text} for role, text in [*system, *turns]]

    @property
    def positions(self) -> int:
        """Return how much of the context it fills."""
        return self._conversation.length

    @property
    def params(self) -> SamplingParams:
        """Return the sampling options of the turns to come; setting another seed starts its random stream over."""
        return self._conversation.sampling

    @params.setter
    def params(self, params: SamplingParams) -> None:
        check_one_answer(params, "a turn of a session")
        if params.seed != self._conversation.sampling.seed:
            self._conversation.reseed(params.seed)
        self._conversation.sampling = params

    # -- turns ------------------------------------------------------------------------------------------------------

    def ask(self, text: str) -> Result:
        """Say `text`, wait for the answer. Ctrl-C cancels it."""
        return self._turn(text).wait()

    def stream(self, text: str) -> Stream:
        """Say `text`; the answer comes in pieces."""
        return Stream(self._turn(text))

    async def aask(self, text: str) -> Result:
        """Say `text` and wait as `ask` does, for asyncio; cancelling the task cancels the request."""
        wakeup = LoopWakeup()
        return await (await self._turn_async(text, wakeup)).wait_async(wakeup)

    def astream(self, text: str) -> AsyncStream:
        """Say `text` as `stream` does, for asyncio. The turn begins when the first piece is asked for."""
        return AsyncStream(lambda wakeup: self._turn_async(text, wakeup))

    def _turn(self, text: str, notify: Callable[[], None] | None = None) -> Call:
        check_one_answer(self.params, "a turn of a session")  # a saved one may have been told otherwise
        with self._lock:
            self._end_last_turn()
            call = Call(self._owner, text, lambda: self._asking.ask(text, notify))
            self._answer, self._call = call.answer, weakref.ref(call)
            return call

    async def _turn_async(self, text: str, wakeup: LoopWakeup) -> Call:
        if self._answer is not None and self._answer.finish is None:  # a cancelled one: it ends with the next step
            return await asyncio.to_thread(self._turn, text, wakeup.wake)
        return self._turn(text, wakeup.wake)

    def _end_last_turn(self) -> None:
        """Wait for the end of a cancelled turn: the next one begins where it ended."""
        answer, call = self._answer, self._call()
        if answer is None or answer.finish is not None:
            return
        if call is not None and not call.cancelled:
            raise UsageError("a turn of this session is under way: read its answer to the end or close it first")
        while answer.finish is None:
            answer.next()

    # -- copies -----------------------------------------------------------------------------------------------------

    def fork(self) -> Session:
        """Return another session with this one's history and random stream, as of the last turn that has ended.

        Both go on alone; what they have in common is computed and kept once.
        """
        with self._lock:
            self._end_last_turn()
            return Session(self._owner, self._asking.fork(), *self._files)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write it to a file, for `LLM.load` or the prompt loop's /load. LlmprocError when it cannot be written."""
        with self._lock:
            self._end_last_turn()
            write_session(path, self._conversation.saved(*self._files))
