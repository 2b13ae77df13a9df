"""What the engine asks of a forward pass: chunks of sequences in, one row of logits for each that wants them.

The seam between the scheduler (pure, knows pages and tokens) and the numbers (kernels, knows addresses).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

PAGE = 16  # positions per page of the KV cache: as many as a SIMD vector has lanes


class Chunk(NamedTuple):
    """Ids of one sequence to compute in this step."""

    tokens: Sequence[int]
    position: int  # of the first of them; everything before it is in the pages
    pages: Sequence[int]  # of the sequence, in order; they hold at least position + len(tokens) positions
    logits: bool  # wanted after the last id


class ForwardPass(Protocol):
    """One model over one pool of pages."""

    @property
    def vocab_size(self) -> int:
        """Return the number of ids: they are 0 to this, exclusive."""

    @property
    def context(self) -> int:
        """Return the positions a sequence may have."""

    @property
    def pages(self) -> int:
        """Return the number of pages in the pool; they are numbered from 0."""

    def run(self, chunks: Sequence[Chunk]) -> npt.NDArray[np.float32]:
        """Compute all chunks, write their keys and values; logits (chunks that want them, vocab_size), in order.

        What is returned is overwritten by the next call.
        """

    def wipe(self, pages: Sequence[int]) -> None:
        """Make pages of a failed sequence harmless: NaN in them must not reach their next holder."""
