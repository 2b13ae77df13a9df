"""The ledger: what a worker's death means for requests, without a worker."""

from __future__ import annotations

import random

from llmproc.service.ledger import Entry, Ledger
from llmproc.service.messages import Finish, Generate, Token


def order(temperature: float = 0.8, max_tokens: int = 10, closing: int | None = None) -> Generate:
    return Generate([1, 5, 6], max_tokens, [2], temperature, 0.9, 42, 7, closing)


def token(entry: Entry, value: int, sampled: bool = True) -> bool:
    return entry.token(Token(entry.request_id, value, sampled))


def dispatched(ledger: Ledger, ready: list[int]) -> list[tuple[int, int]]:
    found = []
    while (pair := ledger.next_dispatch(ready)) is not None:
        ledger.dispatched(*pair, now=0.0)
        found.append((pair[0].request_id, pair[1]))
    return found


def test_what_remains_continues_where_the_tokens_end() -> None:
    entry = Entry(1, order())
    for value in (11, 12, 13):
        assert token(entry, value)
    assert entry.remaining() == Generate([1, 5, 6, 11, 12, 13], 7, [2], 0.8, 0.9, 42, 10, None)


def test_greedy_tokens_draw_no_coins() -> None:
    entry = Entry(1, order(temperature=0.0))
    token(entry, 11)
    assert entry.remaining().coins == 7


def test_after_the_closing_id_only_the_discarded_token_is_missing() -> None:
    entry = Entry(1, order(max_tokens=1, closing=2))
    assert token(entry, 11)
    assert token(entry, 2, sampled=False)
    entry.attempts = 2
    assert entry.remaining() == Generate([1, 5, 6, 11, 2], 1, [], 0.8, 0.9, 42, 8, None)
    assert not token(entry, 77), "the caller has seen the closing id already, and never sees what is discarded"
    whole = entry.finish(Finish(1, "length", "", 5, 0, 1, 9, None, 6, 0.5, 0.25))
    assert (whole.discarded, whole.new_tokens, whole.coins, whole.reason) == (77, 2, 9, "length")


def test_the_terminal_event_of_a_replay_speaks_of_the_whole_request() -> None:
    entry = Entry(1, order())
    entry.attempts = 2
    for value in (11, 12, 2):
        token(entry, value)
    last = Finish(1, "end", "", 5, 0, 1, 10, None, 6, 0.5, 0.25)
    whole = entry.finish(last)
    assert (whole.prompt_tokens, whole.new_tokens, whole.positions, whole.coins) == (3, 3, 6, 10)
    entry.attempts = 1
    assert entry.finish(last) is last


def test_time_with_dead_workers_counts() -> None:
    ledger, entry = Ledger(capacity=1), Entry(1, order())
    ledger.add(entry)
    for now in (10.0, 20.0):
        assert ledger.next_dispatch([0])
        ledger.dispatched(entry, 0, now)
        token(entry, 11)
        ledger.worker_died(0, now + 1.5)
    entry.attempts = 3
    assert entry.finish(Finish(1, "end", "", 5, 0, 1, 10, None, 6, 0.5, 0.25)).decode_s == 3.25


def test_oldest_first_to_the_emptiest_worker_up_to_its_capacity() -> None:
    ledger = Ledger(capacity=2)
    for number in range(1, 6):
        ledger.add(Entry(number, order()))
    assert dispatched(ledger, [0, 1]) == [(1, 0), (2, 1), (3, 0), (4, 1)]
    assert [e.request_id for e in ledger.open_entries()] == [1, 2, 3, 4, 5]


def test_a_session_returns_to_the_worker_that_knows_it() -> None:
    ledger = Ledger(capacity=1)
    first, other = Entry(1, order(), session=9), Entry(2, order(), session=9)
    ledger.add(Entry(7, order(), session=3))
    assert dispatched(ledger, [0]) == [(7, 0)]
    ledger.add(first)
    assert dispatched(ledger, [0, 1]) == [(1, 1)]
    entry = ledger.get(7)
    assert entry is not None
    ledger.remove(entry)
    ledger.remove(first)
    ledger.add(other)
    assert dispatched(ledger, [0, 1]) == [(2, 1)]


def test_two_deaths_make_suspect_a_third_alone_fails_and_a_token_clears() -> None:
    ledger = Ledger(capacity=4)
    bad, good = Entry(1, order()), Entry(2, order())
    ledger.add(bad)
    ledger.add(good)
    for _ in range(2):
        dispatched(ledger, [0])
        token(good, 11)
        replayed, blamed = ledger.worker_died(0, now=0.0)
        assert replayed == [bad, good] and not blamed
    assert bad.suspect and not good.suspect
    assert dispatched(ledger, [0]) == [(1, 0)], "a suspect runs alone"
    replayed, blamed = ledger.worker_died(0, now=0.0)
    assert blamed == [bad] and not replayed
    ledger.remove(bad)
    assert dispatched(ledger, [0]) == [(2, 0)]


def test_nobody_joins_a_suspect_and_it_joins_nobody() -> None:
    ledger = Ledger(capacity=4)
    bad, good = Entry(1, order()), Entry(2, order())
    bad.deaths = 2
    ledger.add(good)
    ledger.add(bad)
    assert dispatched(ledger, [0]) == [(2, 0)]
    ledger.remove(good)
    assert dispatched(ledger, [0]) == [(1, 0)]
    ledger.add(good)
    assert dispatched(ledger, [0]) == []


def test_a_suspect_that_moves_is_no_suspect() -> None:
    entry = Entry(1, order())
    entry.deaths = 2
    token(entry, 11)
    assert not entry.suspect


def test_random_histories_end_every_request_once() -> None:
    chance = random.Random(7)
    for _ in range(200):
        ledger, ended, number = Ledger(capacity=chance.randint(1, 3)), [], 0
        for _ in range(chance.randint(1, 60)):
            act = chance.random()
            if act < 0.3:
                number += 1
                ledger.add(Entry(number, order()))
            elif act < 0.6:
                dispatched(ledger, [0, 1, 2])
            elif act < 0.8 and (running := [e for s in range(3) for e in ledger.running_in(s)]):
                entry = chance.choice(running)
                if chance.random() < 0.5:
                    token(entry, 9)
                else:
                    ledger.remove(entry)
                    ended.append(entry.request_id)
            else:
                for entry in ledger.worker_died(chance.randrange(3), now=0.0)[1]:
                    ledger.remove(entry)
                    ended.append(entry.request_id)
        left = [e.request_id for e in ledger.open_entries()]
        assert sorted(ended + left) == list(range(1, number + 1))


def test_whoever_waits_waits_while_every_slot_is_full_and_a_suspect_for_an_empty_one() -> None:
    ledger = Ledger(capacity=2)
    entries = [Entry(n, order()) for n in range(1, 7)]
    for entry in entries:
        ledger.add(entry)
    assert dispatched(ledger, [0, 1]) == [(1, 0), (2, 1), (3, 0), (4, 1)]
    entries[4].deaths = 2
    ledger.remove(entries[0])
    assert dispatched(ledger, [0, 1]) == [(6, 0)], "one free place is none for a suspect"
    ledger.remove(entries[1])
    ledger.remove(entries[3])
    assert dispatched(ledger, [0, 1]) == [(5, 1)]
