"""An answer in parts: which ids and log probabilities come with which text, and what a stop text leaves of them."""

from __future__ import annotations

import codecs
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from session.answering import EMPTY, END, PIECES, Asked, ids_of, said, small_tokenizer

from llmproc.config import SamplingParams
from llmproc.service.messages import Finish
from llmproc.service.ticket import Tokens
from llmproc.session.conversation import Conversation
from llmproc.text.templates.plain import PlainTemplate

Rows = list[tuple[str, list[int]]]


def rows(asked: Asked) -> Rows:
    return [(part.text, part.ids) for part in asked.parts()]


def told(*ids: int, batch: int = 99, end: str = "length", likely: bool = False, **options: Any) -> tuple[Asked, Rows]:
    """What comes of `ids` that arrive in batches."""
    asked = Asked(**options)
    for start in range(0, len(ids), batch):
        asked.put(list(ids[start : start + batch]), likely)
    asked.end(end, len(ids))
    return asked, rows(asked)


# -- parts ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch", [1, 2, 99])
def test_one_part_for_each_id_that_completes_text(batch: int) -> None:
    ids = ids_of("a", b"\xc3", b"\xa9", "b", b"", "é")
    asked, found = told(*ids, batch=batch)
    assert found == [("a", ids[:1]), ("é", ids[1:3]), ("b", ids[3:4]), ("é", ids[4:])]
    assert asked.answer.tokens == ids and asked.answer.turn.answer == "aébé"


def test_at_the_end_half_a_character_and_ids_without_text_come_too() -> None:
    half, empty = ids_of(b"\xc3"), ids_of(b"", b"")
    assert told(*ids_of("a"), *half)[1] == [("a", ids_of("a")), ("\ufffd", half)]
    assert told(*ids_of("a"), *empty)[1] == [("a", ids_of("a")), ("", empty)]


def test_pieces_are_the_texts() -> None:
    asked = Asked()
    asked.ticket.put(Tokens(ids_of("a", "b", b"")))
    asked.end("end")
    assert asked.answer.pieces(0) == ["a", "b"] and asked.answer.pieces(0) == []
    with pytest.raises(RuntimeError, match="the answer is complete"):
        asked.answer.parts(0)


def test_nothing_came_in_time() -> None:
    assert Asked().answer.parts(0) is None is Asked().answer.pieces(0)


@pytest.mark.parametrize("batch", [1, 99])
def test_an_end_token_belongs_to_no_part_and_is_among_the_tokens(batch: int) -> None:
    ids = ids_of("a", "b", "</s>")
    asked, found = told(*ids, batch=batch, end="end", likely=True, logprobs=1)
    assert found == [("a", ids[:1]), ("b", ids[1:2])]
    assert asked.answer.tokens == ids and asked.answer.likely == said(ids)


def test_log_probabilities_come_with_their_ids() -> None:
    ids = ids_of(b"\xc3", b"\xa9", "a", "</s>", "S", "T", "b")
    for stop in ((), ("STOP",)):
        asked = Asked(logprobs=1, stop=stop, ignore_eos=True)
        asked.put(ids, likely=True)
        asked.end("length")
        parts = asked.parts()
        shown = [token for part in parts for token in part.ids]
        assert shown == [token for token in ids if token != END]
        assert all(part.likely == said(part.ids) for part in parts), stop
        assert "".join(part.text for part in parts) == "éaSTb" and asked.answer.likely == said(ids)


# -- stops ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch", [1, 2, 3, 99])
def test_a_stop_text_ends_the_answer_before_it(batch: int) -> None:
    ids = ids_of("a", "S", "T", "OP", "b", "b")
    asked, found = told(*ids, batch=batch, stop="STO", likely=True, logprobs=0)
    answer, finish = asked.answer, asked.answer.finish
    assert found == [("a", ids[:1])] and answer.turn.answer == "a" and asked.cancelled == 1
    assert answer.tokens == ids[:4] and answer.likely == said(ids[:4]), "as of the id that completed it"
    assert finish is not None and (finish.reason, finish.new_tokens, finish.draws) == ("stop", 4, 4)
    assert (finish.positions, finish.message, finish.user_s) == (finish.prompt_tokens + 4, "", 0.5)
    assert asked.conversation.ids == [*asked.prepared.order.ids, *ids[:4]] and asked.conversation.draws == 4
    assert asked.conversation.turns[0].reason == "stop"


def test_what_may_be_a_stop_text_waits_with_its_ids_and_comes_if_it_is_none() -> None:
    ids = ids_of("a", "S", "T", "b", "S")
    assert told(*ids, batch=1, stop="STOP")[1] == [("a", ids[:1]), ("STb", ids[1:4]), ("S", ids[4:])]


def test_an_id_whose_text_is_shown_in_part_comes_with_that_part() -> None:
    ids = ids_of("ab", "a", "S", "T")
    assert told(*ids, stop="baS")[1] == [("a", ids[:1])]
    ids = ids_of("ab", "b")
    assert told(*ids, stop="ba")[1] == [("a", ids[:1]), ("b", []), ("b", ids[1:])]


def test_of_several_stop_texts_the_first_that_is_complete_counts() -> None:
    asked, _ = told(*ids_of("a", "b", "S", "T"), stop=("bST", "S"))
    assert asked.answer.turn.answer == "ab" and asked.answer.tokens == ids_of("a", "b", "S")


