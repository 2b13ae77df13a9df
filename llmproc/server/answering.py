"""The one place where a request of a client meets the service: prompts to orders, ids to events.

    Asked --prepare--> orders (ids, options, a seed for each choice) --begin--> Answers --next--> [Piece, ..., Ended]

`prepare` computes (templates, tokenizers) and asks nothing; `begin` submits; `next` waits in the event loop. Used by
`responding`. Never in it: HTTP, JSON, or who is let in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from llmproc.errors import (
    ContextLengthError,
    LlmprocError,
    MissingPackageError,
    RequestError,
    SchemaError,
    UsageError,
)
from llmproc.grammars.call_reader import CallPiece, CallReader, Said
from llmproc.grammars.token_table import token_bytes
from llmproc.server.asking import Asked, AskedPrompt, Bill, Ended, Event, Piece
from llmproc.server.refusals import RefusedError
from llmproc.server.wakeups import LoopWakeups, RequestWakeup
from llmproc.service.messages import with_grammar
from llmproc.service.service import Service
from llmproc.session.answer import Answer
from llmproc.session.conversation import Conversation
from llmproc.session.model_files import ModelFiles
from llmproc.session.prompts import place_prompt
from llmproc.session.result import Result
from llmproc.session.session import send
from llmproc.session.turns import PreparedTurn
from llmproc.text.reasoning import ReasoningSplitter
from llmproc.text.templates.registry import built_in_template, template_for
from llmproc.text.templates.template import ChatTemplate

_TEMPLATES = 16  # with different options, kept


class PreparedRequest:
    """A request before it is sent: a conversation and its turn for each prompt."""

    def __init__(
        self,
        asked: Asked,
        turns: Sequence[tuple[Conversation, PreparedTurn]],
        opens_reasoning: bool,
        grammar: str = "",
    ) -> None:
        self.asked, self.turns, self.opens_reasoning, self.grammar = asked, turns, opens_reasoning, grammar

    @property
    def prompt_tokens(self) -> int:
        """Return the ids of all prompts."""
        return sum(len(prepared.order.ids) for _, prepared in self.turns)


class Answering:
    """A model's files and the service that runs it."""

    def __init__(self, service: Service, files: ModelFiles, context: int, wakeups: LoopWakeups) -> None:
        """Join them. `context`: positions of a sequence. Made in the event loop."""
        self._service, self._files, self._context, self._wakeups = service, files, context, wakeups
        self._templates = lru_cache(_TEMPLATES)(self._make_template)

    def prepare(self, asked: Asked) -> PreparedRequest:
        """Make the orders. RefusedError for a prompt that cannot be one, or that leaves no room in the context."""
        template = built_in_template("plain") if asked.raw else self._template(asked)
        try:
            turns = [self._turn(asked, template, prompt) for prompt in asked.prompts]
        except RequestError as error:
            code = "context_length_exceeded" if isinstance(error, ContextLengthError) else None
            raise RefusedError(str(error), 400, code=code) from None
        opens_reasoning = not asked.raw and template.opens_reasoning
        return PreparedRequest(asked, turns, opens_reasoning, self._grammar(asked, opens_reasoning))

    def _grammar(self, asked: Asked, opens_reasoning: bool) -> str:
        """Return the grammar of the form that is asked for, and see that workers can keep it; "" without a form."""
        if asked.form is None:
            return ""
        try:
            asked.form.check()
        except SchemaError as error:
            raise RefusedError(str(error), 400, param=error.path, code="invalid_schema") from None
        except MissingPackageError as error:
            raise RefusedError(str(error), 501, code="not_installed") from None
        except RequestError as error:
            raise RefusedError(str(error), 400, code="invalid_schema") from None
        self._service.share_tokens(lambda: token_bytes(self._files.tokenizer))
        return asked.form.grammar(opens_reasoning)

    def begin(self, prepared: PreparedRequest) -> Answers:
        """Submit all choices. RefusedError when the service takes none."""
        wakeup = self._wakeups.wakeup()
        choices: list[Choice] = []
        try:
            for place, (conversation, turn) in enumerate(prepared.turns):
                for index in range(prepared.asked.sampling.n):
                    number = place * prepared.asked.sampling.n + index
                    choices.append(self._choice(prepared, number, index, conversation, turn, wakeup))
        except LlmprocError as error:
            for choice in choices:
                choice.cancel()
            raise RefusedError(str(error), error.http_status, retry_after_s=1.0) from None
        return Answers(choices, wakeup)

    def _choice(
        self,
        prepared: PreparedRequest,
        number: int,
        index: int,
        conversation: Conversation,
        turn: PreparedTurn,
        wakeup: RequestWakeup,
    ) -> Choice:
        asked = prepared.asked
        alone = asked.sampling.choice(index)
        order = with_grammar(msgspec.structs.replace(turn.order, seed=alone.seed), prepared.grammar)
        own = PreparedTurn(type(turn.turn)(turn.turn.prompt, turn.turn.start), order, [])
        answer = send(self._service, conversation.fork(), own, wakeup.notify)
        splitter = None if asked.raw else ReasoningSplitter(prepared.opens_reasoning)
        prompt = asked.prompts[number // asked.sampling.n]
        calls = CallReader() if asked.form is not None and asked.form.calls else None
        return Choice(number, alone.seed, prompt, answer, splitter, asked.echo, len(order.ids), calls)

    def _turn(self, asked: Asked, template: ChatTemplate, prompt: AskedPrompt) -> tuple[Conversation, PreparedTurn]:
        ends = self._files.model.description.end_tokens
        sampling = asked.sampling
        conversation = Conversation(self._files.tokenizer, template, self._context, sampling, asked.system, ends=ends)
        if isinstance(prompt, list) and (not prompt or isinstance(prompt[0], int)):
            return conversation, conversation.prepare_ids(prompt)
        return conversation, conversation.prepare(place_prompt(conversation, prompt))  # type: ignore[arg-type]

    def _template(self, asked: Asked) -> ChatTemplate:
        options = dict(asked.template_options)
        if asked.think is not None and self._thinks():
            options.setdefault("enable_thinking", asked.think)
        if not options:
            return self._files.template
        try:
            return self._templates(msgspec.json.encode(options, order="sorted"))
        except UsageError as error:
            raise RefusedError(str(error), 400, param="chat_template_kwargs") from None

    def _make_template(self, encoded: bytes) -> ChatTemplate:
        options: Mapping[str, Any] = msgspec.json.decode(encoded)
        return template_for(self._files.tokenizer, options)

    def _thinks(self) -> bool:
        """Return whether the model's template knows the variable that switches reasoning on and off."""
        chat = self._files.tokenizer.chat
        return chat is not None and "enable_thinking" in chat.template


class Choice:
    """One of the answers to one request, while it is written."""

    def __init__(
        self,
        number: int,
        seed: int,
        prompt: AskedPrompt,
        answer: Answer,
        splitter: ReasoningSplitter | None,
        echo: bool = False,
        prompt_tokens: int = 0,
        calls: CallReader | None = None,
    ) -> None:
        self.number, self.seed, self.answer, self._prompt_tokens = number, seed, answer, prompt_tokens
        self._prompt, self._splitter, self._echo = prompt, splitter, echo
        self._calls = calls
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._ids: list[int] = []  # that brought text which is held back, as it may be the beginning of a tag
        self._likely: list[Any] = []

    def cancel(self) -> None:
        """Ask for the end."""
        self.answer.cancel()

    def events(self) -> list[Event]:
        """Return what has come since; the last one ever is an Ended."""
        events: list[Event] = []
        if self._echo and isinstance(self._prompt, str):
            self._echo = False
            self._add(events, self._prompt, "")
        while self.answer.finish is None and (parts := self.answer.parts(0)) is not None:
            for part in parts:
                self._part(events, part.text, part.ids, part.likely)
        if self.answer.finish is not None:
            self._end(events)
        return events

    def _part(self, events: list[Event], text: str, ids: Sequence[int], likely: Sequence[Any]) -> None:
        self._ids += ids
        self._likely += likely
        if self._splitter is None:
            self._add(events, text, "")
            return
        for kind, piece in self._splitter.feed_token(text):
            self._add(events, *(("", piece) if kind == "reasoning" else (piece, "")))

    def _add(self, events: list[Event], text: str, reasoning: str) -> None:
        if self._calls is not None and text:
            self._told(events, self._calls.feed(text))
        elif text or reasoning:
            self._append(events, text, reasoning)

    def _told(self, events: list[Event], parts: Sequence[Said | CallPiece]) -> None:
        """Add what an answer with functions says, text apart from calls; both never stand in one piece."""
        for part in parts:
            if isinstance(part, Said):
                self._append(events, part.text, "")
            else:
                self._append(events, "", "", (part,))

    def _append(self, events: list[Event], text: str, reasoning: str, calls: Sequence[CallPiece] = ()) -> None:
        self._text.append(text)
        self._reasoning.append(reasoning)
        events.append(Piece(self.number, text, self._ids, self._likely, reasoning, self._prompt_tokens, calls))
        self._ids, self._likely = [], []

    def _end(self, events: list[Event]) -> None:
        for kind, piece in self._splitter.flush() if self._splitter else ():
            self._add(events, *(("", piece) if kind == "reasoning" else (piece, "")))
        if self._calls is not None:
            self._told(events, self._calls.flush())
        finish = self.answer.finish
        assert finish is not None
        result = Result.of(self._prompt, self.answer, finish)  # type: ignore[arg-type]
        reasoning = "".join(self._reasoning)
        tokens = self._splitter.tokens["reasoning"] if self._splitter and reasoning else 0
        bill = Bill(finish.user_s, finish.system_s, finish.wait_s, finish.kv_bytes)
        calls = self._calls.calls if self._calls else ()
        events.append(Ended(self.number, result, bill, self.seed, "".join(self._text), reasoning, tokens, calls))


class Answers:
    """All choices of one request."""

    def __init__(self, choices: Sequence[Choice], wakeup: RequestWakeup) -> None:
        self._open, self._wakeup = list(choices), wakeup
        self.tickets = [choice.answer.ticket for choice in choices]  # by choice

    @property
    def open(self) -> bool:
        """Return whether a choice has not ended."""
        return bool(self._open)

    @property
    def left(self) -> int:
        """Return how many choices have not ended."""
        return len(self._open)

    def wake(self) -> None:
        """Have `next` look again: the client may have gone."""
        self._wakeup.notify()

    def cancel(self) -> None:
        """Ask all for their end; it comes by `next`."""
        for choice in self._open:
            choice.cancel()

    async def next(self) -> list[Event]:
        """Wait until something has come, and return it; [] after `wake`."""
        await self._wakeup.wait()
        events = [event for choice in self._open for event in choice.events()]
        ended = {event.choice for event in events if isinstance(event, Ended)}
        if ended:
            self._open = [choice for choice in self._open if choice.number not in ended]
        return events
