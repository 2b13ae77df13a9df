"""Which ids stand in a request's prompt and answer, and how often in the answer: what penalties ask.

Used by `choosing`. Kept with a sequence and continued from its ids, so it outlives a preemption and needs no word from
the code that appends to them. Nothing here knows logits.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt


class IdCounts:
    """The ids of one request, each once, in the order in which they came first."""

    def __init__(self, given: int) -> None:
        """Begin before the first id; the first `given` ids are the prompt's."""
        self._given, self._seen = given, 0
        self._places: dict[int, int] = {}
        self._ids, self._times = np.empty(64, np.int64), np.empty(64, np.int64)

    def read(self, tokens: Sequence[int]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Take the ids that have joined since the last call; `tokens` are all of them.

        Returns the distinct ids (n,), and how often each stands in the answer (n,), 0 for those of the prompt alone.
        Both are overwritten by the next call.
        """
        for position in range(self._seen, len(tokens)):
            place = self._place(tokens[position])  # before the array is named: it may be a longer one after
            self._times[place] += position >= self._given
        self._seen = len(tokens)
        count = len(self._places)
        return self._ids[:count], self._times[:count]

    def _place(self, token: int) -> int:
        place = self._places.get(token)
        if place is None:
            place = self._places[token] = len(self._places)
            if place == len(self._ids):
                self._ids, self._times = np.resize(self._ids, 2 * place), np.resize(self._times, 2 * place)
            self._ids[place], self._times[place] = token, 0
        return place
