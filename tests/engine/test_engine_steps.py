"""The engine: one terminal event whatever happens, and output that depends on a request's own fields alone."""

from __future__ import annotations

import ast
import inspect
import textwrap

import pytest
from engine.asking import PROMPT, request
from engine.fake_forward import FakeForward, answer, drain, make_engine

from llmproc.engine.batch import PAGE
from llmproc.engine.engine import Engine
from llmproc.engine.events import Finish, Token


def test_step_is_the_architecture_in_under_12_lines() -> None:
    source = textwrap.dedent(inspect.getsource(Engine.step))
    body = ast.parse(source).body[0].body[1:]  # without the docstring
    assert body[-1].end_lineno - body[0].lineno + 1 < 12


def test_a_request_of_full_length() -> None:
    ids, finish = answer(make_engine(), request())
    assert len(ids) == 10
    assert (finish.reason, finish.message, finish.discarded) == ("length", "", None)
    assert (finish.prompt_tokens, finish.cached_tokens, finish.new_tokens, finish.positions) == (20, 0, 10, 30)
    assert finish.draws == 10
    assert finish.prefill_s > 0 and finish.decode_s > 0


def test_times_are_told_by_the_clock() -> None:
    ticks = iter(range(100))
    _, finish = answer(make_engine(batch_tokens=16, clock=lambda: next(ticks)), request(max_tokens=1))
    # 0 to 1 first pass of 16 ids, 2 to 3 the rest of the prompt, 4 finished
    assert (finish.prefill_s, finish.decode_s) == (3, 3)


def test_times_of_one_that_was_pushed_back_begin_with_its_first_pass() -> None:
    ticks = iter(range(1000))
    engine = make_engine(FakeForward(4), 2, clock=lambda: next(ticks))
    for n in (1, 2):
        engine.add(request(n, tuple(range(n, n + 31)), 20))
    events = drain(engine)
    first, second = [event for event in events if isinstance(event, Finish)]
    assert engine.preempted > 0 and (first.request_id, second.request_id) == (1, 2)
    assert first.prefill_s == second.prefill_s == 1
    assert second.decode_s > first.decode_s == 20 * 2 - 1


def test_an_end_token_is_emitted_then_ends() -> None:
    ids, _ = answer(make_engine(), request())
    ends = frozenset({ids[4], 999})
    cut, finish = answer(make_engine(), request(end_tokens=ends))
    first = ids.index(ids[4])
    assert cut == ids[: first + 1]
    assert (finish.reason, finish.new_tokens, finish.draws) == ("end", first + 1, first + 1)
    # the end token counts before the length does, with or without the closing rule
    _, finish = answer(make_engine(), request(max_tokens=first + 1, end_tokens=ends, closing=2))
    assert (finish.reason, finish.discarded) == ("end", None)


def test_the_closing_rule() -> None:
    ids, _ = answer(make_engine(), request(max_tokens=12))
    engine = make_engine()
    engine.add(request(max_tokens=11, closing=2))
    *tokens, finish = drain(engine)
    assert [event.token for event in tokens] == [*ids[:11], 2]
    assert [event.sampled for event in tokens] == [True] * 11 + [False]
    assert (finish.reason, finish.draws, finish.new_tokens, finish.positions) == ("length", 12, 12, 32)
    # what was discarded is what a request that already has the closing id would draw next
    expected, _ = answer(make_engine(), request(tokens=(*PROMPT, *ids[:11], 2), max_tokens=1, draws=11))
    assert [finish.discarded] == expected
    # the pass over it has happened: a next turn finds the page that ends with it
    _, following = answer(engine, request(2, (*PROMPT, *ids[:11], 2, 7, 8)))
    assert following.cached_tokens == 32


def test_greedy_draws_no_coins() -> None:
    ids, finish = answer(make_engine(), request(temperature=0.0, seed=1))
    assert finish.draws == 0
    assert answer(make_engine(), request(temperature=0.0, seed=2))[0] == ids


def test_the_seed_matters() -> None:
    assert len({tuple(answer(make_engine(), request(seed=seed))[0]) for seed in range(5)}) == 5


@pytest.mark.parametrize("cut", [0, 1, 5, 9])
def test_a_replay_on_a_fresh_engine_goes_on_with_the_same_text(cut: int) -> None:
    ids, finish = answer(make_engine(), request())
    rest, again = answer(make_engine(), request(tokens=(*PROMPT, *ids[:cut]), max_tokens=10 - cut, draws=cut))
    assert rest == ids[cut:]
    assert (again.draws, again.positions) == (finish.draws, finish.positions)


