"""An answer's text in two kinds: what the model reasons between <think> and </think>, and what it answers.

    text --feed--> [Part("reasoning", ...), Part("answer", ...)]      the tags themselves are in neither

Reasoning begins where the template already wrote <think>, or where an answer begins with it (after white space); it
ends at the first </think>. Later tags are text: an answer may be about them. Tags may come in pieces.
Used by the prompt loop, to dim or hide reasoning and count it apart. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

OPENING, CLOSING = "<think>", "</think>"
Kind = Literal["reasoning", "answer"]


class Part(NamedTuple):
    """A piece of text of one kind, never empty."""

    kind: Kind
    text: str


class ReasoningSplitter:
    """Splits one answer while it comes. The parts' texts together are the answer without its tags.

    [begin] --<think>--> [reasoning] --</think>--> [answer]
       +--------- other text ----------------------> [answer]
    """

    def __init__(self, opened: bool = False) -> None:
        """Begin; `opened`: the template ended with <think>, so the first text is reasoning."""
        self.kind: Kind = "reasoning" if opened else "answer"
        self.tokens: dict[Kind, int] = {"reasoning": 0, "answer": 0}
        self._begin = not opened
        self._held = ""

    def feed(self, text: str) -> list[Part]:
        """Return the parts that are certain by now; what may be the beginning of a tag is held back."""
        self._held += text
        parts: list[Part] = []
        if self._begin and not self._began(parts):
            return parts
        if self.kind == "reasoning":
            before, tag, after = self._held.partition(CLOSING)
            if not tag:
                keep = _overlap(before, CLOSING)
                _add(parts, "reasoning", before[: len(before) - keep])
                self._held = before[len(before) - keep :]
                return parts
            _add(parts, "reasoning", before)
            self.kind, self._held = "answer", after
        _add(parts, "answer", self._held)
        self._held = ""
        return parts

    def feed_token(self, text: str) -> list[Part]:
        """Return what `feed` does, and count one token: a tag's own tokens are reasoning."""
        before = self.kind
        parts = self.feed(text)
        inside = before == "reasoning" or self.kind == "reasoning" or (self._begin and "<" in self._held)
        self.tokens["reasoning" if inside else "answer"] += 1
        return parts

    def flush(self) -> list[Part]:
        """Return what is still held back, at the end of the text."""
        parts: list[Part] = []
        _add(parts, self.kind, self._held)
        self._held, self._begin = "", False
        return parts

    def _began(self, parts: list[Part]) -> bool:
        """Decide how the answer begins; return whether that is certain by now."""
        start = self._held.lstrip()
        if len(start) < len(OPENING) and OPENING.startswith(start):
            return False
        self._begin = False
        if start.startswith(OPENING):
            _add(parts, "answer", self._held[: len(self._held) - len(start)])
            self.kind, self._held = "reasoning", start[len(OPENING) :]
        return True


def split_answer(answer: str) -> tuple[str | None, str]:
    """Return (reasoning, answer) of a whole text; None for the reasoning of a text without any."""
    splitter = ReasoningSplitter()
    parts = [*splitter.feed(answer), *splitter.flush()]
    reasoning = "".join(part.text for part in parts if part.kind == "reasoning")
    return reasoning or None, "".join(part.text for part in parts if part.kind == "answer")


def reasoning_tokens(texts: Iterable[str], opened: bool) -> int:
    """Return how many tokens of an answer are reasoning, tags included; `texts`: what each of them prints."""
    splitter = ReasoningSplitter(opened)
    kinds = {part.kind for text in texts for part in splitter.feed_token(text)}
    kinds |= {part.kind for part in splitter.flush()}
    return splitter.tokens["reasoning"] if "reasoning" in kinds else 0


def opens_reasoning(rendered: str) -> bool:
    """Return whether a rendered prompt ends inside <think>, so that the answer begins with reasoning."""
    return rendered.rfind(OPENING) > rendered.rfind(CLOSING) and rendered.rstrip().endswith(OPENING)


def _add(parts: list[Part], kind: Kind, text: str) -> None:
    if text:
        parts.append(Part(kind, text))


def _overlap(text: str, tag: str) -> int:
    """Return how many of the last characters of `text` may be the beginning of `tag`."""
    return next((size for size in range(min(len(tag) - 1, len(text)), 0, -1) if text.endswith(tag[:size])), 0)
