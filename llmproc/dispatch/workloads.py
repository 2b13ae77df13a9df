"""Workloads that ship: costs in sentences, in the order in which they are asked, and prompts of our own words.

    system-b      the order in which a known comparison of these modes asks for 30 answers of 1 to 30 sentences
    alternating   long and short in turn (16 1 17 2 ... 30 15): dealt to two workers, one of them gets all the long ones

What stealing can gain depends on how costs fall, so both are worth asking. Speedups over one worker that no schedule
of the kind can pass (`simulation` on these costs; a test holds the table to it):

    workers                  2     4     6     8     12
    system-b    static     2.00  2.36  5.41  4.65   5.89
                queue      1.95  3.60  5.05  6.28   8.30
                longest    2.00  3.97  5.81  7.88  10.81
    alternating static     1.35  2.53  3.88  4.84   6.46
                queue      1.94  3.69  5.17  6.55   8.77
                longest    2.00  3.97  5.81  7.88  10.81

Used by `experiments`. A small model does not count its sentences: the worker that generates gives each answer
TOKENS_PER_SENTENCE tokens for every sentence, no fewer and no more, so that costs are these whichever model answers.
"""

from __future__ import annotations

from dataclasses import dataclass

from llmproc.errors import UsageError

TOKENS_PER_SENTENCE = 16
_TOPICS = (
    "a lighthouse in winter", "how bread rises", "a first day at school", "a night train", "bees and their dance",
    "a market by the sea", "why leaves turn red", "an old clockmaker", "the rings of Saturn", "a walk through a wood",
    "learning to swim", "the sound of rain", "a city without cars", "how a letter travels", "a game of chess",
    "the smell of coffee", "a bridge and its builders", "the moon and the tides", "a broken bicycle", "the oldest tree",
    "a library at night", "how glass is made", "a long journey on foot", "the colour blue", "a garden on a roof",
    "the life of a river", "a concert in the park", "how maps are drawn", "a snowed-in village", "the keeper of a zoo",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Workload:
    """`costs[i]`: sentences that `prompts[i]` asks for."""

    name: str
    about: str
    costs: tuple[int, ...]

    @property
    def prompts(self) -> tuple[str, ...]:
        """Return one text for each cost, all different."""
        return tuple(prompt(place, cost) for place, cost in enumerate(self.costs))


def prompt(place: int, sentences: int) -> str:
    """Return the text that stands at `place` (from 0) and asks for that number of sentences."""
    return f"Write {sentences} sentence{'s' * (sentences != 1)} about {_TOPICS[place % len(_TOPICS)]}."


SYSTEM_B = Workload(
    "system-b",
    "answers of 1 to 30 sentences in a fixed, mixed order",
    (
        30, 29, 10, 7, 26, 25, 6, 3, 22, 21, 4, 8, 18, 23, 17, 2, 16, 20, 15, 1, 14, 24, 13, 5, 12, 27, 11, 9, 19, 28,
    ),
)  # fmt: skip
ALTERNATING = Workload(
    "alternating",
    "long and short answers in turn",
    tuple(cost for short in range(1, 16) for cost in (short + 15, short)),
)
WORKLOADS = {workload.name: workload for workload in (SYSTEM_B, ALTERNATING)}


def workload(name: str) -> Workload:
    """Return a workload by name. UsageError for an unknown one."""
    if name not in WORKLOADS:
        raise UsageError(f"workload is {name}: must be one of {', '.join(WORKLOADS)}")
    return WORKLOADS[name]
