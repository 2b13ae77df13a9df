"""Asks a service: a prepared turn becomes a request, and its answer. The one place where the two meet."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable

from llmproc.grammars.token_table import token_bytes
from llmproc.service.service import Service
from llmproc.session.answer import Answer
from llmproc.session.choices import choices_of
from llmproc.session.conversation import Conversation
from llmproc.session.turns import PreparedTurn

_session_ids = itertools.count(1)


def send(
    service: Service,
    conversation: Conversation,
    prepared: PreparedTurn,
    notify: Callable[[], None] | None = None,
    session_id: int = 0,
) -> Answer:
    """Start a turn that `conversation` prepared as it stands.

    `notify` is called on the I/O thread whenever the answer's `next(0)` has something. `session_id`: turns with the
    same one are given to the same worker if they can be; 0: there will be no other turn.
    """
    shaping = prepared.order.shaping
    if shaping is not None and shaping.grammar:
        service.share_tokens(lambda: token_bytes(conversation.tokenizer))
    ticket = service.submit(prepared.order, session_id, prepared.turn.start, notify)
    return Answer(conversation, prepared, ticket)


class ServiceSession:
    """A conversation of many turns and the service that answers them. Not for several threads at once."""

    def __init__(self, service: Service, conversation: Conversation) -> None:
        """Join the two. Nothing is sent before `ask`; the service need not have been started."""
        self.service, self.conversation = service, conversation
        self.session_id = next(_session_ids)

    def ask(self, text: str, notify: Callable[[], None] | None = None) -> Answer:
        """Start a turn; `notify` as for `send`. RequestError: text without tokens, or no room in the context."""
        return self._send(self.conversation.prepare(text), notify)

    def ask_again(self) -> Answer:
        """Answer the last prompt once more. RequestError without a prompt."""
        return self._send(self.conversation.prepare_again())

    def starts(self, text: str | None) -> list[Callable[[], Answer]]:
        """Prepare a turn (None: the last prompt again); each start begins one of its n answers, the session's first.

        RequestError as `ask` and `ask_again`.
        """
        talk = self.conversation
        prepared = talk.prepare_again() if text is None else talk.prepare(text)
        begin = functools.partial(send, self.service, session_id=self.session_id)
        return [functools.partial(begin, *choice) for choice in choices_of(talk, prepared)]

    def fork(self) -> ServiceSession:
        """Return another session that stands where this one stands; both go on alone."""
        return ServiceSession(self.service, self.conversation.fork())

    def _send(self, prepared: PreparedTurn, notify: Callable[[], None] | None = None) -> Answer:
        return send(self.service, self.conversation, prepared, notify, self.session_id)
