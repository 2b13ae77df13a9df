"""Who computes how much in a step, and which slot a request gets. Pure policy: numbers in, numbers out."""

from __future__ import annotations

from collections.abc import Sequence


def plan(pending: Sequence[int], budget: int) -> list[int]:
    """Ids to compute now for each sequence, given how many it has pending, oldest first.

    Whoever has one pending (decodes) gets it. The rest of the budget, at least one id, goes to prompts, oldest first.
    """
    left = max(1, budget - sum(count == 1 for count in pending))
    counts = []
    for count in pending:
        if count == 1:
            counts.append(1)
            continue
        taken = min(count, left)
        left -= taken
        counts.append(taken)
    return counts


def common_prefix(first: Sequence[int], second: Sequence[int]) -> int:
    """How many ids both begin with."""
    length = min(len(first), len(second))
    if first[:length] == second[:length]:
        return length
    return next(i for i in range(length) if first[i] != second[i])


def best_slot(prompt: Sequence[int], slots: Sequence[Sequence[int]]) -> tuple[int, int]:
    """(index, ids reused): the slot with the longest common prefix, on ties the one that forgets least.

    The last prompt id is never reused: the pass over it gives the first logits.
    """
    reused = [min(common_prefix(prompt, slot), len(prompt) - 1) for slot in slots]
    index = max(range(len(slots)), key=lambda i: (reused[i], -len(slots[i])))
    return index, reused[index]
