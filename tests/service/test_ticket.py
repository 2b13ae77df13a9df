"""A ticket: events in order, moments that do not move, and a word to whoever must not wait."""

from __future__ import annotations

import threading

from llmproc.service.messages import Finish, Token
from llmproc.service.ticket import Ticket

FINISH = Finish.plain(1, "end", prompt_tokens=3, new_tokens=2, draws=2, decode_s=0.2)


def test_events_come_in_order_and_the_caller_is_told_after_each_is_there() -> None:
    seen: list[object] = []
    ticket = Ticket(1, lambda: None, lambda: seen.append(ticket.next(0)))
    for event in (Token(1, 5, True), Token(1, 6, True), FINISH):
        ticket.put(event)
    assert seen == [Token(1, 5, True), Token(1, 6, True), FINISH]
    assert ticket.next(0) is None


def test_without_anybody_to_tell_it_waits_to_be_asked() -> None:
    ticket = Ticket(1, lambda: None)
    ticket.put(Token(1, 5, True))
    ticket.put(FINISH)
    assert list(ticket) == [Token(1, 5, True), FINISH]


def test_its_moments_are_the_first_token_and_the_end() -> None:
    ticket = Ticket(1, lambda: None)
    assert (ticket.dispatched, ticket.first_token, ticket.ended) == (None, None, None)
    ticket.put(Token(1, 5, True))
    first = ticket.first_token
    ticket.put(Token(1, 6, True))
    ticket.put(FINISH)
    assert first is not None and ticket.first_token == first
    assert ticket.ended is not None and ticket.submitted <= first <= ticket.ended


def test_a_request_that_brought_nothing_has_no_first_token() -> None:
    ticket = Ticket(1, lambda: None)
    ticket.put(FINISH)
    assert ticket.first_token is None and ticket.ended is not None


def test_waiting_for_the_end_alone() -> None:
    ticket = Ticket(1, lambda: None)
    ticket.put(Token(1, 5, True))
    assert not ticket.wait(0) and not ticket.wait(0.01)
    later = threading.Timer(0.05, ticket.put, [FINISH])
    later.start()
    assert ticket.wait(20) and ticket.wait(0) and ticket.wait(), "as often as anybody asks"
    later.join()
    assert list(ticket) == [Token(1, 5, True), FINISH], "nothing has been taken"
