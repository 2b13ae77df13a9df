"""The requests: what a worker's death means for requests, without a worker."""

from __future__ import annotations

import random
from typing import Any

from llmproc.config import SamplingParams
from llmproc.service.messages import Finish, Generate, Token
from llmproc.service.request_table import RequestState, RequestTable


def order(temperature: float = 0.8, max_tokens: int = 10, closing: int | None = None) -> Generate:
    return generate([1, 5, 6], max_tokens, 7, temperature, closing)


def generate(
    ids: list[int], tokens: int, draws: int, temperature: float = 0.8, closing: int | None = None, ends: bool = True
) -> Generate:
    sampling = SamplingParams(temperature, 0.9, tokens, 42)
    return Generate.sampled(ids, sampling, end_tokens=[2] if ends else [], draws=draws, closing=closing)


def finish(**changes: Any) -> Finish:
    values: dict[str, Any] = {
        "request_id": 1, "reason": "end", "prompt_tokens": 5, "new_tokens": 1, "draws": 10, "positions": 6,
        "prefill_s": 0.5, "decode_s": 0.25,
    }  # fmt: skip
    return Finish(**{**values, **changes})


def token(entry: RequestState, value: int, sampled: bool = True) -> bool:
    return entry.token(Token(entry.request_id, value, sampled))


def test_what_remains_continues_where_the_tokens_end() -> None:
    entry = RequestState(1, order())
    for value in (11, 12, 13):
        assert token(entry, value)
    assert entry.remaining() == generate([1, 5, 6, 11, 12, 13], 7, 10)


def test_greedy_tokens_draw_no_coins() -> None:
    entry = RequestState(1, order(temperature=0.0))
    token(entry, 11)
    assert entry.remaining().draws == 7


def test_after_the_closing_id_only_the_discarded_token_is_missing() -> None:
    entry = RequestState(1, order(max_tokens=1, closing=2))
    assert token(entry, 11)
    assert token(entry, 2, sampled=False)
    entry.attempts = 2
    assert entry.remaining() == generate([1, 5, 6, 11, 2], 1, 8, ends=False)
    assert not token(entry, 77), "the caller has seen the closing id already, and never sees what is discarded"
    whole = entry.finish(finish(reason="length", draws=9))
    assert (whole.discarded, whole.new_tokens, whole.draws, whole.reason) == (77, 2, 9, "length")


def test_the_terminal_event_of_a_replay_speaks_of_the_whole_request() -> None:
    entry = RequestState(1, order())
    entry.attempts = 2
    for value in (11, 12, 2):
        token(entry, value)
    last = finish()
    whole = entry.finish(last)
    assert (whole.prompt_tokens, whole.new_tokens, whole.positions, whole.draws) == (3, 3, 6, 10)
    entry.attempts = 1
    assert entry.finish(last) is last


def test_a_first_attempt_is_what_was_ordered_and_a_suspect_runs_alone() -> None:
    entry = RequestState(1, order())
    assert entry.remaining() is entry.order and not entry.order.alone
    entry.deaths = 2
    assert entry.remaining().alone and entry.remaining().ids == entry.order.ids
    token(entry, 11)
    assert not entry.remaining().alone, "it moves: a death later is not its fault"


def test_what_a_stand_in_waits_survives_a_replay() -> None:
    entry = RequestState(1, Generate.greedy([1], 3, wait_s=2.5))
    token(entry, 11)
    assert entry.remaining() == Generate.greedy([1, 11], 2, wait_s=2.5)


def test_time_with_dead_workers_counts() -> None:
    requests, entry = RequestTable(), RequestState(1, order())
    requests.add(entry)
    for now in (10.0, 20.0):
        requests.taken(entry, 0, now)
        token(entry, 11)
        assert requests.worker_died(0, now + 1.5) == ([entry], [])
    entry.attempts = 3
    assert entry.finish(finish()).decode_s == 3.25


def test_who_runs_what() -> None:
    requests, entries = RequestTable(), [RequestState(number, order()) for number in (1, 2, 3)]
    for entry in entries:
        requests.add(entry)
    requests.taken(entries[2], 1, 0.0)
    requests.taken(entries[0], 1, 0.0)
    assert requests.running_in(1) == [entries[2], entries[0]] and requests.count(1) == 2 and requests.count(0) == 0
    assert (entries[0].worker, entries[0].attempts, entries[1].worker) == (1, 1, None)
    requests.remove(entries[2])
    requests.remove(entries[1])
    assert requests.open_entries() == requests.running_in(1) == [entries[0]]
    assert requests.get(2) is None and requests.get(1) is entries[0]


def test_a_session_is_at_home_where_it_ran_until_that_worker_dies() -> None:
    requests, first, second = RequestTable(), RequestState(1, order(), session=9), RequestState(2, order(), session=9)
    requests.add(first)
    assert requests.home(first) is None and requests.home(RequestState(3, order())) is None
    requests.taken(first, 1, 0.0)
    requests.remove(first)
    assert requests.home(second) == 1
    requests.worker_died(0, 0.0)
    assert requests.home(second) == 1
    requests.worker_died(1, 0.0)
    assert requests.home(second) is None


def test_two_deaths_make_suspect_a_third_alone_fails_and_a_token_clears() -> None:
    requests, bad, good = RequestTable(), RequestState(1, order()), RequestState(2, order())
    requests.add(bad)
    requests.add(good)
    for _ in range(2):
        requests.taken(bad, 0, 0.0)
        requests.taken(good, 0, 0.0)
        token(good, 11)
        assert requests.worker_died(0, 0.0) == ([bad, good], [])
    assert bad.suspect and not good.suspect
    requests.taken(bad, 0, 0.0)
    requests.taken(good, 0, 0.0)
    assert requests.worker_died(0, 0.0) == ([bad, good], []), "it was not alone: nobody knows who did it"
    requests.taken(bad, 0, 0.0)
    assert requests.worker_died(0, 0.0) == ([], [bad])
    requests.remove(bad)
    assert requests.open_entries() == [good]


def test_random_histories_end_every_request_once() -> None:
    chance = random.Random(7)
    for _ in range(200):
        requests, ended, number = RequestTable(), [], 0
        for _ in range(chance.randint(1, 60)):
            act = chance.random()
            running = [e for worker in range(3) for e in requests.running_in(worker)]
            waiting = [e for e in requests.open_entries() if e.worker is None]
            assert len(running) + len(waiting) == len(requests.open_entries())
            if act < 0.3:
                number += 1
                requests.add(RequestState(number, order()))
            elif act < 0.6 and waiting:
                requests.taken(chance.choice(waiting), chance.randrange(3), 0.0)
            elif act < 0.8 and running:
                entry = chance.choice(running)
                if chance.random() < 0.5:
                    token(entry, 9)
                else:
                    requests.remove(entry)
                    ended.append(entry.request_id)
            else:
                for entry in requests.worker_died(chance.randrange(3), now=0.0)[1]:
                    requests.remove(entry)
                    ended.append(entry.request_id)
        left = [e.request_id for e in requests.open_entries()]
        assert sorted(ended + left) == list(range(1, number + 1))
