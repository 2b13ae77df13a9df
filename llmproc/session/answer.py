"""One answer while it comes: events of the service in, pieces of text out; at its end the conversation has the turn."""

from __future__ import annotations

from collections.abc import Iterator

from llmproc.service.messages import Finish, Token
from llmproc.service.ticket import Ticket
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
        self._every = conversation.rules.every_token
        self._stream = conversation.rules.text(conversation.tokenizer, prepared.order.ids[-1])

    def cancel(self) -> None:
        """Ask for the end; what was written stays."""
        self.ticket.cancel()

    def next(self, timeout: float | None = None) -> str | None:
        """Return the next piece of text, maybe ""; None when nothing came within `timeout` seconds.

        Raises RuntimeError after the end.
        """
        if self.finish is not None:
            raise RuntimeError("the answer is complete")
        event = self.ticket.next(timeout)
        if event is None:
            return None
        if isinstance(event, Finish):
            return self._complete(event)
        return self._piece(event)

    def __iter__(self) -> Iterator[str]:
        while self.finish is None:
            piece = self.next()
            if piece:
                yield piece

    def _piece(self, token: Token) -> str:
        self.tokens.append(token.token)
        hidden = token.token in self._conversation.end_tokens or not token.sampled
        if hidden and not self._every:
            return ""
        piece = self._stream.feed(token.token)
        self.turn.answer += piece
        return piece

    def _complete(self, finish: Finish) -> str:
        self.finish = finish
        rest = ""
        if self._every and finish.discarded is not None:
            rest = self._stream.feed(finish.discarded)
        rest += self._stream.flush()
        self.turn.answer += rest
        self.turn.reason = finish.reason
        self._conversation.complete(self._prepared, self.tokens, finish)
        return rest
