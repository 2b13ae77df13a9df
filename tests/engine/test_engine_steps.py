"""The engine: one terminal event whatever happens, and output that depends on a request's own fields alone."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import itertools
import textwrap

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmproc.engine.engine import Engine
from llmproc.engine.scheduler import best_slot, common_prefix, plan
from llmproc.engine.sequence import Finish, SequenceRequest, Token
from llmproc.engine.transformer import Transformer
from llmproc.errors import RequestError

PROMPT = tuple(range(5, 25))


@pytest.fixture
def transformer(make_model) -> Transformer:
    return Transformer(*make_model())


def request(number: int = 1, tokens: tuple[int, ...] = PROMPT, max_tokens: int = 10, **more) -> SequenceRequest:
    return SequenceRequest(number, tokens, max_tokens, **{"temperature": 0.8, "top_p": 0.9, **more})


def drain(engine: Engine, limit: int = 500) -> list[Token | Finish]:
    events: list[Token | Finish] = []
    while engine.busy:
        events += engine.step()
        limit -= 1
        assert limit > 0, "the engine does not come to an end"
    return events


def answer(engine: Engine, asked: SequenceRequest) -> tuple[list[int], Finish]:
    """Run one request alone: its new ids and its finish."""
    engine.add(asked)
    *tokens, finish = drain(engine)
    assert isinstance(finish, Finish) and all(isinstance(event, Token) for event in tokens)
    return [event.token for event in tokens], finish


def test_step_is_the_architecture_in_under_12_lines() -> None:
    source = textwrap.dedent(inspect.getsource(Engine.step))
    body = ast.parse(source).body[0].body[1:]  # without the docstring
    assert body[-1].end_lineno - body[0].lineno + 1 < 12


def test_a_request_of_full_length(transformer: Transformer) -> None:
    ids, finish = answer(Engine(transformer), request())
    assert len(ids) == 10
    assert (finish.reason, finish.message, finish.discarded) == ("length", "", None)
    assert (finish.prompt_tokens, finish.cached_tokens, finish.new_tokens, finish.positions) == (20, 0, 10, 30)
    assert finish.coins == 10
    assert finish.prefill_s > 0 and finish.decode_s > 0


def test_times_are_told_by_the_clock(transformer: Transformer) -> None:
    ticks = iter(range(100))
    _, finish = answer(Engine(transformer, chunk=16, clock=lambda: next(ticks)), request(max_tokens=1))
    # 0 started, 1 first pass of 16 ids, 2 prompt read, 3 finished
    assert (finish.prefill_s, finish.decode_s) == (2, 2)


def test_an_end_token_is_emitted_then_ends(transformer: Transformer) -> None:
    ids, _ = answer(Engine(transformer), request())
    ends = frozenset({ids[4], 999})
    cut, finish = answer(Engine(transformer), request(end_tokens=ends))
    first = ids.index(ids[4])
    assert cut == ids[: first + 1]
    assert (finish.reason, finish.new_tokens, finish.coins) == ("end", first + 1, first + 1)
    # the end token counts before the length does, with or without the closing rule
    _, finish = answer(Engine(transformer), request(max_tokens=first + 1, end_tokens=ends, closing=2))
    assert (finish.reason, finish.discarded) == ("end", None)


def test_the_closing_rule(transformer: Transformer) -> None:
    ids, _ = answer(Engine(transformer), request(max_tokens=12))
    engine = Engine(transformer)
    engine.add(request(closing=2))
    *tokens, finish = drain(engine)
    assert [event.token for event in tokens] == [*ids[:10], 2]
    assert [event.sampled for event in tokens] == [True] * 10 + [False]
    assert (finish.reason, finish.coins, finish.new_tokens, finish.positions) == ("length", 11, 11, 31)
    # what was discarded is what a request that already has the closing id would draw next
    expected, _ = answer(Engine(transformer), request(tokens=(*PROMPT, *ids[:10], 2), max_tokens=1, coins=10))
    assert [finish.discarded] == expected
    # the pass over it has happened: a next turn finds everything in the slot
    _, following = answer(engine, request(2, (*PROMPT, *ids[:10], 2, 7, 8)))
    assert following.cached_tokens == 31


def test_greedy_draws_no_coins(transformer: Transformer) -> None:
    ids, finish = answer(Engine(transformer), request(temperature=0.0, seed=1))
    assert finish.coins == 0
    assert answer(Engine(transformer), request(temperature=0.0, seed=2))[0] == ids


def test_the_seed_matters(transformer: Transformer) -> None:
    assert len({tuple(answer(Engine(transformer), request(seed=seed))[0]) for seed in range(5)}) == 5


@pytest.mark.parametrize("cut", [0, 1, 5, 9])
def test_a_replay_on_a_fresh_engine_goes_on_with_the_same_text(transformer: Transformer, cut: int) -> None:
    ids, finish = answer(Engine(transformer), request())
    rest, again = answer(Engine(transformer), request(tokens=(*PROMPT, *ids[:cut]), max_tokens=10 - cut, coins=cut))
    assert rest == ids[cut:]
    assert (again.coins, again.positions) == (finish.coins, finish.positions)


@pytest.mark.parametrize("chunk", [1, 3, 16, 100])
@pytest.mark.parametrize("sequences", [1, 2, 5])
def test_output_does_not_depend_on_company_chunks_or_slots(
    transformer: Transformer, chunk: int, sequences: int
) -> None:
    asked = [request(n, PROMPT[: 3 + 3 * n], 4 + n, seed=n, temperature=0.3 * n) for n in range(5)]
    alone = {r.request_id: answer(Engine(transformer), r)[0] for r in asked}
    engine = Engine(transformer, sequences, chunk)
    for r in asked:
        engine.add(r)
    events = drain(engine)
    for r in asked:
        mine = [event for event in events if event.request_id == r.request_id]
        assert [event.token for event in mine if isinstance(event, Token)] == alone[r.request_id]
        assert [type(event) for event in mine].count(Finish) == 1 and isinstance(mine[-1], Finish)


def test_a_slot_keeps_its_prefix_and_gives_the_same_ids(transformer: Transformer) -> None:
    engine = Engine(transformer)
    ids, _ = answer(engine, request())
    again, finish = answer(engine, request(2))
    assert (again, finish.cached_tokens) == (ids, len(PROMPT) - 1), "the last prompt id is always computed"
    other = (*PROMPT[:7], 49, *PROMPT[8:])
    expected, _ = answer(Engine(transformer), request(tokens=other))
    found, finish = answer(engine, request(3, other))
    assert (found, finish.cached_tokens) == (expected, 7)


def test_a_request_goes_to_the_slot_that_knows_most_of_it(transformer: Transformer) -> None:
    engine = Engine(transformer, sequences=2)
    for n, start in ((1, 5), (2, 30)):
        engine.add(request(n, tuple(range(start, start + 15)), 2))
    drain(engine)
    for n, start in ((3, 30), (4, 5)):
        _, finish = answer(engine, request(n, tuple(range(start, start + 15)), 2))
        assert finish.cached_tokens == 14


def test_cancel_at_any_step_ends_once_and_leaves_the_slot_usable(transformer: Transformer) -> None:
    ids, _ = answer(Engine(transformer), request())
    for steps in range(12):
        engine = Engine(transformer, chunk=6)
        engine.add(request())
        engine.add(request(2))
        before = [event for _ in range(steps) for event in engine.step()]
        assert engine.cancel(1)
        assert not engine.cancel(1), "it is gone"
        after = drain(engine)
        finishes = {e.request_id: e for e in before + after if isinstance(e, Finish)}
        assert len(finishes) == len([e for e in before + after if isinstance(e, Finish)]) == 2
        assert finishes[1].reason == "cancelled" and after[0] == finishes[1]
        sampled = [e.token for e in before if e.request_id == 1 and isinstance(e, Token)]
        assert sampled == ids[: len(sampled)] and finishes[1].new_tokens == len(sampled) == finishes[1].coins
        assert [e.token for e in after if e.request_id == 2 and isinstance(e, Token)] == ids


def test_cancel_of_a_waiting_and_of_an_unknown_request(transformer: Transformer) -> None:
    engine = Engine(transformer)
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


@pytest.mark.parametrize("closing", [None, 2])
def test_the_context_ends_and_nothing_is_overwritten(transformer: Transformer, closing: int | None) -> None:
    prompt = tuple(i % 50 for i in range(60))
    engine = Engine(transformer)
    ids, finish = answer(engine, request(tokens=prompt, max_tokens=10, closing=closing))
    assert len(ids) == 4
    assert (finish.reason, finish.positions, finish.discarded) == ("context", 64, None)
    assert "64 positions" in finish.message
    again, finish = answer(engine, request(2, prompt, max_tokens=10, closing=closing))
    assert (again, finish.cached_tokens) == (ids, 59)


def test_length_and_closing_at_the_very_end_of_the_context(transformer: Transformer) -> None:
    prompt = tuple(range(40))
    for max_tokens, closing, reason, new, discards in (
        (24, None, "length", 24, False),
        (23, 2, "length", 24, True),  # the closing id takes the last position
        (24, 2, "context", 24, False),  # no room for it
        (25, None, "context", 24, False),
    ):
        _, finish = answer(Engine(transformer), request(tokens=prompt, max_tokens=max_tokens, closing=closing))
        assert (finish.reason, finish.new_tokens, finish.discarded is not None) == (reason, new, discards)
        assert finish.positions == 64


BAD = {
    "no tokens": {"tokens": ()},
    "token 1 is 50": {"tokens": (1, 50)},
    "token 0 is -1": {"tokens": (-1,)},
    "token 0 is 1208925819614629174706176": {"tokens": (2**80,)},
    "token 1 is 1.5": {"tokens": (1, 1.5)},
    "64 tokens": {"tokens": (1,) * 64},
    "max_tokens 0": {"max_tokens": 0},
    "closing token is 50": {"closing": 50},
    "coins -1": {"coins": -1},
    "temperature nan": {"temperature": float("nan")},
    "temperature -1": {"temperature": -1.0},
    "top_p nan": {"top_p": float("nan")},
}


@pytest.mark.parametrize("words", BAD)
def test_bad_requests_are_refused_and_change_nothing(transformer: Transformer, words: str) -> None:
    engine = Engine(transformer)
    with pytest.raises(RequestError, match=words):
        engine.add(dataclasses.replace(request(), **BAD[words]))
    assert not engine.busy


def test_the_same_id_twice_is_refused(transformer: Transformer) -> None:
    engine = Engine(transformer)
    engine.add(request())
    for _ in range(2):  # waiting, then running
        with pytest.raises(RequestError, match="already"):
            engine.add(request())
        engine.step()


@pytest.mark.parametrize("weight_type", ["int8", "f32"])
@pytest.mark.parametrize("place", ["norm", "classifier", "embedding"])
@pytest.mark.parametrize("temperature", [0.0, 0.8])
def test_nan_weights_fail_the_request_with_a_reason(
    make_model, weight_type: str, place: str, temperature: float
) -> None:
    description, weights = make_model(0, weight_type)
    if place == "norm":
        weights.layers[0].ffn_norm[3] = np.nan
    else:
        matrix = getattr(weights, place)
        (matrix.scales if weight_type == "int8" else matrix)[PROMPT[-1], 0] = np.nan
    engine = Engine(Transformer(description, weights))
    ids, finish = answer(engine, request(temperature=temperature))
    assert (ids, finish.reason, finish.coins) == ([], "failed", 0)
    assert "NaN" in finish.message
    _, finish = answer(engine, request(2))
    assert (finish.reason, finish.cached_tokens) == ("failed", 0), "a failed sequence leaves nothing to reuse"


def test_one_failure_leaves_the_others_alone(make_model) -> None:
    description, weights = make_model()
    expected, _ = answer(Engine(Transformer(description, weights)), request(2, (1, 2, 3)))
    assert 49 not in expected
    weights.embedding.scales[49] = np.nan
    engine = Engine(Transformer(description, weights), sequences=2)
    engine.add(request(1, (49, 1)))
    engine.add(request(2, (1, 2, 3)))
    events = drain(engine)
    assert [e.token for e in events if e.request_id == 2 and isinstance(e, Token)] == expected
    assert {e.request_id: e.reason for e in events if isinstance(e, Finish)} == {1: "failed", 2: "length"}


def test_an_engine_needs_a_sequence_and_a_chunk(transformer: Transformer) -> None:
    for bad in ({"sequences": 0}, {"chunk": 0}):
        with pytest.raises(ValueError, match="at least 1"):
            Engine(transformer, **bad)


@given(st.lists(st.integers(1, 50), max_size=8), st.integers(1, 32))
@settings(max_examples=100, deadline=None)
def test_plan_keeps_its_promises(pending: list[int], budget: int) -> None:
    counts = plan(pending, budget)
    assert all(0 <= count <= asked for count, asked in zip(counts, pending, strict=True))
    assert all(count == 1 for count, asked in zip(counts, pending, strict=True) if asked == 1), "decodes always run"
    prompts = [(count, asked) for count, asked in zip(counts, pending, strict=True) if asked > 1]
    assert not prompts or prompts[0][0] >= 1, "the oldest prompt always gets on"
    assert sum(counts) <= max(budget, pending.count(1) + 1)
    for (count, asked), (later, _) in itertools.pairwise(prompts):
        assert count == asked or later == 0, "oldest first"


def test_common_prefix_and_best_slot() -> None:
    assert [common_prefix([1, 2, 3], other) for other in ([], [1, 2, 3, 4], [1, 2], [1, 5, 3], [2])] == [0, 3, 2, 1, 0]
    assert best_slot([1, 2, 3], [[1], [1, 2, 9], [7, 8]]) == (1, 2)
    assert best_slot([1, 2, 3], [[1, 2, 3, 4]]) == (0, 2)
    assert best_slot([1, 2, 3], [[9, 9], [], [8]]) == (1, 0), "an empty slot before one that would forget"
