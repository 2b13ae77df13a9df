"""The n answers to one turn: each from its own seed, and none changes another."""

from __future__ import annotations

import pytest
from msgspec import structs
from session.answering import Asked, ids_of, small_tokenizer

from llmproc.config import SamplingParams
from llmproc.session.choices import choices_of
from llmproc.session.conversation import Conversation
from llmproc.text.templates.plain import PlainTemplate


@pytest.mark.parametrize("turns", [0, 2])
def test_each_choice_is_the_turn_with_its_seed(turns: int) -> None:
    conversation = Conversation(small_tokenizer(), PlainTemplate(), 500, SamplingParams(n=3, seed=(1 << 64) - 2))
    for _ in range(turns):
        asked = Asked(conversation)
        asked.put(ids_of("a", "b"))
        asked.end("length", 2, draws=conversation.draws + 2)
        asked.parts()
    prepared = conversation.prepare("b")
    found = choices_of(conversation, prepared)
    assert found[0] == (conversation, prepared) and len(found) == 3
    for index, (talk, turn) in enumerate(found):
        seed = ((1 << 64) - 2 + index) % (1 << 64)
        assert turn.order == structs.replace(prepared.order, seed=seed) and turn.order.draws == 2 * turns
        assert (talk.ids, talk.turns, talk.draws) == (conversation.ids, conversation.turns, conversation.draws)
    assert [talk.sampling.n for talk, _ in found] == [3, 1, 1], "the others have one answer each"


def test_they_go_on_alone() -> None:
    conversation = Conversation(small_tokenizer(), PlainTemplate(), 500, SamplingParams(n=2))
    (first, turn), (second, other) = choices_of(conversation, conversation.prepare("b"))
    turn.turn.answer = "a"
    assert other.turn.answer == "" and other.turn is not turn.turn
    asked = Asked(second, "a")
    asked.put(ids_of("a"))
    asked.end("length", 1, draws=1)
    asked.parts()
    assert len(second.turns) == 1 and not first.turns and first.draws == 0


def test_the_last_prompt_again_leaves_out_its_turn() -> None:
    conversation = Conversation(small_tokenizer(), PlainTemplate(), 500, SamplingParams(n=2))
    for prompt in ("a", "b"):
        asked = Asked(conversation, prompt)
        asked.put(ids_of("a"))
        asked.end("length", 1, draws=1)
        asked.parts()
    again = conversation.prepare_again()
    assert [len(turn.earlier) for _, turn in choices_of(conversation, again)] == [1, 1]
