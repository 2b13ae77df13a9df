"""The items of a response as they grow, and the response around them. Used whole by the dialect, in parts by streams.

    Piece ...  --OutputItems.add-->  reasoning item, message item  --items-->  ResponseObject.output

Reasoning and answer are items of their own, in the order in which they come; an answer without any text is an
item, too. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from llmproc.server.asking import About, Asked, Ended, Piece
from llmproc.server.openai.answers import finish_word, usage
from llmproc.server.openai.logprobs import TokenPieces, of_chat
from llmproc.server.openai.response_object import (
    IncompleteDetails,
    InputTokens,
    ItemStatus,
    MessageItem,
    OutputItem,
    OutputText,
    ReasoningItem,
    ReasoningText,
    ResponseFailure,
    ResponseObject,
    ResponseStatus,
    ResponseUsage,
)
from llmproc.server.openai.responses import ChatTokenLogprob, ReasoningTokens

RESPONSE_ID, _MESSAGE_ID, _REASONING_ID = "resp_", "msg_", "rs_"


@dataclass(slots=True)
class GrowingItem:
    """One item. `index`: its place in the output."""

    id: str
    index: int
    is_reasoning: bool
    _texts: list[str] = field(default_factory=list)
    _logprobs: list[ChatTokenLogprob] = field(default_factory=list)

    def grow(self, text: str, logprobs: Sequence[ChatTokenLogprob]) -> None:
        """Append text, and its tokens' log probabilities."""
        self._texts.append(text)
        self._logprobs += logprobs

    def part(self) -> OutputText | ReasoningText:
        """Return its content so far."""
        text = "".join(self._texts)
        return ReasoningText(text) if self.is_reasoning else OutputText(text, [], list(self._logprobs))

    def item(self, status: ItemStatus) -> OutputItem:
        """Return it as it is now; without content while it is in progress."""
        content = [] if status == "in_progress" else [self.part()]
        if self.is_reasoning:
            return ReasoningItem(self.id, status, [], content)  # type: ignore[arg-type]
        return MessageItem(self.id, status, "assistant", content)  # type: ignore[arg-type]


class OutputItems:
    """All items of one response. `name`: the response's id less its prefix."""

    def __init__(self, name: str, tokens: TokenPieces) -> None:
        self._name, self._tokens = name, tokens
        self._items: list[GrowingItem] = []

    @property
    def last(self) -> GrowingItem | None:
        """Return the item that grows."""
        return self._items[-1] if self._items else None

    def logprobs(self, piece: Piece) -> list[ChatTokenLogprob]:
        """Return the log probabilities of a piece; none if they were not asked for."""
        return of_chat([piece], self._tokens).content if piece.likely else []

    def begin(self, is_reasoning: bool) -> GrowingItem:
        """Append an item."""
        index = len(self._items)
        prefix = _REASONING_ID if is_reasoning else _MESSAGE_ID
        item = GrowingItem(f"{prefix}{self._name}{index or ''}", index, is_reasoning)
        self._items.append(item)
        return item

    def add(self, piece: Piece) -> None:
        """Take a piece into the item it belongs to."""
        is_reasoning = bool(piece.reasoning)
        item = self.last
        if item is None or item.is_reasoning != is_reasoning:
            item = self.begin(is_reasoning)
        item.grow(piece.reasoning or piece.text, self.logprobs(piece))

    def complete(self, ended: Ended) -> GrowingItem | None:
        """Append an empty message if the answer has none, unless its reasoning was cut off; return it."""
        last = self.last
        if last is None or (last.is_reasoning and finish_word(ended) == "stop"):
            return self.begin(is_reasoning=False)
        return None

    def items(self, ended: Ended | None) -> list[OutputItem]:
        """Return all items. The last one is as complete as the answer; None: the answer has failed."""
        whole = ended is not None and finish_word(ended) == "stop"
        return [item.item("completed" if whole or item is not self.last else "incomplete") for item in self._items]


def items_of(name: str, tokens: TokenPieces, pieces: Sequence[Piece], ended: Ended) -> list[OutputItem]:
    """Return the items of a complete answer."""
    items = OutputItems(name, tokens)
    for piece in pieces:
        items.add(piece)
    items.complete(ended)
    return items.items(ended)


@dataclass(frozen=True, slots=True)
class ResponseHead:
    """The part of a response that is known when it begins."""

    asked: Asked
    about: About
    name: str  # its id less the prefix
    created: int

    def begun(self) -> ResponseObject:
        """Return the response before its first item."""
        return self._response("in_progress", [])

    def ended(self, output: list[OutputItem], ended: Ended, now: int) -> ResponseObject:
        """Return the response whose answer came to an end, by itself or at a limit."""
        whole = finish_word(ended) == "stop"
        response = self._response("completed" if whole else "incomplete", output)
        response.completed_at = now if whole else None
        response.incomplete_details = None if whole else IncompleteDetails("max_output_tokens")
        response.usage = _usage(self.asked, ended)
        response.timings, response.resources = ended.result.timings, ended.bill
        return response

    def failed(self, output: list[OutputItem], message: str) -> ResponseObject:
        """Return the response whose answer broke off."""
        response = self._response("failed", output)
        response.error = ResponseFailure("server_error", message)
        return response

    def _response(self, status: ResponseStatus, output: list[OutputItem]) -> ResponseObject:
        sampling, about = self.asked.sampling, self.about
        return ResponseObject(
            id=RESPONSE_ID + self.name,
            created_at=self.created,
            status=status,
            model=about.model,
            system_fingerprint=about.fingerprint,
            output=output,
            seed=sampling.seed,
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            tools=[],
            **self.asked.repeated,
        )


def _usage(asked: Asked, ended: Ended) -> ResponseUsage:
    told = usage(asked, [ended])
    cached = 0 if told.prompt_tokens_details is None else told.prompt_tokens_details.cached_tokens
    return ResponseUsage(
        told.prompt_tokens,
        InputTokens(cached),
        told.completion_tokens,
        ReasoningTokens(ended.reasoning_tokens),
        told.total_tokens,
    )
