"""LLM: a model in worker processes of its own, to ask from Python."""

from __future__ import annotations

import asyncio
import logging
import os
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import Any

from llmproc.api.call import Call, LoopWakeup, check_one_answer
from llmproc.api.running import Running
from llmproc.api.session import Session
from llmproc.api.stream import AsyncStream, Stream
from llmproc.config import (
    EngineOptions,
    Environment,
    SamplingParams,
    check_fixed_threads,
    check_workers,
    shipped_file,
)
from llmproc.errors import RequestError
from llmproc.hub.fetch_log import FetchLog
from llmproc.hub.finding import find_model
from llmproc.session.answer import Answer
from llmproc.session.choices import choices_of
from llmproc.session.conversation import Conversation
from llmproc.session.model_files import read_model_files
from llmproc.session.prompts import Prompt, as_params, as_prompt, as_prompts, place_prompt
from llmproc.session.result import Result
from llmproc.session.saving import read_session, user_path
from llmproc.session.session import ServiceSession, send
from llmproc.text.templates.registry import built_in_template
from llmproc.text.templates.system import check_system

_FilePath = str | os.PathLike[str]
_log = logging.getLogger("llmproc")


class LLM:
    """A model, ready to answer. Close it, or use it in a `with`. Safe to use from several threads.

    A request's output depends on model, prompt, sampling options and seed, and on nothing else: not on what runs beside
    it. Every request has a random stream of its own, begun at its `seed`: the same prompt with the same seed gives the
    same bytes, also twice in one list.
    """

    def __init__(
        self,
        model: _FilePath | None = None,
        tokenizer: _FilePath | None = None,
        workers: int = 1,
        threads: int | None = None,
        sequences: int = 8,
        *,
        weights: str | None = None,
        kv_type: str = "f16",
        context: int | None = None,
        kv_memory: int | None = None,
        batch_tokens: int = 128,
        fixed_threads: bool = False,
        template_options: Mapping[str, Any] | None = None,
    ) -> None:
        """Load a GGUF file, a Hugging Face folder or a checkpoint of llama2.c; the rest: `config.EngineOptions`.

        `model`, `tokenizer`: None: LLMPROC_MODEL, LLMPROC_TOKENIZER, else the shipped model, the model's own tokenizer.
        `model` may be `HF://owner/name`, `HF://owner/name/FILE.gguf` (fetched if it is not here) or `ollama:name:tag`.
        `template_options`: variables for the model's own chat template, such as {"enable_thinking": False}.
        `sequences`: requests computed side by side in each of the `workers`, others wait, and a worker with nothing to
        do takes from the others; `threads`: of each, by default all together are the CPUs available, less what other
        instances take; fewer of them run while other programs hold CPUs, unless `fixed_threads`. Returns when the model
        is ready (asyncio: `asyncio.to_thread(LLM)`). Raises UsageError, FetchError, an InvalidFileError or StartError.
        """
        self.options = EngineOptions(
            threads, sequences, weights=weights, kv_type=kv_type, context=context, kv_memory=kv_memory,
            batch_tokens=batch_tokens, adapt=not check_fixed_threads(fixed_threads, threads),
        )  # fmt: skip
        found = Environment.read()
        shipped = found.model or shipped_file("model", "model.bin")
        self.model = find_model(shipped if model is None else user_path(model), FetchLog(_log))
        named = found.tokenizer if tokenizer is None else user_path(tokenizer)
        self._files = read_model_files(self.model, named, template_options=template_options)
        self.tokenizer, self.context = self._files.tokenizer_path, self._files.context(self.options)
        self._say(self._files.notices(self.options, option="context"))
        self._running = Running(self.model, check_workers(workers), self.options)
        weakref.finalize(self, self._running.forgotten).atexit = False  # there, everything open is closed

    def _say(self, notices: list[str]) -> None:
        for notice in notices:
            _log.warning("%s", notice)

    def __repr__(self) -> str:
        return f"<LLM {self.model}: {self.options.sequences} sequences, context {self.context}>"

    def close(self) -> None:
        """End its processes and wait for them. Requests under way end as cancelled; calling it again does nothing."""
        self._running.close()

    def __enter__(self) -> LLM:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def aclose(self) -> None:
        """Close as `close` does, for asyncio."""
        await asyncio.to_thread(self.close)

    async def __aenter__(self) -> LLM:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    # -- one answer or many -----------------------------------------------------------------------------------------

    def generate(
        self,
        prompts: Prompt | Iterable[Prompt],
        params: SamplingParams | Sequence[SamplingParams] | None = None,
        *,
        system: str | None = None,
        raw: bool = False,
    ) -> list[Result]:
        """Answer all prompts side by side; results in their order, a failed request's too. Ctrl-C cancels all.

        A prompt is a text, or a list of messages ({"role": ..., "content": ...}). `params`: for all of them, or one for
        each; with n > 1 each result has `choices`. `system`: a message before each text that is a prompt. `raw`:
        continue the text, without chat template.
        """
        calls: list[list[Call]] = []
        try:
            for prompt, chosen in self._pairs(prompts, params):
                calls.append([])
                calls[-1].extend(self._calls(prompt, chosen, system, raw))
            return [_joined([call.wait() for call in each]) for each in calls]
        except BaseException:
            _cancel(calls)
            raise

    def stream(
        self, prompt: Prompt, params: SamplingParams | None = None, *, system: str | None = None, raw: bool = False
    ) -> Stream:
        """Answer one prompt; iterate the pieces of text. The request is under way when this returns."""
        return Stream(self._call(as_prompt(prompt), _one(params), system, raw))

    async def agenerate(
        self,
        prompts: Prompt | Iterable[Prompt],
        params: SamplingParams | Sequence[SamplingParams] | None = None,
        *,
        system: str | None = None,
        raw: bool = False,
    ) -> list[Result]:
        """Answer prompts as `generate` does, for asyncio; cancelling the task cancels all."""
        calls: list[list[Call]] = []
        wakeup = LoopWakeup()
        try:
            for prompt, chosen in self._pairs(prompts, params):
                calls.append([])
                calls[-1].extend(self._calls(prompt, chosen, system, raw, wakeup.wake))
            return [_joined([await call.wait_async(wakeup) for call in each]) for each in calls]
        except BaseException:
            _cancel(calls)
            raise

    def astream(
        self, prompt: Prompt, params: SamplingParams | None = None, *, system: str | None = None, raw: bool = False
    ) -> AsyncStream:
        """Answer one prompt as `stream` does, for asyncio. The request is made when the first piece is asked for."""
        given, chosen = as_prompt(prompt), _one(params)

        async def begin(wakeup: LoopWakeup) -> Call:
            return self._call(given, chosen, system, raw, wakeup.wake)

        return AsyncStream(begin)

    # -- conversations ----------------------------------------------------------------------------------------------

    def session(self, system: str | None = None, params: SamplingParams | None = None) -> Session:
        """Start a new conversation."""
        params = params or SamplingParams()
        check_one_answer(params, "a turn of a session")
        return self._session(self._conversation(params, system))

    def load(self, path: _FilePath) -> Session:
        """Continue a saved conversation, byte for byte as it would have gone on. LlmprocError when it does not fit."""
        saved = read_session(path)
        conversation = self._conversation(SamplingParams(), None)
        conversation.restore(saved)
        if (saved.model, saved.tokenizer) != (str(self.model), str(self.tokenizer)):
            _log.warning("%s was saved with %s and %s", path, saved.model, saved.tokenizer)
        return self._session(conversation)

    def _session(self, conversation: Conversation) -> Session:
        session = ServiceSession(self._running.service, conversation)
        return Session(self, session, str(self.model), str(self.tokenizer))

    # -- requests ---------------------------------------------------------------------------------------------------

    @staticmethod
    def _pairs(
        prompts: Prompt | Iterable[Prompt], params: SamplingParams | Sequence[SamplingParams] | None
    ) -> list[tuple[Prompt, SamplingParams]]:
        found = as_prompts(prompts)
        return list(zip(found, as_params(params, len(found)), strict=True))

    def _call(
        self,
        prompt: Prompt,
        params: SamplingParams,
        system: str | None,
        raw: bool,
        notify: Callable[[], None] | None = None,
    ) -> Call:
        """Send one prompt for one answer."""
        (call,) = self._calls(prompt, params, system, raw, notify)
        return call

    def _calls(
        self,
        prompt: Prompt,
        params: SamplingParams,
        system: str | None,
        raw: bool,
        notify: Callable[[], None] | None = None,
    ) -> Iterator[Call]:
        """Send one prompt, a conversation of one turn, for each of its n answers; yields each call as it is sent."""
        service, conversation = self._running.service, self._conversation(params, system, raw)
        try:
            turns = choices_of(conversation, conversation.prepare(place_prompt(conversation, prompt)))
        except RequestError as error:
            yield from [Call(self, prompt, partial(_refuse, error)) for _ in range(params.n)]
            return
        for choice in turns:
            yield Call(self, prompt, partial(send, service, *choice, notify))

    def _conversation(self, params: SamplingParams, system: str | None, raw: bool = False) -> Conversation:
        files = self._files
        template = built_in_template("plain") if raw else files.template
        check_system(template, system, "system")
        ends = files.model.description.end_tokens
        return Conversation(files.tokenizer, template, self.context, params, system, ends=ends)


def _one(params: SamplingParams | None) -> SamplingParams:
    params = params or SamplingParams()
    check_one_answer(params, "a stream")
    return params


def _refuse(error: RequestError) -> Answer:
    raise error


def _joined(results: list[Result]) -> Result:
    first, *others = results
    return replace(first, others=tuple(others)) if others else first


def _cancel(calls: list[list[Call]]) -> None:
    for each in calls:
        for call in each:
            call.cancel()
