"""Calls are read from an answer's text the same way however it comes in pieces."""

from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmproc.grammars.call_reader import CallPiece, CallReader, Said
from llmproc.grammars.functions import Function as F
from llmproc.grammars.functions import FunctionCall, call_text, result_text, stated, with_functions

NAMES = st.from_regex(r"\A[a-zA-Z0-9_-]{1,12}\Z")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=6,
)
CALLS = st.builds(
    lambda name, arguments, indent: FunctionCall(name, json.dumps(arguments, indent=indent)),
    NAMES, st.dictionaries(st.text(max_size=8), VALUES, max_size=3), st.none() | st.just(1),
)  # fmt: skip
SAID = st.text(alphabet=st.sampled_from('ab <tol_c>/{}"\\\n'), max_size=20).filter(
    lambda text: "<tool_call>" not in text + "<tool_call"
)


def fed(text: str, cuts: list[int]) -> tuple[str, list[FunctionCall], CallReader]:
    """What a text says in pieces, checked: names once and first, indices in order."""
    reader, said, names, arguments = CallReader(), "", list[str](), list[str]()
    places = sorted({0, len(text), *(cut % (len(text) + 1) for cut in cuts)})
    parts: list[Said | CallPiece] = []
    for start, end in itertools.pairwise(places):
        parts += reader.feed(text[start:end])
    for part in [*parts, *reader.flush()]:
        if isinstance(part, Said):
            assert part.text
            said += part.text
        elif part.name is not None:
            assert part.place == len(names)
            names.append(part.name)
            arguments.append(part.arguments)
        else:
            assert part.place == len(names) - 1 and part.arguments
            arguments[-1] += part.arguments
    found = [FunctionCall(*pair) for pair in zip(names, arguments, strict=True)]
    assert found == reader.calls
    return said, found, reader


@settings(deadline=None)
@given(SAID, st.lists(CALLS, max_size=3), st.lists(st.integers(0, 999), max_size=12))
def test_what_was_written_is_read(said: str, calls: list[FunctionCall], cuts: list[int]) -> None:
    text = call_text(said, calls)
    told, found, reader = fed(text, cuts)
    assert found == calls and reader.complete == len(calls)
    assert told == (f"{said}\n" if calls and said else said)


@settings(deadline=None)
@given(st.lists(CALLS, min_size=1, max_size=2), st.integers(0, 400), st.lists(st.integers(0, 999), max_size=8))
def test_an_answer_that_is_cut(calls: list[FunctionCall], cut: int, cuts: list[int]) -> None:
    text = call_text("", calls)[:cut]
    _, found, reader = fed(text, cuts)
    assert len(found) <= len(calls) and reader.complete <= len(found)
    for one, whole in zip(found, calls, strict=False):
        assert one.name == whole.name and whole.arguments.startswith(one.arguments)


@pytest.mark.parametrize("text", ["<", "<tool", "a <tool_call", "x <b>"])
def test_the_beginning_of_a_tag_is_text_at_the_end(text: str) -> None:
    assert fed(text, [1, 2, 3])[0] == text


def test_a_conversation_with_functions() -> None:
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Which time is it?"},
        {"role": "assistant", "content": call_text("", [FunctionCall("now", "{}"), FunctionCall("now", "{}")])},
        {"role": "tool", "content": "12:00"},
        {"role": "tool", "content": "12:01"},
        {"role": "user", "content": "So?"},
    ]
    functions = [F("now", {"type": "object"}, "the time")]
    found = with_functions(messages, functions, False)
    assert [message["role"] for message in found] == ["system", "user", "assistant", "user"]
    assert (
        found[0]["content"].startswith("Be brief.\n\nYou can call")
        and '"description": "the time"' in found[0]["content"]
    )
    assert found[3]["content"] == f"{result_text('12:00')}\n{result_text('12:01')}\nSo?"
    bare = with_functions(messages[1:], [], False)
    assert [message["role"] for message in bare] == ["user", "assistant", "user"]
    assert with_functions(messages[:1], [], False) == messages[:1]
    assert "at least one" in stated(functions, True, None) and "at least one" not in stated(functions, False, None)
