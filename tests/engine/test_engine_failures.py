"""Requests that are refused, fail or are cancelled, one at a time: the others and the pages do not notice."""

from __future__ import annotations

import dataclasses

import pytest
from engine.asking import request
from engine.fake_forward import POISON, FakeForward, answer, check_pages, drain, make_engine

from llmproc.config import EngineOptions
from llmproc.engine.batch import PAGE
from llmproc.engine.engine import Engine
from llmproc.engine.events import Finish, Token
from llmproc.errors import RequestError


def test_cancel_at_any_step_ends_once_and_leaves_nothing_behind() -> None:
    ids, _ = answer(make_engine(), request())
    for steps in range(12):
        engine = make_engine(batch_tokens=6)
        engine.add(request())
        engine.add(request(2))
        before = [event for _ in range(steps) for event in engine.step()]
        assert engine.cancel(1)
        assert not engine.cancel(1), "it is gone"
        check_pages(engine)
        after = drain(engine)
        finishes = {e.request_id: e for e in before + after if isinstance(e, Finish)}
        assert len(finishes) == len([e for e in before + after if isinstance(e, Finish)]) == 2
        assert finishes[1].reason == "cancelled" and after[0] == finishes[1]
        sampled = [e.token for e in before if e.request_id == 1 and isinstance(e, Token)]
        assert sampled == ids[: len(sampled)] and finishes[1].new_tokens == len(sampled) == finishes[1].draws
        assert [e.token for e in after if e.request_id == 2 and isinstance(e, Token)] == ids
        assert engine.pages_free == 64


def test_cancel_of_a_waiting_and_of_an_unknown_request() -> None:
    engine = make_engine()
    for n in (1, 2, 3):
        engine.add(request(n))
    engine.step()
    assert not engine.cancel(9)
    assert engine.cancel(2)
    events = drain(engine)
    assert [e.request_id for e in events if isinstance(e, Finish)] == [2, 1, 3]
    finish = next(e for e in events if e.request_id == 2)
    assert (finish.new_tokens, finish.prefill_s, finish.decode_s, finish.positions) == (0, 0, 0, 20)
    engine.add(request(2))  # the id is free again
    assert engine.busy and drain(engine) and not engine.busy and engine.step() == []


def test_cancel_of_one_that_was_pushed_back() -> None:
    engine = make_engine(FakeForward(4), 2)
    for n in (1, 2):
        engine.add(request(n, tuple(range(n, n + 31)), 20))
    events = []
    while not engine.preempted:
        events += engine.step()
    assert (engine.running, engine.waiting) == (1, 1)
    assert engine.cancel(2)
    events += drain(engine)
    finish = next(e for e in events if isinstance(e, Finish) and e.request_id == 2)
    count = [type(e) for e in events if e.request_id == 2].count(Token)
    assert finish.reason == "cancelled" and finish.new_tokens == finish.draws == count > 0
    assert engine.pages_free == 4


BAD = {
    "no tokens": {"tokens": ()},
    "token 1 is 50": {"tokens": (1, 50)},
    "token 0 is -1": {"tokens": (-1,)},
    "token 0 is 1208925819614629174706176": {"tokens": (2**80,)},
    "token 1 is 1.5": {"tokens": (1, 1.5)},
    "64 tokens": {"tokens": (1,) * 64},
    "max_tokens 0": {"max_tokens": 0},
    "closing token is 50": {"closing": 50},
    "draws -1": {"draws": -1},
    "temperature nan": {"temperature": float("nan")},
    "temperature -1": {"temperature": -1.0},
    "top_p nan": {"top_p": float("nan")},
}


@pytest.mark.parametrize("words", BAD)
def test_bad_requests_are_refused_and_change_nothing(words: str) -> None:
    engine = make_engine()
    with pytest.raises(RequestError, match=words):
        engine.add(dataclasses.replace(request(), **BAD[words]))
    assert not engine.busy


def test_the_same_id_twice_is_refused() -> None:
    engine = make_engine()
    engine.add(request())
    for _ in range(2):  # waiting, then running
        with pytest.raises(RequestError, match="already"):
            engine.add(request())
        engine.step()


@pytest.mark.parametrize("temperature", [0.0, 0.8])
@pytest.mark.parametrize("batch_tokens", [3, 128])
def test_nan_fails_the_request_with_a_reason_and_its_pages_are_wiped(temperature: float, batch_tokens: int) -> None:
    forward = FakeForward(4)
    engine = make_engine(forward, batch_tokens=batch_tokens)
    for n in (1, 2):
        ids, finish = answer(engine, request(n, (*range(18), POISON, 1), temperature=temperature))
        assert (ids, finish.reason, finish.draws) == ([], "failed", 0)
        assert "NaN" in finish.message and finish.cached_tokens == 0, "a failed sequence leaves nothing to reuse"
        check_pages(engine)
    expected, _ = answer(make_engine(), request(3, tuple(range(40)), temperature=temperature))
    assert answer(engine, request(3, tuple(range(40)), temperature=temperature))[0] == expected
    assert len(forward.wiped) == 4 and engine.pages_free == 4


def test_nan_that_nobody_saw_is_wiped_too() -> None:
    engine = make_engine(FakeForward(4), batch_tokens=20)
    engine.add(request(1, (*range(18), POISON, *range(20))))
    engine.step()  # NaN stands in the second page, and no logits were asked
    engine.cancel(1)
    assert [event.reason for event in drain(engine)] == ["cancelled"]
    ids, finish = answer(engine, request(2, tuple(range(40))))
    assert (len(ids), finish.reason) == (10, "length")


def test_a_failure_while_decoding_takes_back_what_was_found_before() -> None:
    engine = make_engine()
    ids, finish = answer(engine, request(1, max_tokens=20, closing=POISON))
    assert (len(ids), finish.reason, finish.draws) == (21, "failed", 20)
    assert answer(engine, request(2))[1].cached_tokens == 0
    assert sorted(engine.forward.wiped) == sorted(set(engine.forward.wiped)) and len(engine.forward.wiped) == 3


def test_one_failure_leaves_the_others_alone() -> None:
    start = tuple(range(20))
    expected, _ = answer(make_engine(), request(2, (*start, 2, 3)))
    engine = make_engine(sequences=3)
    answer(engine, request(9, start))
    for n, tokens in ((1, (*start, POISON)), (2, (*start, 2, 3)), (3, (*start, POISON, 3))):
        engine.add(request(n, tokens))
    events = drain(engine)
    assert [e.token for e in events if e.request_id == 2 and isinstance(e, Token)] == expected
    finishes = {e.request_id: e for e in events if isinstance(e, Finish)}
    assert {n: e.reason for n, e in finishes.items()} == {1: "failed", 2: "length", 3: "failed"}
    assert all(e.cached_tokens == PAGE for e in finishes.values()), "what others computed before is shared"
    check_pages(engine)


def test_an_engine_needs_pages_for_one_context() -> None:
    with pytest.raises(ValueError, match="3 pages of 16 positions cannot hold a context of 64"):
        Engine(FakeForward(3), EngineOptions())
