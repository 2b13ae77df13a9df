"""Requests with a grammar in an engine: what ends them, replays from any id on, and neighbours that notice nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from engine.asking import PROMPT, request
from engine.fake_forward import VOCABULARY, FakeForward, answer, drain, make_engine

from llmproc.engine.events import Finish, Token
from llmproc.engine.sequence import SequenceRequest
from llmproc.engine.shaping import Shaping
from llmproc.errors import RequestError
from llmproc.grammars.library import MAX_GRAMMAR
from llmproc.grammars.matching import Grammars
from llmproc.grammars.writing import schema_grammar

END = 0
WORDS = [
    b"",
    *(bytes([value]) for value in b'{}[],:"0123456789abcdefghijlnrstu -\n'),
    b"true",
    b"false",
    b"null",
    b'"a"',
    b'": ',
]
TABLE = [*WORDS, *[b""] * (VOCABULARY - len(WORDS))]
SCHEMA = {
    "type": "object", "required": ["a", "b"], "additionalProperties": False,
    "properties": {"a": {"type": "array", "items": {"type": "boolean"}, "maxItems": 6}, "b": {"enum": [12, "c", None]}},
}  # fmt: skip
GRAMMAR = schema_grammar(SCHEMA)


def engine(**settings: Any):
    return make_engine(FakeForward(context=128), grammars=Grammars(lambda: TABLE), **settings)


def asked(grammar: str = GRAMMAR, number: int = 1, **more: Any) -> SequenceRequest:
    shaping = Shaping(given=len(PROMPT), grammar=grammar)
    return request(number, **{"max_tokens": 100, "shaping": shaping, "end_tokens": frozenset({END}), **more})


def text(ids: list[int]) -> str:
    return b"".join(TABLE[token] for token in ids).decode()


@pytest.mark.parametrize("temperature", [0.0, 0.7, 3.0])
def test_answers_keep_the_schema_and_end_by_themselves(temperature: float) -> None:
    ended = 0
    for seed in range(20):
        ids, finish = answer(engine(), asked(temperature=temperature, seed=seed))
        if finish.reason == "stop":
            found, ended = json.loads(text(ids)), ended + 1
            assert list(found) == ["a", "b"] and found["b"] in (12, "c", None) and len(found["a"]) <= 6
            assert END not in ids and finish.new_tokens == len(ids) and finish.draws == (temperature > 0) * len(ids)
        else:
            assert finish.reason == "length" and len(ids) == 100
    assert ended >= 1


def test_cut_by_max_tokens_or_complete_with_the_last_one() -> None:
    whole, _ = answer(engine(), asked(temperature=0.7))
    for most, reason in ((len(whole) - 1, "length"), (len(whole), "stop")):
        ids, finish = answer(engine(), asked(temperature=0.7, max_tokens=most))
        assert (ids, finish.reason) == (whole[:most], reason)


@pytest.mark.parametrize("temperature", [0.0, 0.7])
def test_replayed_from_any_id_on(temperature: float) -> None:
    whole = asked(temperature=temperature)
    ids, finish = answer(engine(), whole)
    for cut in range(1, len(ids) + 1):
        if cut == len(ids) and finish.reason != "stop":
            continue
        again = replace(
            whole, tokens=PROMPT + tuple(ids[:cut]), max_tokens=max(1, 100 - cut), draws=cut if temperature else 0
        )
        rest, end = answer(engine(), again)
        assert (rest, end.reason, end.positions) == (ids[cut:], finish.reason, finish.positions), cut


def test_an_end_token_where_more_could_come() -> None:
    number = schema_grammar({"type": "integer", "minimum": 0})
    found = [answer(engine(), asked(number, seed=seed, temperature=1.5)) for seed in range(30)]
    ended = [(ids, finish) for ids, finish in found if finish.reason == "end"]
    assert ended and all(text(ids).isdigit() and ids[-1] == END for ids, _ in ended)
    held = [answer(engine(), asked(number, seed=seed, temperature=1.5, shaping=Shaping(
        given=len(PROMPT), grammar=number, min_tokens=5))) for seed in range(30)]  # fmt: skip
    assert all(len(ids) > 5 for ids, finish in held if finish.reason == "end")


@pytest.mark.parametrize("more", [{}, {"top_k": 3}, {"min_p": 0.2}, {"top_k": 40, "repetition": 1.4, "logprobs": 2}])
def test_other_options_act_on_what_the_grammar_leaves(more: dict[str, Any]) -> None:
    for seed in range(10):
        shaping = Shaping(given=len(PROMPT), grammar=GRAMMAR, bias=[(5, 50.0)], **more)
        ids, finish = answer(engine(), asked(seed=seed, shaping=shaping, temperature=1.0, top_p=0.95))
        assert finish.reason in ("stop", "length")
        if finish.reason == "stop":
            assert list(json.loads(text(ids))) == ["a", "b"]


def test_free_neighbours_keep_their_ids() -> None:
    free = [request(number, max_tokens=30, seed=number, top_p=0.95) for number in (2, 3, 4)]
    alone = {one.request_id: answer(engine(), one) for one in free}
    constrained = {number: answer(engine(), asked(number=number, seed=number)) for number in (10, 11)}
    together = engine(sequences=5, batch_tokens=7)
    for one in (*free, *(asked(number=number, seed=number) for number in (10, 11))):
        together.add(one)
    events = drain(together)
    for number, (ids, finish) in {**alone, **constrained}.items():
        assert [event.token for event in events if isinstance(event, Token) and event.request_id == number] == ids
        (end,) = (event for event in events if isinstance(event, Finish) and event.request_id == number)
        assert end.reason == finish.reason


def test_a_grammar_that_cannot_go_on_fails_its_request_alone() -> None:
    both = engine(sequences=2)
    both.add(asked(schema_grammar({"const": "XYZ"}), number=1))
    both.add(request(2, max_tokens=5))
    finishes = {event.request_id: event for event in drain(both) if isinstance(event, Finish)}
    assert finishes[1].reason == "failed" and "no token of the vocabulary" in finishes[1].message
    assert finishes[2].reason == "length" and both.pages_free == both.forward.pages


@pytest.mark.parametrize(
    ("grammar", "words"),
    [("start: %json {", "is refused"), ("x" * (MAX_GRAMMAR + 1), "may have"), ("start: x", "refused")],
)
def test_refused_when_it_is_added(grammar: str, words: str) -> None:
    one = engine()
    with pytest.raises(RequestError, match=words):
        one.add(asked(grammar))
    assert not one.busy


def test_an_engine_without_tokens_takes_no_grammar() -> None:
    with pytest.raises(RequestError, match="bytes of all tokens"):
        make_engine().add(asked())
