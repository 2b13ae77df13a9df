"""The ids of a text in windows, and the positions of each that are scored: as llama.cpp's perplexity tool. Pure.

    ids      of the whole text, BOS before them if the vocabulary puts one before texts
    windows  `context` ids each, one after the other, none overlapping; what is left over at the end is not used
    BOS      takes the place of the first id of every window, if there is one
    scored   position p gives the probability of the id at p + 1, for p from context // 2 to context - 2: every
             scored id has at least half a window before it, and context - context // 2 - 1 of each window are scored

A window is read from position 0 with nothing before it. The definition is that of tools/perplexity/perplexity.cpp
(function `perplexity`, without --ppl-stride) of llama.cpp 0.5.0, which also wants two windows of text at least.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from llmproc.errors import UsageError

SHORTEST = 4  # positions of a window: below that nothing, or one id, is scored


@dataclass(frozen=True, slots=True)
class TextWindow:
    """One window. `ids`: as the model reads them, BOS first; of positions `first` to the last but one logits count."""

    number: int
    ids: tuple[int, ...]
    first: int

    @property
    def scored(self) -> range:
        """Return the positions whose logits are scored."""
        return range(self.first, len(self.ids) - 1)


def windows_of(ids: Sequence[int], context: int, bos: int | None, most: int | None = None) -> list[TextWindow]:
    """Cut the ids of a text (BOS first, if there is one) into windows, the first `most` of them.

    UsageError when there are fewer ids than two windows have.
    """
    if context < SHORTEST:
        raise UsageError(f"--context is {context}: must be at least {SHORTEST}")
    if len(ids) < 2 * context:
        rule = f"two windows need {2 * context}"
        if len(ids) >= 2 * SHORTEST:
            rule += f"; --context {len(ids) // 2} would fit"
        raise UsageError(f"--context is {context}: the text has {len(ids)} tokens, {rule}")
    count = len(ids) // context
    count = count if most is None else min(most, count)
    begin = () if bos is None else (bos,)
    found = []
    for number in range(count):
        start = number * context
        own = (*begin, *ids[start + len(begin) : start + context])
        found.append(TextWindow(number, own, context // 2))
    return found
