"""Calls in an answer's text while it comes: what is said, and the pieces of each call.

    text --feed--> Said(text) | CallPiece(place, name, arguments) ...

    [said] --<tool_call>--> [beginning] --name--> [arguments] --last }--> [behind] --</tool_call>--> [said]

The text is one that `writing.call_grammar` lets come: what follows <tool_call> is a call, and arguments are an object.
Used by the server's answers. Pure.
"""

from __future__ import annotations

import json
import re
from typing import NamedTuple

from llmproc.grammars.functions import CLOSING, OPENING, FunctionCall

_BEGINNING = re.compile(r'\s*\{\s*"name"\s*:\s*("(?:[^"\\]|\\.)*")\s*,\s*"arguments"\s*:\s*(?=\{)')


class Said(NamedTuple):
    """Text beside calls, never empty."""

    text: str


class CallPiece(NamedTuple):
    """A part of a call: the first one has its name, later ones parts of its arguments, JSON text."""

    place: int  # among the calls of the answer, from 0
    name: str | None
    arguments: str


class CallReader:
    """Reads one answer."""

    def __init__(self) -> None:
        self._held = ""  # not told yet: it may be the beginning of a tag, or of a call
        self._state = self._said
        self._names: list[str] = []
        self._arguments: list[list[str]] = []
        self._depth, self._quoted, self._escaped = 0, False, False
        self.complete = 0  # calls that have come to their end

    @property
    def calls(self) -> list[FunctionCall]:
        """Return the calls so far; the last one may lack a part of its arguments."""
        return [FunctionCall(name, "".join(parts)) for name, parts in zip(self._names, self._arguments, strict=True)]

    def feed(self, text: str) -> list[Said | CallPiece]:
        """Return what is certain by now."""
        self._held += text
        found: list[Said | CallPiece] = []
        while self._state(found):
            pass
        return found

    def flush(self) -> list[Said | CallPiece]:
        """Return the rest at the end of the answer: what looked like a tag. A call that has no name yet is dropped."""
        rest, self._held = self._held, ""
        return [Said(rest)] if rest and self._state == self._said and not (self._names and rest.isspace()) else []

    def _said(self, found: list[Said | CallPiece]) -> bool:
        """Tell what stands before the next call; return whether there is more to read."""
        text, tag, rest = self._held.partition(OPENING)
        if tag:
            self._held, self._state = rest, self._beginning
        else:
            kept = next((n for n in range(min(len(text), len(OPENING) - 1), 0, -1) if OPENING.startswith(text[-n:])), 0)
            text, self._held = text[: len(text) - kept], text[len(text) - kept :]
        if text and not (self._names and text.isspace()):  # a line break between calls
            found.append(Said(text))
        return bool(tag)

    def _beginning(self, found: list[Said | CallPiece]) -> bool:
        match = _BEGINNING.match(self._held)
        if match is None:
            return False
        self._names.append(json.loads(match[1]))
        self._arguments.append([])
        found.append(CallPiece(len(self._names) - 1, self._names[-1], ""))
        self._held, self._state = self._held[match.end() :], self._in_arguments
        self._depth, self._quoted, self._escaped = 0, False, False
        return True

    def _in_arguments(self, found: list[Said | CallPiece]) -> bool:
        end = self._end_of_arguments(self._held)
        part, self._held = self._held[:end], self._held[end:]
        if part:
            self._arguments[-1].append(part)
            found.append(CallPiece(len(self._names) - 1, None, part))
        if self._depth or not part:
            return False
        self.complete += 1
        self._state = self._behind
        return True

    def _end_of_arguments(self, text: str) -> int:
        """Return where the object ends in more of its text, or the text's length; the depth is 0 then, else above."""
        for place, character in enumerate(text):
            if self._escaped:
                self._escaped = False
            elif self._quoted:
                self._escaped, self._quoted = character == "\\", character != '"'
            elif character == '"':
                self._quoted = True
            elif character in "{[":
                self._depth += 1
            elif character in "}]":
                self._depth -= 1
                if not self._depth:
                    return place + 1
        return len(text)

    def _behind(self, found: list[Said | CallPiece]) -> bool:
        _, tag, rest = self._held.partition(CLOSING)
        if tag:
            self._held, self._state = rest, self._said
        return bool(tag)
