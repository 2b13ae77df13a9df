"""Reasoning and answer told apart in a stream of text."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmproc.text.reasoning import ReasoningSplitter, opens_reasoning, reasoning_tokens, split_answer


def split(pieces: list[str], opened: bool = False) -> tuple[str, str]:
    """Return (reasoning, answer) of a stream."""
    splitter = ReasoningSplitter(opened)
    parts = [part for piece in pieces for part in splitter.feed(piece)] + splitter.flush()
    assert all(part.text for part in parts)
    return tuple("".join(part.text for part in parts if part.kind == kind) for kind in ("reasoning", "answer"))  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("text", "opened", "reasoning", "answer"),
    [
        ("Hello", False, "", "Hello"),
        ("<think>why</think>so", False, "why", "so"),
        ("\n <think>\nwhy\n</think>\n\nso", False, "\nwhy\n", "\n \n\nso"),
        ("why</think>so", True, "why", "so"),
        ("<think>why</think>so", True, "<think>why", "so"),
        ("why", True, "why", ""),
        ("<think>why", False, "why", ""),
        ("<think></think>", False, "", ""),
        ("the tag <think> opens", False, "", "the tag <think> opens"),
        ("<think>a</think>b<think>c</think>d", False, "a", "b<think>c</think>d"),
        ("<think>a<think>b</think>c", False, "a<think>b", "c"),
        ("<thin", False, "", "<thin"),
        ("<thing", False, "", "<thing"),
        ("<think>a</thin", False, "a</thin", ""),
        ("</think>a", False, "", "</think>a"),
        ("</think>a", True, "", "a"),
        (" \n", False, "", " \n"),
        ("", True, "", ""),
        ("<<think>", False, "", "<<think>"),
        ("a<</think>b", True, "a<", "b"),
    ],
)
def test_every_cut_gives_the_same_parts(text: str, opened: bool, reasoning: str, answer: str) -> None:
    assert split([text], opened) == split(list(text), opened) == (reasoning, answer)
    for first, second in itertools.combinations(range(len(text) + 1), 2):
        assert split([text[:first], text[first:second], text[second:]], opened) == (reasoning, answer)


@settings(max_examples=200, deadline=None)
@given(
    pieces=st.lists(st.sampled_from(["<think>", "</think>", "<", "</", "think>", "a", "\n", " ", "é"]), max_size=12),
    opened=st.booleans(),
)
def test_any_cut_gives_the_same_parts(pieces: list[str], opened: bool) -> None:
    text = "".join(pieces)
    assert split(pieces, opened) == split([text], opened) == split(list(text), opened)
    reasoning, answer = split(pieces, opened)
    assert len(text) - len(reasoning) - len(answer) in (0, len("<think>"), len("</think>"), len("<think></think>"))


def test_text_is_shown_as_soon_as_it_is_certain() -> None:
    splitter = ReasoningSplitter()
    assert splitter.feed("<think>") == [] and splitter.kind == "reasoning"
    assert splitter.feed("ab<") == [("reasoning", "ab")]
    assert splitter.feed("c") == [("reasoning", "<c")]
    assert splitter.feed("</think>") == [] and splitter.kind == "answer"
    assert splitter.feed("d<") == [("answer", "d<")]
    assert splitter.flush() == []


def test_tokens_are_counted_apart() -> None:
    splitter = ReasoningSplitter()
    for piece in ["<think>", "\n", "a", " b", "</think>", "\n\n", "c", "d"]:
        splitter.feed_token(piece)
    assert splitter.tokens == {"reasoning": 5, "answer": 3}
    pieces = ReasoningSplitter()
    for piece in ["<", "think", ">", "a", "</", "think", ">", "c"]:
        pieces.feed_token(piece)
    assert pieces.tokens == {"reasoning": 7, "answer": 1}
    plain = ReasoningSplitter()
    for piece in ["a", "b"]:
        plain.feed_token(piece)
    assert plain.tokens == {"reasoning": 0, "answer": 2}


@pytest.mark.parametrize(
    ("rendered", "opens"),
    [
        ("<|im_start|>assistant\n<think>\n", True),
        ("<|im_start|>assistant\n<think>\n\n</think>\n\n", False),
        ("<|im_start|>assistant\n", False),
        ("<think> is a tag<|im_end|>\n<|im_start|>assistant\n", False),
        ("<think>a</think>b<|im_end|><think>", True),
        ("", False),
    ],
)
def test_whether_a_prompt_opens_reasoning(rendered: str, opens: bool) -> None:
    assert opens_reasoning(rendered) is opens


def test_tokens_of_reasoning_are_none_where_it_never_begins() -> None:
    assert reasoning_tokens(["<", "b", ">", "</think>"], False) == 0
    assert reasoning_tokens(["<think>", "a", "b", "</think>", "c"], False) == 4
    assert reasoning_tokens(["a", "b", "</think>", "c"], True) == 3
    assert reasoning_tokens(["<think>", "a", "b"], False) == 3
    assert reasoning_tokens([], True) == 0


@pytest.mark.parametrize(
    ("whole", "parts"),
    [
        ("<think>\nwhy\n</think>\n\nso", ("\nwhy\n", "\n\nso")),
        ("so", (None, "so")),
        ("a <think>b</think>", (None, "a <think>b</think>")),
        ("<think>never ended", ("never ended", "")),
        ("<thin", (None, "<thin")),
        ("", (None, "")),
    ],
)
def test_a_whole_answer_is_split(whole: str, parts: tuple[str | None, str]) -> None:
    assert split_answer(whole) == parts