@pytest.mark.parametrize(("reason", "message"), [("failed", "the service is lost"), ("cancelled", "it was closed")])
def test_a_complete_answer_stays_complete_whatever_happens_to_its_request(reason: str, message: str) -> None:
    asked = Asked(stop="S")
    asked.put(ids_of("a", "S"))
    asked.end(reason, message=message)
    asked.parts()
    assert asked.answer.finish is not None
    assert (asked.answer.finish.reason, asked.answer.finish.message) == ("stop", "")


def test_ids_that_come_after_the_stop_are_dropped_and_it_is_cancelled_once() -> None:
    asked = Asked(stop="S")
    for ids in (ids_of("a"), ids_of("S", "b"), ids_of("b"), ids_of("S")):
        asked.put(ids)
    asked.end()
    asked.parts()
    assert (asked.cancelled, asked.answer.turn.answer) == (1, "a") and asked.answer.tokens == ids_of("a", "S")


def test_a_stop_text_of_a_character_that_never_became_whole() -> None:
    asked, found = told(*ids_of("a", b"\xc3"), stop="\ufffd")
    assert found == [("a", ids_of("a"))] and asked.answer.finish.reason == "stop"


def test_text_of_the_first_min_tokens_is_not_looked_at() -> None:
    ids = ids_of("S", "a", "S", "b")
    asked, found = told(*ids, stop="S", min_tokens=1)
    assert found == [("S", ids[:1]), ("a", ids[1:2])] and asked.answer.tokens == ids[:3]
    asked, _ = told(*ids, stop="Sa", min_tokens=2)
    assert asked.answer.turn.answer == "SaSb", "nor is it the beginning of one"


def test_ignore_eos_orders_no_end_tokens_and_leaves_them_out_of_the_text() -> None:
    ids = ids_of("a", "</s>", "b")
    asked, found = told(*ids, ignore_eos=True)
    assert asked.prepared.order.end_tokens == [] and END in Asked().prepared.order.end_tokens
    assert found == [("a", ids[:1]), ("b", ids[2:])] and asked.answer.tokens == ids
    assert asked.conversation.turns[0].reason == "length"


IDS = st.lists(st.integers(END, EMPTY), max_size=14)
STOPS = st.lists(st.sampled_from([*PIECES, "abS", "STOP", "ba", "b\n", "éa", "\ufffd", "aba"]), max_size=3, unique=True)


def by_hand(ids: list[int], stops: list[str], skip: int) -> tuple[str, list[int], bool]:
    """Decode all the text so far again after each id: (text, ids that count, whether a stop ended it early)."""
    tokenizer, data, start, seen = small_tokenizer(), b"", 0, 0

    def before_a_stop(so_far: str) -> str | None:
        found = [(at + len(stop), at) for stop in stops if (at := so_far.find(stop, start)) >= 0]
        return so_far[: min(found)[1]] if found and seen > skip else None

    for place, token in enumerate(ids):
        if token == END:
            continue
        data, seen = data + tokenizer.piece(token), seen + 1
        so_far = codecs.getincrementaldecoder("utf-8")("replace").decode(data)
        if (text := before_a_stop(so_far)) is not None:
            return text, ids[: place + 1], True
        start = len(so_far) if seen <= skip else start
    whole = data.decode("utf-8", "replace")
    text = before_a_stop(whole)
    return whole if text is None else text, ids, False


@settings(max_examples=600, deadline=None)
@given(ids=IDS, stops=STOPS, sizes=st.lists(st.integers(1, 5), max_size=14), more=IDS, skip=st.integers(0, 2))
def test_a_conversation_goes_on_the_same_however_ids_came_and_whatever_came_after_the_stop(
    ids: list[int], stops: list[str], sizes: list[int], more: list[int], skip: int
) -> None:
    conversation = Conversation(
        small_tokenizer(), PlainTemplate(), 500, SamplingParams(stop=tuple(stops), ignore_eos=True, min_tokens=skip)
    )
    asked, rest = Asked(conversation), list(ids)
    text, tokens, stopped = by_hand(ids, stops, skip)
    rest += more if stopped else []
    while rest:
        size = sizes.pop() if sizes else 1
        asked.put(rest[:size])
        rest = rest[size:]
    asked.end("length" if not stopped else "cancelled", len(ids), draws=len(ids))
    parts = asked.parts()
    answer, finish = asked.answer, asked.answer.finish
    assert "".join(part.text for part in parts) == text == answer.turn.answer and answer.tokens == tokens
    assert isinstance(finish, Finish) and (finish.reason == "stop") >= stopped
    prompt = len(asked.prepared.order.ids)
    assert (finish.new_tokens, finish.draws, finish.positions) == (len(tokens), len(tokens), prompt + len(tokens))
    shown = [token for part in parts for token in part.ids]
    visible = [token for token in tokens if token != END]
    assert shown == visible[: len(shown)] and (len(shown) == len(visible) or finish.reason == "stop")
    following = conversation.prepare("b").order
    assert following.ids[: prompt + len(tokens)] == [*asked.prepared.order.ids, *tokens]
    assert following.draws == len(tokens)


def test_at_temperature_0_a_stopped_answer_has_drawn_nothing() -> None:
    asked, _ = told(*ids_of("a", "S"), stop="S", temperature=0)
    assert asked.answer.finish.draws == 0 == asked.conversation.draws
