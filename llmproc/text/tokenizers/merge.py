"""Byte-pair merging: of all adjacent pairs, join the one of the highest score (leftmost on ties), until none is left.

Used by the tokenizer. A heap of candidate pairs over a linked list of tokens makes it O(n log n) in the length of the
text; the textbook loop that looks at every pair before every merge is quadratic (trap 21). Numbers only: what may be
merged is asked of `find`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from heapq import heapify, heappop, heappush


def merge_pairs(ids: Sequence[int], find: Callable[[int, int], int], scores: Sequence[float]) -> list[int]:
    """Return `ids` after all merges.

    `find(a, b)` is the id of the joined pair, or -1 when they may not be joined; `scores[id]` says how early it is
    made. `find` is asked at most three times for each id given.
    """
    count = len(ids)
    token = list(ids)  # (count,) id at each place, -1 once it was swallowed by its left neighbour
    following = list(range(1, count + 1))  # (count,) next living place, count at the end
    preceding = list(range(-1, count - 1))  # (count,) previous living place, -1 at the start
    heap: list[tuple[float, int, int, int, int]] = []  # (-score, left place, left id, right id, joined id)
    for left in range(count - 1):
        joined = find(token[left], token[left + 1])
        if joined >= 0:
            heap.append((-scores[joined], left, token[left], token[left + 1], joined))
    heapify(heap)
    while heap:
        _, left, first, second, joined = heappop(heap)
        right = following[left]
        # A candidate is stale when one of its two tokens was merged meanwhile. Places are never renumbered, so their
        # order is the order in the text and the heap's second key picks the leftmost pair.
        if token[left] != first or right >= count or token[right] != second:
            continue
        token[left], token[right] = joined, -1
        after, before = following[right], preceding[left]
        following[left] = after
        if after < count:
            preceding[after] = left
            further = find(joined, token[after])
            if further >= 0:
                heappush(heap, (-scores[further], left, joined, token[after], further))
        if before >= 0:
            further = find(token[before], joined)
            if further >= 0:
                heappush(heap, (-scores[further], before, token[before], joined, further))
    return [place for place in token if place >= 0]
