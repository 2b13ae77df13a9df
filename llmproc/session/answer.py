"""One answer while it comes: events of the service in, pieces of text out; at its end the conversation has the turn.

A stop text ends an answer here, not in the engine: ids that come after it are dropped, the request is cancelled, and
its Finish is told as if generation had ended with the id that completed the stop text, however ids were batched.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import structs

from llmproc.service.messages import Finish, Likely
from llmproc.service.ticket import Ticket, Tokens
from llmproc.session.conversation import Conversation
from llmproc.session.parts import PartJoiner, TextPart
from llmproc.session.turns import PreparedTurn


class Answer:
    """One turn in progress: iterate the pieces of text, then read `finish`."""

    def __init__(self, conversation: Conversation, prepared: PreparedTurn, ticket: Ticket) -> None:
        """Begin without text. `prepared`: made by `conversation` as it stands; `ticket`: the service's for it."""
        self.conversation, self.ticket = conversation, ticket
        self.turn = prepared.turn
        self.finish: Finish | None = None
        self.tokens: list[int] = []  # those that join the conversation
        self.likely: list[Likely] = []  # one for each of them, if it `tells_likely`
        self._prepared, sampling = prepared, conversation.sampling
        self._every, self._hidden = conversation.rules.every_token, conversation.end_tokens
        stream = conversation.rules.text(conversation.tokenizer, prepared.order.ids[-1])
        self._parts = PartJoiner(stream, sampling.stop, sampling.min_tokens)
        self.may_stop = bool(sampling.stop)  # its text has to be looked at while it comes
        shaping = prepared.order.shaping
        self.tells_likely = shaping is not None and shaping.logprobs >= 0

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
        """Return the texts of `parts`."""
        parts = self.parts(timeout)
        return None if parts is None else [part.text for part in parts if part.text]

    def parts(self, timeout: float | None = None) -> list[TextPart] | None:
        """Return what `next` does in parts, one for each id that completes text. The end comes by a call of its own.

        End tokens, and ids whose text lies in a stop text, belong to none. Raises RuntimeError after the end.
        """
        if self.finish is not None:
            raise RuntimeError("the answer is complete")
        event = self.ticket.next(timeout)
        if event is None:
            return None
        parts = self._complete(event) if isinstance(event, Finish) else self._joined(event)
        self.turn.answer += "".join([part.text for part in parts])
        return parts

    def __iter__(self) -> Iterator[str]:
        while self.finish is None:
            yield from self.pieces() or ()

    def _joined(self, new: Tokens) -> list[TextPart]:
        if self._parts.stopped:  # they were on their way when the stop text was found
            return []
        before, places = self._parts.fed, self._shown(new)
        if places is None:
            parts = self._parts.feed(new.ids, new.likely)
        else:
            likely = [new.likely[place] for place in places] if new.likely else ()
            parts = self._parts.feed([new.ids[place] for place in places], likely)
        count = len(new.ids)
        if self._parts.stopped:
            last = self._parts.fed - before - 1
            count = 1 + (last if places is None else places[last])
            self.ticket.cancel()
        self.tokens += new.ids[:count]
        self.likely += new.likely[:count]
        return parts

    def _shown(self, new: Tokens) -> Sequence[int] | None:
        """Return the places of the ids that have text; None: all of them."""
        if self._every or (not new.closed and self._hidden.isdisjoint(new.ids)):
            return None
        count = len(new.ids) - new.closed
        return [place for place, token in enumerate(new.ids[:count]) if token not in self._hidden]

    def _complete(self, finish: Finish) -> list[TextPart]:
        """Return the rest of the text, and let the conversation have the turn."""
        parts = [] if finish.discarded is None or not self._every else self._parts.feed([finish.discarded])
        parts += self._parts.flush()
        if self._parts.stopped:
            finish = self._stopped(finish)
        self.finish = finish
        self.turn.reason = finish.reason
        self.conversation.complete(self._prepared, self.tokens, finish)
        return parts

    def _stopped(self, finish: Finish) -> Finish:
        """Return the end of a request whose last id is the one that completed a stop text: whatever came after."""
        order, count = self._prepared.order, len(self.tokens)
        return structs.replace(
            finish,
            reason="stop",
            message="",
            new_tokens=count,
            draws=order.draws + (count if order.temperature > 0 else 0),
            discarded=None,
            positions=len(order.ids) + count,
        )
