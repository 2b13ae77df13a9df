"""Sizes that kernels and those who allocate memory for them must agree on. No Numba here.

Used by the kernels and by `engine.workspace`.
"""

from __future__ import annotations

from llmproc.simd.layout import LANES, LINE

VECTOR = 4 * LANES  # bytes of sixteen float32

# attention
CHUNK = 256  # positions
PAGES = CHUNK // LANES  # of a chunk
ROWS = 8  # at a time
SCORES = 4 * CHUNK  # bytes of one row's scores

# sharing of the work
FEW = 4  # tokens: up to here every rank prepares its own copy of the activations, which is sooner than a phase for it
STEP_BITS, PHASE_BITS, PORTION_BITS = 30, 16, 17  # of a ticket, from the highest; its sign stays 0
MOST_PORTIONS = (1 << PORTION_BITS) - 1  # of a phase
LAST_PHASE = (1 << PHASE_BITS) - 1  # all phases of the step have ended
LAYER_PHASES = 10  # at most
DONE, SLEEPERS, BELL, OPENER = LINE, *range(2 * LINE, 2 * LINE + 12, 4)  # words of a team; at 0 its ticket
ENDED_BY, KEPT = 3 * LINE, 64  # which rank ended each of the last KEPT phases
RANK_LINES = ENDED_BY + 4 * KEPT  # where a line for each rank begins: whether it sleeps, and where a test lets it stop
STOP_AT = 4  # of that line


def team_bytes(ranks: int) -> int:
    """Return the bytes of what the ranks of a team agree by; all zero at first."""
    return RANK_LINES + ranks * LINE


def scratch_bytes(head_pad: int, context: int) -> int:
    """Return the bytes of one rank.

    Scores, two sets of mixed values and of sums for ROWS rows; or the scores of one in the C order.
    """
    return max(ROWS * SCORES + 2 * ROWS * (4 * head_pad + VECTOR), 4 * context + 8 * head_pad) + VECTOR
