"""What of an answer's text goes to the screen: reasoning dimmed on a terminal, as it comes in a pipe, or hidden."""

from __future__ import annotations

import io
import sys
from typing import Any

import pytest

from llmproc.apps.reasoning_view import ReasoningView
from llmproc.apps.screen import Screen

THOUGHT = ["<th", "ink>", "\nwhy", "\n</thi", "nk>\n", "\nBecause", " <b>."]


class NotedScreen:
    """A screen that notes what it is asked to show."""

    def __init__(self, terminal: bool) -> None:
        self.dims = self.live = terminal
        self.shown: list[tuple[str, str]] = []

    def answer(self, text: str) -> None:
        self.shown.append(("answer", text))

    def dimmed(self, text: str) -> None:
        self.shown.append(("dimmed", text))

    def progress(self, text: str) -> None:
        self.shown.append(("progress", text))

    def joined(self, kind: str) -> str:
        return "".join(text for name, text in self.shown if name == kind)


def shown(pieces: list[str], terminal: bool, **how: bool) -> NotedScreen:
    screen: Any = NotedScreen(terminal)
    text = ReasoningView(screen, **{"opened": False, "hide": False, **how})
    for count, piece in enumerate(pieces, 1):
        text.feed(piece, count)
    text.end()
    return screen


def test_a_terminal_shows_reasoning_dimmed_and_without_tags() -> None:
    screen = shown(THOUGHT, True)
    assert (screen.joined("dimmed"), screen.joined("answer")) == ("\nwhy\n", "\n\nBecause <b>.")
    assert [name for name, _ in screen.shown].index("answer") > 0


def test_a_pipe_gets_the_text_as_it_comes() -> None:
    assert shown(THOUGHT, False).shown == [("answer", piece) for piece in THOUGHT]
    assert shown(["why</think>so"], False, opened=True).shown == [("answer", "why</think>so")]


@pytest.mark.parametrize("terminal", [True, False])
def test_hidden_reasoning_is_left_out_with_the_lines_around_it(terminal: bool) -> None:
    screen = shown(THOUGHT, terminal, hide=True)
    assert (screen.joined("dimmed"), screen.joined("answer")) == ("", "Because <b>.")
    assert screen.joined("progress").startswith("reasoning: 3 tokens") == terminal
    assert shown(["why", "</think>", "\n\nso"], terminal, opened=True, hide=True).joined("answer") == "so"
    assert shown(["<think>", "never ended"], terminal, hide=True).joined("answer") == ""


@pytest.mark.parametrize("terminal", [True, False])
@pytest.mark.parametrize("pieces", [["a", "<think>b</think>"], [" \n", "<", "b>"], ["<thin"], ["  "], []])
def test_text_without_reasoning_is_all_shown(pieces: list[str], terminal: bool) -> None:
    for hide in (True, False):
        screen = shown(pieces, terminal, hide=hide)
        assert screen.joined("answer") == "".join(pieces) and {name for name, _ in screen.shown} <= {"answer"}


def test_the_exercises_text_is_never_taken_apart() -> None:
    assert shown(THOUGHT, True, whole=True).shown == [("answer", piece) for piece in THOUGHT]


class FakeTerminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_dimmed_text_steers_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = FakeTerminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("TERM", "xterm")
    screen = Screen()
    assert screen.dims
    screen.dimmed("a\x1b[1mb\n")
    assert terminal.getvalue() == "\x1b[2ma[1mb\n\x1b[22m"
    monkeypatch.setenv("TERM", "dumb")
    assert not screen.dims
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    monkeypatch.setenv("TERM", "xterm")
    assert not Screen().dims
