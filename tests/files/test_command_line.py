"""Commands are shown without keys, and otherwise as they were typed."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmproc.files.command_line import shown_command


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["batch", "a b.txt"], "batch 'a b.txt'"),
        (["batch", "--api-key", "sk-1", "p.txt"], "batch --api-key '***' p.txt"),
        (["--api-key=sk-1", "--api-key", "--api-key", "x"], "'--api-key=***' --api-key '***' x"),
        (["x", "--api-key"], "x --api-key"),
    ],
)
def test_keys_are_hidden(words: list[str], shown: str) -> None:
    assert shown_command(words) == shown


@given(st.lists(st.text().filter(lambda word: not word.startswith("--api-key"))))
def test_everything_else_stays(words: list[str]) -> None:
    assert shlex.split(shown_command(words)) == words
