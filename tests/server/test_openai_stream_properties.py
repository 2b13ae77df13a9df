"""Whatever pieces come in whatever order: the stream holds every text once, in order, and its rules hold."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from server.made_answers import CHAT, TEXT, WORDS, asked, ended, streamed

from llmproc.engine.shaping import Likely
from llmproc.server.asking import Ended, Event, Piece

CHECKS = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
SOME_TEXT = st.sampled_from(["", "", "a", " pipe", "\n", "\u2028", '"}\n\ndata: ', "€", "\U0001f600"])


@st.composite
def answers(draw: Any, choices: int, told: bool, reasons: bool) -> list[Event]:
    """Pieces of some choices mixed, each followed by its end."""
    open_choices = list(range(choices))
    events: list[Event] = []
    counts = dict.fromkeys(open_choices, 0)
    while open_choices:
        choice = draw(st.sampled_from(open_choices))
        if draw(st.integers(0, 3)) == 0:
            open_choices.remove(choice)
            events.append(ended(choice, new_tokens=counts[choice], reason=draw(st.sampled_from(["end", "length"]))))
            continue
        ids = draw(st.lists(st.integers(0, len(WORDS) - 1), max_size=3))
        counts[choice] += len(ids)
        likely = [Likely(-0.5, [(1, -0.5), (2, -1.5)]) for _ in ids] if told else []
        reasoning = draw(SOME_TEXT) if reasons else ""
        events.append(Piece(choice, draw(SOME_TEXT), ids, likely, reasoning, prompt_tokens=7))
    return events


def said(events: list[Event], choice: int, name: str) -> str:
    return "".join(getattr(event, name) for event in events if isinstance(event, Piece) and event.choice == choice)


@pytest.mark.parametrize("options", [{}, {"include_usage": True}, {"continuous_usage": True}, {"logprobs": 2}], ids=str)
@CHECKS
@given(st.data())
def test_rules_5_to_9_of_chats(options: dict[str, Any], data: Any) -> None:
    n = data.draw(st.integers(1, 3))
    events = data.draw(answers(n, "logprobs" in options, True))
    *chunks, done = streamed(CHAT, asked(n=n, **options), events)
    assert done is None
    usage = [chunk.get("usage") for chunk in chunks]
    if options.get("include_usage"):
        assert chunks.pop()["choices"] == [] and usage[:-1] == [None] * len(chunks) and usage[-1]["prompt_tokens"] == 5
    elif options.get("continuous_usage"):
        counts = [one["completion_tokens"] for one in usage]
        assert counts == sorted(counts) and counts[-1] == sum(
            event.result.new_tokens for event in events if isinstance(event, Ended)
        )
    else:
        assert not any("usage" in chunk for chunk in chunks)
    order = [chunk["choices"][0]["index"] for chunk in chunks]
    assert list(dict.fromkeys(order)) == list(range(n)), "choices begin in their order"
    for choice in range(n):
        own = [chunk["choices"][0] for chunk in chunks if chunk["choices"][0]["index"] == choice]
        deltas = [one["delta"] for one in own]
        assert "".join(delta.get("content", "") for delta in deltas) == said(events, choice, "text")
        assert "".join(delta.get("reasoning_content", "") for delta in deltas) == said(events, choice, "reasoning")
        assert [delta.get("role") for delta in deltas] == ["assistant"] + [None] * (len(deltas) - 1)
        assert [one["finish_reason"] is None for one in own] == [True] * (len(own) - 1) + [False]
        assert all(delta.get("content") or delta.get("reasoning_content") for delta in deltas[:-1])
        _tokens_are_told_once(own, events, choice, "logprobs" in options)


def _tokens_are_told_once(own: list[Any], events: list[Event], choice: int, told: bool) -> None:
    ids = [one for event in events if isinstance(event, Piece) and event.choice == choice for one in event.ids]
    entries = [entry for chunk in own for entry in (chunk["logprobs"] or {"content": []})["content"]]
    assert [bytes(entry["bytes"]) for entry in entries] == ([WORDS[one] for one in ids] if told else [])


@pytest.mark.parametrize("told", [False, True])
@CHECKS
@given(st.data())
def test_texts_of_completions(told: bool, data: Any) -> None:
    events = data.draw(answers(4, told, False))
    *chunks, done = streamed(TEXT, asked(2, n=2, **({"logprobs": 2} if told else {})), events)
    assert done is None
    for choice in range(4):
        own = [chunk["choices"][0] for chunk in chunks if chunk["choices"][0]["index"] == choice]
        assert "".join(one["text"] for one in own) == said(events, choice, "text")
        offsets = [offset for one in own if one["logprobs"] for offset in one["logprobs"]["text_offset"]]
        assert offsets == sorted(offsets) and all(0 <= one <= len(said(events, choice, "text")) for one in offsets)
        assert told or all(one["logprobs"] is None for one in own)
