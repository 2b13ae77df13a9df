"""Finds the first of several stop texts in a text that comes in pieces; what may be the beginning of one waits.

    "a pipe" --feed--> "a pipe"      " ST" --feed--> " "       "OP and" --feed--> ""      found: the text is "a pipe "
                                     "ST" is held back

All stop texts are looked for at once, by the automaton of Aho and Corasick (Efficient string matching, CACM 18, 1975):
the time is that of the text's length, however many they are. What counts is the match that is complete first, and of
several that are complete with the same character the one that begins first; so pieces can be cut anywhere.

Used by `parts`. Pure.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

_KEPT = 64  # automata of earlier requests: clients send the same stop texts with every request


@dataclass(frozen=True, slots=True)
class StopAutomaton:
    """The beginnings of stop texts as states, each a place in these lists; state 0 is the empty one. Not to change."""

    following: list[dict[str, int]]  # by the next character
    shorter: list[int]  # the longest end of this beginning that is a beginning, too
    length: list[int]  # characters of this beginning
    match: list[int]  # characters of the longest stop text that ends here; 0: none


@lru_cache(_KEPT)
def automaton(stops: tuple[str, ...]) -> StopAutomaton:
    """Return the automaton that finds `stops`, none of them empty."""
    following, length, match = [dict[str, int]()], [0], [0]
    for stop in stops:
        state = 0
        for character in stop:
            if character not in following[state]:
                following[state][character] = len(following)
                following.append({})
                length.append(length[state] + 1)
                match.append(0)
            state = following[state][character]
        match[state] = len(stop)
    shorter, waiting = [0] * len(following), deque(following[0].values())
    while waiting:  # short ones first: what they fall back to is known by then
        state = waiting.popleft()
        match[state] = match[state] or match[shorter[state]]
        for character, after in following[state].items():
            found = shorter[state]
            while found and character not in following[found]:
                found = shorter[found]
            shorter[after] = following[found].get(character, 0)
            waiting.append(after)
    return StopAutomaton(following, shorter, length, match)


class StopFinder:
    """One text: `feed` its pieces, then `flush` unless a stop text was `found`."""

    def __init__(self, stops: Sequence[str]) -> None:
        """Begin. `stops`: at least one, none of them empty."""
        self.found = False
        self._automaton = automaton(tuple(stops))
        self._first = self._automaton.following[0].keys()
        self._state, self._held = 0, ""

    def feed(self, text: str) -> str:
        """Return the text that is certain by now: up to what may be the beginning of a stop text, or up to the stop.

        After the stop nothing is.
        """
        if self.found:
            return ""
        if not self._state and self._first.isdisjoint(text):
            return text
        known, state = self._automaton, self._state
        following, shorter, match = known.following, known.shorter, known.match
        for place, character in enumerate(text, 1):
            while state and character not in following[state]:
                state = shorter[state]
            state = following[state].get(character, 0)
            if match[state]:
                self.found = True
                whole, self._held = self._held + text[:place], ""
                return whole[: len(whole) - match[state]]
        whole = self._held + text
        certain = len(whole) - known.length[state]
        self._state, self._held = state, whole[certain:]
        return whole[:certain]

    def flush(self) -> str:
        """Return what is still held back, at the end of a text without a stop."""
        held, self._held, self._state = self._held, "", 0
        return held
