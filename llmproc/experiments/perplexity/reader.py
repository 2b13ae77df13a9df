"""A forward pass that gives the logits of every position of a window, as many in one step as it has sequences.

A step gives logits after the last id of each chunk only. So the positions that are scored are chunks of one id each, of
one sequence and over the same pages: keys and values of all chunks are stored before any of them is attended to, and a
chunk sees the positions up to its own, so every row has the bits that one id a step would give (a test holds it).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from llmproc.engine.batch import Chunk, ForwardPass
from llmproc.engine.pages import pages_for

ROWS = 32  # positions whose logits one step gives


class WindowReader:
    """One window at a time over a forward pass: `begin`, then `logits` of positions that rise without a gap."""

    def __init__(self, forward: ForwardPass, batch_tokens: int, rows: int = ROWS) -> None:
        """Read with `forward`, whose steps take `batch_tokens` ids and give `rows` rows of logits at most."""
        self._forward, self._batch_tokens, self._rows = forward, batch_tokens, rows
        self._pages = list(range(pages_for(forward.context)))

    def begin(self, ids: Sequence[int]) -> None:
        """Read the ids from position 0 on, without logits."""
        for start in range(0, len(ids), self._batch_tokens):
            part = list(ids[start : start + self._batch_tokens])
            self._forward.run([Chunk(part, start, self._pages, logits=False)])

    def logits(self, ids: Sequence[int], position: int) -> npt.NDArray[np.float32]:
        """Return the logits (ids, vocab_size) after each of the ids, the first of which stands at `position`.

        They are overwritten by the next call. ValueError for more ids than there are rows.
        """
        if len(ids) > self._rows:
            raise ValueError(f"{len(ids)} positions at once: at most {self._rows}")
        return self._forward.run([Chunk([token], position + i, self._pages, True) for i, token in enumerate(ids)])
