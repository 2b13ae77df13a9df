"""A ticket: ids in order and in batches, moments that do not move, and a word to whoever must not wait."""

from __future__ import annotations

import random
import threading
from itertools import accumulate, pairwise

from llmproc.service.messages import Finish, Likely
from llmproc.service.ticket import Ticket, Tokens

FINISH = Finish.plain(1, "end", prompt_tokens=3, new_tokens=2, draws=2, decode_s=0.2)


def test_events_come_in_order_and_the_caller_is_told_after_each_is_there() -> None:
    seen: list[object] = []
    ticket = Ticket(1, lambda: None, lambda: seen.append(ticket.next(0)))
    for event in (Tokens([5]), Tokens([6, 7]), FINISH):
        ticket.put(event)
    assert seen == [Tokens([5]), Tokens([6, 7]), FINISH]
    assert ticket.next(0) is None


def test_without_anybody_to_tell_it_waits_to_be_asked() -> None:
    ticket = Ticket(1, lambda: None)
    ticket.put(Tokens([5]))
    ticket.put(FINISH)
    assert list(ticket) == [Tokens([5]), FINISH]


def test_a_reader_that_is_behind_gets_all_ids_at_once_and_the_end_alone() -> None:
    batches = [Tokens([5]), Tokens([6, 7]), Tokens([8, 2], closed=True)]
    ticket = Ticket(1, lambda: None)
    for batch in batches:
        ticket.put(batch)
    ticket.put(FINISH)
    assert ticket.arrived == 5
    assert list(ticket) == [Tokens([5, 6, 7, 8, 2], closed=True), FINISH]
    assert batches[0] == Tokens([5]), "what was put is not changed: the service has it too"
    assert ticket.next(0) is None


def test_what_is_told_of_ids_stays_with_them() -> None:
    ticket = Ticket(1, lambda: None)
    told = [Tokens([5], likely=[Likely(-1.0)]), Tokens([6, 7], likely=[Likely(-2.0), Likely(-3.0)])]
    for batch in told:
        ticket.put(batch)
    assert ticket.next(0) == Tokens([5, 6, 7], likely=[Likely(-1.0), Likely(-2.0), Likely(-3.0)])
    assert len(told[0].likely) == 1
    assert ticket.next(0) is None


def test_nothing_is_lost_or_doubled_between_two_threads() -> None:
    for seed in range(20):
        chance, ticket = random.Random(seed), Ticket(1, lambda: None)
        edges = [0, *accumulate(chance.randint(1, 5) for _ in range(300))]
        events = [Tokens(list(range(*edge))) for edge in pairwise(edges)]
        writer = threading.Thread(target=lambda ticket, events: [ticket.put(one) for one in events],
                                  args=(ticket, [*events, FINISH]))  # fmt: skip
        writer.start()
        seen = list(ticket)
        writer.join()
        assert [each for batch in seen if isinstance(batch, Tokens) for each in batch.ids] == list(range(edges[-1]))
        assert seen[-1] == FINISH and seen.count(FINISH) == 1 and ticket.next(0) is None


def test_its_moments_are_the_first_token_and_the_end() -> None:
    ticket = Ticket(1, lambda: None)
    assert (ticket.dispatched, ticket.first_token, ticket.ended) == (None, None, None)
    ticket.put(Tokens([5]))
    first = ticket.first_token
    ticket.put(Tokens([6]))
    ticket.put(FINISH)
    assert first is not None and ticket.first_token == first
    assert ticket.ended is not None and ticket.submitted <= first <= ticket.ended


def test_a_request_that_brought_nothing_has_no_first_token() -> None:
    ticket = Ticket(1, lambda: None)
    ticket.put(FINISH)
    assert ticket.first_token is None and ticket.ended is not None and ticket.arrived == 0


def test_waiting_for_the_end_alone() -> None:
    ticket = Ticket(1, lambda: None)
    ticket.put(Tokens([5]))
    assert not ticket.wait(0) and not ticket.wait(0.01)
    later = threading.Timer(0.05, ticket.put, [FINISH])
    later.start()
    assert ticket.wait(20) and ticket.wait(0) and ticket.wait(), "as often as anybody asks"
    later.join()
    assert list(ticket) == [Tokens([5]), FINISH], "nothing has been taken"