@pytest.mark.parametrize("batch_tokens", [1, 3, 16, 100])
@pytest.mark.parametrize("sequences", [1, 2, 5])
@pytest.mark.parametrize("pages", [4, 5, 64])
def test_output_does_not_depend_on_company_chunks_or_pages(batch_tokens: int, sequences: int, pages: int) -> None:
    asked = [request(n, PROMPT[: 3 + 3 * n], 30 + n, seed=n, temperature=0.3 * n, closing=2) for n in range(5)]
    alone = {r.request_id: answer(make_engine(), r)[0] for r in asked}
    engine = make_engine(FakeForward(pages), sequences, batch_tokens)
    for r in asked:
        engine.add(r)
    events = drain(engine)
    for r in asked:
        mine = [event for event in events if event.request_id == r.request_id]
        assert [event.token for event in mine if isinstance(event, Token)] == alone[r.request_id]
        assert [type(event) for event in mine].count(Finish) == 1 and isinstance(mine[-1], Finish)
    assert (engine.preempted > 0) == (pages < 64 and sequences > 1)


def test_one_run_of_the_model_per_step() -> None:
    forward = FakeForward()
    engine = make_engine(forward, 4, 40)
    for n in range(4):
        engine.add(request(n, PROMPT[n:], 2))
    assert [event.request_id for event in engine.step()] == [0, 1]
    assert forward.runs == [[(0, 20), (0, 19), (0, 1)]]
    assert [event.request_id for event in engine.step()] == [0, 0, 1, 1, 2, 3]
    assert forward.runs[1:] == [[(20, 1), (19, 1), (1, 17), (0, 17)]]
    assert (engine.running, engine.waiting, engine.pages_free, engine.steps) == (2, 0, 60, 2)


def test_full_pages_of_a_prompt_are_found_and_give_the_same_ids() -> None:
    engine = make_engine()
    ids, _ = answer(engine, request(tokens=tuple(range(40))))
    again, finish = answer(engine, request(2, tuple(range(40))))
    assert (again, finish.cached_tokens) == (ids, 2 * PAGE)
    other = (*range(20), 49 - 20, *range(21, 40))
    expected, _ = answer(make_engine(), request(tokens=other))
    found, finish = answer(engine, request(3, other))
    assert (found, finish.cached_tokens) == (expected, PAGE)
    _, finish = answer(engine, request(4, tuple(range(32))))
    assert finish.cached_tokens == PAGE, "the last prompt id is always computed"


def test_turns_of_two_sessions_and_a_fork_find_their_pages() -> None:
    engine = make_engine(sequences=2)
    texts = {1: tuple(range(5, 22)), 2: tuple(range(20, 40))}
    for turn in range(3):
        for n, tokens in texts.items():
            engine.add(request(n, tokens, 8, seed=turn))
        events = drain(engine)
        for finish in [event for event in events if isinstance(event, Finish)]:
            assert finish.cached_tokens == (0 if turn == 0 else (finish.prompt_tokens - 2) // PAGE * PAGE)
        for n in texts:
            texts[n] += tuple(event.token for event in events if isinstance(event, Token) and event.request_id == n)
            texts[n] += (turn,)
    for n in (3, 4):  # forks of the first
        engine.add(request(n, (*texts[1], n), 5))
    pages = engine.pages_free
    engine.step()
    assert pages - engine.pages_free == len(texts[1]) // PAGE + 2, "they share all full pages"
    drain(engine)


@pytest.mark.parametrize("closing", [None, 2])
def test_the_context_ends_and_nothing_is_overwritten(closing: int | None) -> None:
    prompt = tuple(i % 49 for i in range(60))
    engine = make_engine()
    ids, finish = answer(engine, request(tokens=prompt, max_tokens=10, closing=closing))
    assert len(ids) == 4
    assert (finish.reason, finish.positions, finish.discarded) == ("context", 64, None)
    assert "64 positions" in finish.message
    again, finish = answer(engine, request(2, prompt, max_tokens=10, closing=closing))
    assert (again, finish.cached_tokens) == (ids, 48)


def test_length_and_closing_at_the_very_end_of_the_context() -> None:
    prompt = tuple(range(40))
    for max_tokens, closing, reason, new, discards in (
        (24, None, "length", 24, False),
        (23, 2, "length", 24, True),  # the closing id takes the last position
        (24, 2, "context", 24, False),  # no room for it
        (25, None, "context", 24, False),
    ):
        _, finish = answer(make_engine(), request(tokens=prompt, max_tokens=max_tokens, closing=closing))
        assert (finish.reason, finish.new_tokens, finish.discarded is not None) == (reason, new, discards)
        assert finish.positions == 64


def test_a_step_without_work_does_not_run_the_model() -> None:
    engine = make_engine()
    engine.add(request())
    engine.cancel(1)
    assert [event.reason for event in engine.step()] == ["cancelled"] and engine.forward.runs == []
