"""The text of an answer on its way to the screen: what the model reasons is dimmed on a terminal, or left out.

    terminal          reasoning dimmed, without its tags, then the answer
    pipe              the text as it comes, tags too: a program reads it
    hidden, both      the answer alone; on a terminal a line says how long the reasoning is so far

Used by the answer view.
"""

from __future__ import annotations

from llmproc.apps.screen import Screen
from llmproc.text.reasoning import ReasoningSplitter


class ReasoningView:
    """One answer: `feed` its pieces, `end` it."""

    def __init__(self, screen: Screen, opened: bool, hide: bool, whole: bool = False) -> None:
        """Begin. `opened`: the first text is reasoning; `hide`: show none of it; `whole`: show text as it comes."""
        self._screen, self._hide = screen, hide
        self._splitter = None if whole or not (hide or screen.dims) else ReasoningSplitter(opened)
        self._hidden = False  # reasoning was left out, and nothing has been shown since

    def feed(self, text: str, tokens: int) -> None:
        """Show a piece of the answer, of which `tokens` tokens have come."""
        if self._splitter is None:
            self._screen.answer(text)
            return
        for part in self._splitter.feed(text):
            self._show(part.kind == "reasoning", part.text)
        if self._hidden and self._screen.live:
            self._screen.progress(f"reasoning: {tokens} tokens")

    def end(self) -> None:
        """Show what was held back because it could have become a tag."""
        for part in self._splitter.flush() if self._splitter else ():
            self._show(part.kind == "reasoning", part.text)

    def _show(self, reasoning: bool, text: str) -> None:
        if reasoning and self._hide:
            self._hidden = True
        elif reasoning:
            self._screen.dimmed(text)
        elif text := text.lstrip() if self._hidden else text:  # the lines between the two belong to neither
            self._hidden = False
            self._screen.answer(text)
