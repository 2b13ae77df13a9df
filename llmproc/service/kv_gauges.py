"""What a worker shows of its KV cache: words in shared memory, written by its engine's runner, read by main when asked.

    word   0: pages held by sequences   1: preemptions since the fork   (after every step)
           2: pages in all   3: bytes of a page   4: positions of a page   (once, before the first)

Numbers only, in the words that `processes.health` keeps for it. Main reads one word while the next one changes: each is
right by itself, and no two need agree.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KvGauges:
    """The KV cache of one worker at one moment, word by word. All zero: it is not ready, or a stand-in without one."""

    held: int = 0  # pages that sequences hold; one that several share counts once
    preemptions: int = 0  # sequences that lost their pages to older ones, since the fork
    pages: int = 0
    page_bytes: int = 0
    page_positions: int = 0

    @property
    def held_bytes(self) -> int:
        """Return the bytes of all pages that are held."""
        return self.held * self.page_bytes

    @property
    def size_bytes(self) -> int:
        """Return the bytes of all pages."""
        return self.pages * self.page_bytes

    def sequence_bytes(self, positions: int) -> int:
        """Return the bytes of the pages that a sequence of that many positions holds, shared ones included."""
        return -(-positions // self.page_positions) * self.page_bytes if self.page_positions else 0
