"""One request: what a worker's death means for requests, without a worker."""

from __future__ import annotations

from typing import Any

from llmproc.config import SamplingParams
from llmproc.service.messages import Finish, Generate
from llmproc.service.request_state import RequestState, blame
from llmproc.service.ticket import Ticket


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


def request(number: int, order: Generate) -> RequestState:
    return RequestState(number, order, Ticket(number, lambda: None))


def token(entry: RequestState, value: int, sampled: bool = True) -> bool:
    return entry.add([value], closed=not sampled)


def test_what_remains_continues_where_the_tokens_end() -> None:
    entry = request(1, order())
    for value in (11, 12, 13):
        assert token(entry, value)
    assert entry.remaining() == generate([1, 5, 6, 11, 12, 13], 7, 10)


def test_greedy_tokens_draw_nothing() -> None:
    for temperature in (0.0, 1e-60):  # the second is 0 in fp32
        entry = request(1, order(temperature=temperature))
        token(entry, 11)
        assert entry.remaining().draws == 7


def test_a_replay_knows_which_ids_are_the_prompts() -> None:
    sampling = SamplingParams(0.8, 0.9, 10, 42, presence_penalty=1.0, min_tokens=5)
    entry = request(1, Generate.sampled([1, 5, 6], sampling, end_tokens=[2], draws=7, closing=9))
    shaping = entry.order.shaping
    assert shaping is not None and (shaping.given, shaping.min_tokens) == (3, 5)
    token(entry, 11)
    assert entry.remaining().shaping == shaping and len(entry.remaining().ids) == 4
    token(entry, 9, sampled=False)
    assert entry.remaining().shaping == shaping


def test_after_the_closing_id_only_the_discarded_token_is_missing() -> None:
    entry = request(1, order(max_tokens=1, closing=2))
    assert token(entry, 11)
    assert token(entry, 2, sampled=False)
    entry.attempts = 2
    assert entry.remaining() == generate([1, 5, 6, 11, 2], 1, 8, ends=False)
    assert not token(entry, 77), "the caller has seen the closing id already, and never sees what is discarded"
    whole = entry.finish(finish(reason="length", draws=9))
    assert (whole.discarded, whole.new_tokens, whole.draws, whole.reason) == (77, 2, 9, "length")


def test_the_terminal_event_of_a_replay_speaks_of_the_whole_request() -> None:
    entry = request(1, order())
    entry.attempts = 2
    for value in (11, 12, 2):
        token(entry, value)
    last = finish()
    whole = entry.finish(last)
    assert (whole.prompt_tokens, whole.new_tokens, whole.positions, whole.draws) == (3, 3, 6, 10)
    entry.attempts = 1
    assert entry.finish(last) is last


def test_a_first_attempt_is_what_was_ordered_and_a_suspect_runs_alone() -> None:
    entry = request(1, order())
    assert entry.remaining() is entry.order and not entry.order.alone
    entry.deaths = 2
    assert entry.remaining().alone and entry.remaining().ids == entry.order.ids
    token(entry, 11)
    assert not entry.remaining().alone, "it moves: a death later is not its fault"


def test_what_a_stand_in_waits_survives_a_replay() -> None:
    entry = request(1, Generate.greedy([1], 3, wait_s=2.5))
    token(entry, 11)
    assert entry.remaining() == Generate.greedy([1, 11], 2, wait_s=2.5)


def test_costs_are_those_of_the_last_worker() -> None:
    entry, last = request(1, order()), finish(user_s=0.5, system_s=0.25, wait_s=0.125, kv_bytes=4096)
    entry.attempts = 2
    whole = entry.finish(last)
    assert (whole.user_s, whole.system_s, whole.wait_s, whole.kv_bytes) == (0.5, 0.25, 0.125, 4096)


def test_time_with_dead_workers_counts() -> None:
    entry = request(1, order())
    for now in (10.0, 20.0):
        entry.taken_at = now
        token(entry, 11)
        assert blame([entry], now + 1.5) == ([entry], [])
    entry.attempts = 3
    assert entry.finish(finish()).decode_s == 3.25


def test_two_deaths_make_suspect_a_third_alone_fails_and_a_token_clears() -> None:
    bad, good = request(1, order()), request(2, order())
    for _ in range(2):
        token(good, 11)
        assert blame([bad, good], 0.0) == ([bad, good], [])
    assert bad.suspect and not good.suspect
    assert blame([bad, good], 0.0) == ([bad, good], []), "it was not alone: nobody knows who did it"
    assert blame([bad], 0.0) == ([], [bad])
    token(bad, 11)
    assert not bad.suspect and blame([bad], 0.0) == ([bad], [])


def test_a_death_with_nothing_in_hand_blames_nothing() -> None:
    assert blame([], 0.0) == ([], [])


def test_what_a_policy_may_expect() -> None:
    entry = request(1, order(max_tokens=10))
    assert entry.cost == 13
    token(entry, 11)
    assert entry.cost == 13, "a token of the answer has become one of the prompt"
    assert request(2, Generate.greedy([1], 3, wait_s=2.5)).cost == 2.5


def test_main_ends_a_request_with_what_it_has() -> None:
    entry = request(1, order())
    token(entry, 11)
    assert entry.end("failed", "why") == Finish.plain(
        1, "failed", prompt_tokens=3, new_tokens=1, draws=8, message="why"
    )
