"""States of sequences: the end exactly where the grammar may end, and nothing that depends on other sequences."""

from __future__ import annotations

import random

import numpy as np
import pytest
from grammars.vocabularies import END, ENDS, TABLE, allowed, grammars

from llmproc.errors import RequestError
from llmproc.grammars import matching
from llmproc.grammars.matching import GrammarStateError
from llmproc.grammars.writing import schema_grammar

DIGITS = schema_grammar({"type": "integer", "minimum": 0, "maximum": 99})
OBJECT = schema_grammar({"type": "object", "properties": {"a": {"type": "boolean"}}, "required": ["a"],
                         "additionalProperties": False})  # fmt: skip


def ids(text: str) -> list[int]:
    return list(text.encode())


def test_the_end_comes_where_the_grammar_may_end() -> None:
    state = grammars().begin(DIGITS)
    assert END not in allowed(state)
    state.follow(ids("7"), 0)
    assert {END, ord("1")} <= allowed(state) and not state.complete
    assert END not in allowed(state, held=True)
    state.follow(ids("71"), 0)
    assert state.complete and allowed(state) == {END}
    assert allowed(state, held=True) == {END}, "nothing else is left"


def test_a_complete_answer_without_end_tokens_has_nothing_to_say() -> None:
    state = grammars().begin(DIGITS)
    state.follow(ids("71"), 0)
    with pytest.raises(GrammarStateError, match="no token"):
        allowed(state, ends=np.empty(0, np.int64))


def test_tokens_of_several_bytes_and_the_ids_of_the_prompt() -> None:
    state = grammars().begin(OBJECT)
    assert {ord("{"), TABLE.index(b'{"')} <= allowed(state)
    prompt = [3, 4, 5]
    state.follow([*prompt, TABLE.index(b'{"')], 3)
    assert allowed(state) == {ord("a")}
    state.follow([*prompt, TABLE.index(b'{"'), ord("a"), TABLE.index(b'": '), TABLE.index(b"true")], 3)
    assert ord("}") in allowed(state) and not state.complete


def test_a_word_that_the_vocabulary_cannot_write() -> None:
    table = [b"{", b"}", b""]
    state = grammars(table).begin(OBJECT)
    row = np.zeros(3, np.float32)
    state.restrict(row, np.array([2]), False)
    assert row.tolist() == [0, -np.inf, -np.inf]
    state.follow([0], 0)
    with pytest.raises(GrammarStateError, match="no token"):
        state.restrict(np.zeros(3, np.float32), np.array([2]), False)


def test_logits_beyond_the_table_never_come() -> None:
    state = grammars([b"{", b""]).begin(OBJECT)
    row = np.zeros(200, np.float32)
    state.restrict(row, np.array([1]), False)
    assert np.flatnonzero(row == 0).tolist() == [0]


def test_states_of_one_grammar_do_not_know_each_other() -> None:
    many, alone, draw = grammars(), grammars(), random.Random(5)
    pairs = [(many.begin(OBJECT), alone.begin(OBJECT), list[int]()) for _ in range(4)]
    assert len(many._compiled) == 1
    for _ in range(200):
        state, twin, said = draw.choice(pairs)
        assert allowed(state) == allowed(twin)
        choice = draw.choice(sorted(allowed(state)))
        if choice != END and not state.complete:
            said.append(choice)
            state.follow(said, 0)
            twin.follow(said, 0)
    assert any(len(said) > 5 for _, _, said in pairs)


def test_a_state_that_begins_later_is_the_same() -> None:
    """A sequence that is run again has its ids at once."""
    step, said, draw = grammars().begin(OBJECT), list[int](), random.Random(1)
    while not step.complete:
        again = grammars().begin(OBJECT)
        again.follow([9, *said], 1)
        assert allowed(again) == allowed(step) and again.complete == step.complete
        said.append(draw.choice(sorted(allowed(step) - {END})))
        step.follow(said, 0)
    assert len(said) > 6


def test_refusals() -> None:
    with pytest.raises(RequestError, match="the grammar is refused"):
        grammars().begin("start: %json {")
    with pytest.raises(RequestError, match="table of tokens"):
        matching.Grammars(lambda: matching_error()).begin(DIGITS)


def matching_error() -> list[bytes]:
    raise ValueError("an empty file")


def test_old_grammars_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "_KEPT", 2)
    found = grammars()
    for most in (1, 2, 3, 2):
        found.begin(schema_grammar({"type": "integer", "maximum": most}))
    assert len(found._compiled) == 2
    assert ENDS.tolist() == [END]
