"""Requests with options of `shaping` in an engine: refusals, replays from any id on, preemption, closing, failures."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from engine.asking import PROMPT, request
from engine.fake_forward import POISON, VOCABULARY, FakeForward, answer, drain, make_engine

from llmproc.engine.events import Finish, Token
from llmproc.engine.sequence import SequenceRequest
from llmproc.engine.shaping import PLACED, Likely, Shaping
from llmproc.errors import RequestError

GIVEN = len(PROMPT)
EVERYTHING = Shaping(
    given=GIVEN, bias=[(3, 2.0), (7, -100.0)], min_tokens=6, repetition=1.3, frequency=0.4, presence=-0.2, top_k=20,
    min_p=0.1, logprobs=3,
)  # fmt: skip
Said = list[tuple[int, Likely | None]]


def shaped(**more: Any) -> SequenceRequest:
    return request(**{"max_tokens": 24, "shaping": EVERYTHING, "end_tokens": frozenset({4, 9}), **more})


def said(asked: SequenceRequest, **settings: Any) -> tuple[Said, Finish]:
    """All ids with what was told of them, and the end, of a request alone in an engine."""
    engine = make_engine(**settings)
    engine.add(asked)
    *tokens, finish = drain(engine)
    assert isinstance(finish, Finish)
    return [(event.token, event.likely) for event in tokens if isinstance(event, Token)], finish


@pytest.mark.parametrize("temperature", [0.0, 0.8])
def test_every_option_is_replayed_from_any_id_on(temperature: float) -> None:
    whole = shaped(temperature=temperature)
    ids, finish = said(whole)
    assert len(ids) > 6 and all(likely is not None and len(likely.top) == 3 for _, likely in ids)
    for cut in range(1, len(ids)):
        rest = replace(
            whole, tokens=PROMPT + tuple(token for token, _ in ids[:cut]), max_tokens=24 - cut,
            draws=cut if temperature else 0,
        )  # fmt: skip
        found, end = said(rest)
        assert found == ids[cut:], cut
        assert (end.reason, end.draws, end.positions) == (finish.reason, finish.draws, finish.positions)


def test_each_option_makes_a_difference_here() -> None:
    """Else the tests of this file would not see it missing."""
    seeds = range(25)
    everything = [said(shaped(seed=seed))[0] for seed in seeds]
    for name, neutral in (
        ("bias", []), ("min_tokens", 0), ("repetition", 1.0), ("frequency", 0.0), ("presence", 0.0), ("top_k", 0),
        ("min_p", 0.0), ("given", 0),
    ):  # fmt: skip
        values = {field: getattr(EVERYTHING, field) for field in EVERYTHING.__struct_fields__} | {name: neutral}
        assert [said(shaped(shaping=Shaping(**values), seed=seed))[0] for seed in seeds] != everything, name


@pytest.mark.parametrize("sequences", [2, 5])
def test_preempted_requests_go_on_as_if_nothing_had_happened(sequences: int) -> None:
    engine = make_engine(FakeForward(4, 64), sequences, batch_tokens=16)
    asked = [shaped(number=number, seed=number, max_tokens=40) for number in range(6)]
    for each in asked:
        engine.add(each)
    found: dict[int, Said] = {number: [] for number in range(6)}
    for event in drain(engine):
        if isinstance(event, Token):
            found[event.request_id].append((event.token, event.likely))
    assert engine.preempted > 0
    assert found == {each.request_id: said(each)[0] for each in asked}


def test_only_log_probabilities_change_nothing_else() -> None:
    for temperature in (0.0, 0.8):
        plain, expected = answer(make_engine(), request(temperature=temperature))
        told, finish = said(request(temperature=temperature, shaping=Shaping(given=GIVEN, logprobs=0)))
        assert [token for token, _ in told] == plain and finish.draws == expected.draws
        assert all(likely is not None and likely.logprob < 0 and likely.top == [] for _, likely in told)
        for neutral in (Shaping(given=GIVEN), Shaping(given=GIVEN, top_k=VOCABULARY)):
            assert said(request(temperature=temperature, shaping=neutral))[0] == [(token, None) for token in plain]


def test_no_end_before_min_tokens_in_the_first_life_and_in_a_replay() -> None:
    ends = frozenset(range(POISON - 1))  # two ids are left
    first = shaped(end_tokens=ends, shaping=Shaping(given=GIVEN, min_tokens=6))
    ids, finish = said(first)
    assert finish.reason == "end" and len(ids) >= 7
    assert [token in ends for token, _ in ids[:6]] == [False] * 6
    replay = replace(first, tokens=PROMPT + tuple(token for token, _ in ids[:5]), draws=5, max_tokens=19)
    assert said(replay)[0] == ids[5:]


def test_of_the_closing_id_it_is_told_that_it_was_certain() -> None:
    told, finish = said(shaped(max_tokens=3, closing=2, end_tokens=frozenset()))
    assert len(told) == 4 and told[-1] == (2, PLACED) and finish.discarded is not None
    quiet, _ = said(request(max_tokens=3, closing=2, shaping=Shaping(given=GIVEN, top_k=5)))
    assert quiet[-1] == (2, None)
    # a replay after the closing id draws the discarded id, for which the closing id counts as generated
    replay = shaped(
        tokens=PROMPT + tuple(token for token, _ in told), max_tokens=1, draws=3, end_tokens=frozenset()
    )  # fmt: skip
    assert said(replay)[0][0][0] == finish.discarded


def test_logits_that_are_not_numbers_fail_a_shaped_request_alone() -> None:
    engine = make_engine(sequences=2)
    engine.add(shaped(number=1, tokens=(*PROMPT[:-1], POISON)))
    engine.add(shaped(number=2))
    ends = {event.request_id: event for event in drain(engine) if isinstance(event, Finish)}
    assert (ends[1].reason, ends[1].draws) == ("failed", 0) and ends[2].reason in ("end", "length")


@pytest.mark.parametrize(
    ("values", "said_of"),
    [
        ({"given": -1}, "given"),
        ({"given": GIVEN + 1}, "given"),
        ({"bias": [(VOCABULARY, 1.0)]}, f"logit_bias is {VOCABULARY}"),
        ({"bias": [(-1, 1.0)]}, "logit_bias is -1"),
        ({"bias": [(3, float("nan"))]}, "logit_bias nan"),
        ({"bias": [(3, 100.5)]}, "logit_bias 100.5"),
        ({"bias": [(3, 1.0), (3, 2.0)]}, "twice"),
        ({"min_tokens": -1}, "min_tokens -1"),
        ({"repetition": 0.0}, "repetition_penalty"),
        ({"repetition": -1.0}, "repetition_penalty -1"),
        ({"repetition": float("inf")}, "repetition_penalty inf"),
        ({"frequency": 2.5}, "frequency_penalty 2.5"),
        ({"presence": float("nan")}, "presence_penalty nan"),
        ({"top_k": -1}, "top_k -1"),
        ({"min_p": 1.1}, "min_p 1.1"),
        ({"min_p": -0.1}, "min_p -0.1"),
        ({"logprobs": 21}, "logprobs 21"),
        ({"logprobs": -2}, "logprobs -2"),
    ],
)
def test_options_that_break_a_rule_are_refused_by_name(values: dict[str, Any], said_of: str) -> None:
    engine = make_engine()
    with pytest.raises(RequestError, match=said_of) as caught:
        engine.add(request(shaping=Shaping(**{"given": GIVEN, **values})))
    assert "\n" not in str(caught.value) and not engine.busy


def test_min_tokens_needs_an_id_that_ends_nothing() -> None:
    engine, every = make_engine(), frozenset(range(VOCABULARY))
    with pytest.raises(RequestError, match="min_tokens 1 leaves no token"):
        engine.add(request(end_tokens=every, shaping=Shaping(given=GIVEN, min_tokens=1)))
    engine.add(request(end_tokens=every - {3}, shaping=Shaping(given=GIVEN, min_tokens=1, top_k=1)))
    first, *_ = drain(engine)
    assert isinstance(first, Token) and first.token == 3
