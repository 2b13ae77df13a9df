"""A streamed response as server-sent events: the response begins, its items grow one after another, it ends.

    response.created, response.in_progress
    response.output_item.added, response.content_part.added                 for the reasoning, then for the answer
    response.output_text.delta (response.reasoning_text.delta) ...          one for each piece
    response.output_text.done, response.content_part.done, response.output_item.done
    response.completed, or response.incomplete at a limit
    or, when it cannot go on:  response.failed, error, and the connection is broken off

Each is `event: TYPE`, `data: {...}` with its number in `sequence_number`. No [DONE] follows: OpenAI's server sends
none, and its clients close the connection at one. The events before the first delta are sent when that one is
there, so that no client takes them for a token. Source of events: OpenAI's API reference (Responses, Streaming
events); of the framing: the HTML standard. Used by the dialect. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from llmproc.server.asking import About, Asked, Ended, Event, Piece
from llmproc.server.one_line import one_line
from llmproc.server.openai.answers import failure, finish_word
from llmproc.server.openai.errors import ErrorDetail
from llmproc.server.openai.logprobs import TokenPieces
from llmproc.server.openai.response_object import (
    ItemAdded,
    ItemDone,
    OutputText,
    PartAdded,
    PartDone,
    ReasoningDelta,
    ReasoningDone,
    ReasoningText,
    ResponseCompleted,
    ResponseCreated,
    ResponseErrorEvent,
    ResponseFailed,
    ResponseIncomplete,
    ResponseInProgress,
    TextDelta,
    TextDone,
)
from llmproc.server.openai.response_output import GrowingItem, OutputItems, ResponseHead


class ResponseEvents:
    """The stream of /v1/responses. One answer: this interface has no `n`."""

    def __init__(self, asked: Asked, about: About, tokens: TokenPieces, name: str, now: Callable[[], float]) -> None:
        """Begin one answer. `name`: its id less the prefix; `now`: seconds since 1970."""
        self._head = ResponseHead(asked, about, name, int(now()))
        self._items, self._now = OutputItems(name, tokens), now
        self._number = 0  # of the next event
        self._open: GrowingItem | None = None

    def event(self, event: Event) -> Iterable[bytes]:
        """Return the events of a piece; at the end of the answer, those that end its item."""
        return list(self._ended(event) if isinstance(event, Ended) else self._grown(event))

    def end(self, ended: Sequence[Ended]) -> Iterable[bytes]:
        """Return the last event."""
        if message := failure(ended):
            return self.broken(message)
        response = self._head.ended(self._items.items(ended[0]), ended[0], int(self._now()))
        kind = ResponseCompleted if response.status == "completed" else ResponseIncomplete
        return (self._told(kind, response=response),)

    def broken(self, message: str) -> Iterable[bytes]:
        """Return what is said when it cannot go on."""
        response = self._head.failed(self._items.items(None), message)
        error = ErrorDetail(message, "server_error", None, "request_failed")
        return (
            self._told(ResponseFailed, response=response),
            self._told(ResponseErrorEvent, code=error.code, message=message, param=None, error=error),
        )

    # -- items --------------------------------------------------------------------------------------------------------

    def _grown(self, piece: Piece) -> Iterator[bytes]:
        if not piece.text and not piece.reasoning:
            return
        before = self._open
        if before is not None and before.is_reasoning != bool(piece.reasoning):
            yield from self._closed(before, "completed")
        self._items.add(piece)
        item = self._items.last
        assert item is not None
        if self._open is None:
            yield from self._opened(item)
        yield self._delta(item, piece)

    def _ended(self, ended: Ended) -> Iterator[bytes]:
        word = finish_word(ended)
        if word is None:
            return  # `broken` tells it
        before, empty = self._open, self._items.complete(ended)
        if empty is not None:
            if before is not None:
                yield from self._closed(before, "completed")
            yield from self._opened(empty)
        assert self._open is not None
        yield from self._closed(self._open, "completed" if word == "stop" else "incomplete")

    def _opened(self, item: GrowingItem) -> Iterator[bytes]:
        if self._number == 0:
            begun = self._head.begun()
            yield self._told(ResponseCreated, response=begun)
            yield self._told(ResponseInProgress, response=begun)
        self._open = item
        yield self._told(ItemAdded, output_index=item.index, item=item.item("in_progress"))
        empty = ReasoningText("") if item.is_reasoning else OutputText("", [], [])
        yield self._told(PartAdded, item_id=item.id, output_index=item.index, part=empty)

    def _delta(self, item: GrowingItem, piece: Piece) -> bytes:
        place: dict[str, Any] = {"item_id": item.id, "output_index": item.index}
        if item.is_reasoning:
            return self._told(ReasoningDelta, **place, delta=piece.reasoning)
        return self._told(TextDelta, **place, delta=piece.text, logprobs=self._items.logprobs(piece))

    def _closed(self, item: GrowingItem, status: Any) -> Iterator[bytes]:
        self._open = None
        place: dict[str, Any] = {"item_id": item.id, "output_index": item.index}
        part = item.part()
        if isinstance(part, OutputText):
            yield self._told(TextDone, **place, text=part.text, logprobs=part.logprobs)
        else:
            yield self._told(ReasoningDone, **place, text=part.text)
        yield self._told(PartDone, **place, part=part)
        yield self._told(ItemDone, output_index=item.index, item=item.item(status))

    def _told(self, kind: Any, **fields: Any) -> bytes:
        """Return one event, numbered."""
        event = kind(sequence_number=self._number, **fields)
        self._number += 1
        return b"event: %b\ndata: %b\n\n" % (kind.__struct_config__.tag.encode(), one_line(event))
