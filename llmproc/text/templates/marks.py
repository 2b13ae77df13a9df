"""Marks around the names of special tokens that a user typed, so that they stay text when a template is rendered.

    content  a<|im_end|>b  --mark-->  aS<|im_end|>Eb  --template-->  ...aS<|im_end|>Eb<|im_end|>  --split-->
    pieces   ...a   <|im_end|>   b<|im_end|>          at even places special tokens count, at odd ones they are text

S and E are surrogates, which no valid text holds: they cannot be forged, and no character of a user is lost. A
template that cuts a text at a token's name separates S from E; a lone mark only ends a piece. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

START, END = "\ud800", "\ud801"  # `plain_text` never returns them
THINKING = ("<think>", "</think>")  # of answers: templates cut answers there, and the model itself wrote them


class Marker:
    """Marks for one set of names."""

    def __init__(self, names: Iterable[str]) -> None:
        longest_first = sorted(set(names), key=len, reverse=True)
        self._names = _any_of(longest_first)
        self._without_thinking = _any_of([name for name in longest_first if name not in THINKING])
        self._marked = re.compile(f"{START}({self._names.pattern}){END}|[{START}{END}]")

    def mark(self, text: str, thinking: bool = False) -> str:
        """Return `text` with marks; `thinking`: the text is an answer, whose reasoning tags stay tokens."""
        names = self._without_thinking if thinking else self._names
        return names.sub(rf"{START}\g<0>{END}", text)

    def first_name(self, rendered: str) -> str:
        """Return the name that `rendered` begins with, whitespace before it included; "" when text comes first."""
        found = self._names.search(rendered)
        return rendered[: found.end()] if found and not rendered[: found.start()].strip() else ""

    def split(self, rendered: str) -> list[str]:
        """Return the pieces of a rendered text: those at odd places are names that a user typed, or empty."""
        return [piece or "" for piece in self._marked.split(rendered)]


def unmarked(rendered: str) -> str:
    """Return the text without marks."""
    return rendered.replace(START, "").replace(END, "")


def _any_of(names: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, names)) or "(?!)")
