"""One answer while it comes: events of the service in, pieces of text out; at its end the conversation has the turn."""

from __future__ import annotations

from collections.abc import Iterator

from llmproc.service.messages import Finish
from llmproc.service.ticket import Ticket, Tokens
from llmproc.session.conversation import Conversation
from llmproc.session.turns import PreparedTurn


class Answer:
    """One turn in progress: iterate the pieces of text, then read `finish`."""

    def __init__(self, conversation: Conversation, prepared: PreparedTurn, ticket: Ticket) -> None:
        """Begin without text. `prepared`: made by `conversation` as it stands; `ticket`: the service's for it."""
        self._conversation, self._prepared, self.ticket = conversation, prepared, ticket
        self.turn = prepared.turn
        self.finish: Finish | None = None
        self.tokens: list[int] = []
        self._every, self._hidden = conversation.rules.every_token, conversation.end_tokens
        self._stream = conversation.rules.text(conversation.tokenizer, prepared.order.ids[-1])

    def cancel(self) -> None:
        """Ask for the end; what was written stays."""
        self.ticket.cancel()

    def next(self, timeout: float | None = None) -> str | None:
        """Return the text that has come since, maybe ""; None when nothing came within `timeout` seconds.

        Raises RuntimeError after the end.
        """
        pieces = self.pieces(timeout)
        return None if pieces is None else "".join(pieces)

    def pieces(self, timeout: float | None = None) -> list[str] | None:
        """Return what `next` does in pieces, one for each id that completes text. The end comes by a call of its own.

        Raises RuntimeError after the end.
        """
        if self.finish is not None:
            raise RuntimeError("the answer is complete")
        event = self.ticket.next(timeout)
        if event is None:
            return None
        pieces = self._complete(event) if isinstance(event, Finish) else self._decoded(event)
        self.turn.answer += "".join(pieces)
        return pieces

    def __iter__(self) -> Iterator[str]:
        while self.finish is None:
            yield from self.pieces() or ()

    def _decoded(self, new: Tokens) -> list[str]:
        self.tokens += new.ids
        shown = new.ids
        if not self._every:
            if new.closed:
                shown = shown[:-1]
            if not self._hidden.isdisjoint(shown):
                shown = [token for token in shown if token not in self._hidden]
        return self._stream.feed_all(shown)

    def _complete(self, finish: Finish) -> list[str]:
        """Return the rest of the text, and let the conversation have the turn."""
        self.finish = finish
        discarded = [finish.discarded] if self._every and finish.discarded is not None else []
        pieces = self._stream.feed_all(discarded)
        if rest := self._stream.flush():
            pieces.append(rest)
        self.turn.reason = finish.reason
        self._conversation.complete(self._prepared, self.tokens, finish)
        return pieces
