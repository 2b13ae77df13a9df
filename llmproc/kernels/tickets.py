"""How the ranks of a team share a step: a phase ends when its work is done, not when every rank has come.

A step is a row of phases, a phase a number of portions. A rank that wants to work takes a ticket, which names step,
phase and portion. What was written in a phase may be read in the next ones, so a phase begins when all portions of the
phase before have been finished: by whichever ranks are running. A rank that sleeps, or waits for a CPU, is waited for
only while it holds a portion; when it comes late it walks through the phases that are over and joins the one that is
not.

    word `ticket`   step | phase | the next portion      taken by compare-and-swap, so that a late one is refused
    word `done`     portions finished in this phase      the rank that brings it to the total opens the next phase
    `sleepers`, `bell`                                   ranks that gave up spinning, and what they sleep on
    of each rank `asleep`                                whether it sleeps between steps, and must be woken
    `opener`                                             the same of the thread that waits for the end of the step

Why no rank can harm another, however late it is:

1. Steps and phases are numbered, and their number stands in the ticket word. It only moves on, so a compare-and-swap
   that expects phase p of step s can succeed only while p is open. (A step number comes again after 2^30 steps: a rank
   would have to sleep through exactly as many between its load and its swap.)
2. A ticket that was won keeps its phase open: `done` cannot reach the total before its holder has reported it. So all
   that the phases before have written, the step's record, its tokens and its spans stand still while it is held.
3. What a rank reads without a ticket (the record, to know how many portions there are; the residual stream, for its own
   copy of the activations) may be overwritten while it reads. It is used only with a ticket won afterwards, and the
   first load of the word that showed this phase came before: by 1 and 2 nothing was overwritten between the two.
   Without a ticket it is thrown away. Each value alone is one of some step's, so sizes and addresses stay in range.
4. `done` is changed only by holders of tickets of the open phase, and set back by the one that ends it, when there are
   none. So no counter is cleared while another rank may read it.
5. A phase goes on as long as any rank that is in use runs. A rank that finds no portion left waits, first spinning,
   then asleep. The one that ends the phase changes the word first and looks for sleepers then; a sleeper counts itself
   first and looks at the word then: one of the two sees the other. The same holds for `asleep` and the beginning of a
   step.

Which rank computes a number changes nothing in it: results do not depend on how many ranks there are, nor who was late.
`tests/kernels/tickets` explores a model of this in every order of steps. Words are int32, `ticket` is int64, in shared
memory: ranks may be threads or processes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from llmproc.kernels.registry import njit
from llmproc.kernels.sizes import (
    BELL,
    DONE,
    ENDED_BY,
    KEPT,
    LAST_PHASE,
    OPENER,
    PORTION_BITS,
    RANK_LINES,
    SLEEPERS,
    STEP_BITS,
)
from llmproc.simd.atomics import (
    add_i32,
    compare_exchange_i64,
    fence,
    futex_wait,
    futex_wake,
    load_i32,
    load_i64,
    pause,
    store_i32,
)
from llmproc.simd.layout import LINE
from llmproc.simd.scalars import put_i32

SPINS = 2000  # longer than any wait between ranks that run, shorter than a time slice: 20 to 100 microseconds
_ALL = 1 << 30
_PHASE = 1 << PORTION_BITS
_STEP_SHIFT = 64 - 1 - STEP_BITS


class Phase(NamedTuple):
    """A phase of a step as one rank sees it. `key`: the ticket word when no portion has been taken."""

    words: int  # address of the team's words
    rank: int
    ranks: int  # in use in this step
    ring: int  # address of the rank's trace, 0: none
    key: int


@njit
def first_key(number):  # type: ignore[no-untyped-def]
    """Return the ticket word with which step `number` begins."""
    return np.int64(number & ((1 << STEP_BITS) - 1)) << _STEP_SHIFT


@njit
def last_key(key):  # type: ignore[no-untyped-def]
    """Return the ticket word of the same step when all its phases have ended."""
    return (key >> _STEP_SHIFT << _STEP_SHIFT) + LAST_PHASE * _PHASE


@njit
def step_number(key):  # type: ignore[no-untyped-def]
    """Return the number of a key's step, as far as a ticket holds it."""
    return key >> _STEP_SHIFT


@njit
def following(phase):  # type: ignore[no-untyped-def]
    """Return the next phase of the step."""
    return Phase(phase.words, phase.rank, phase.ranks, phase.ring, phase.key + _PHASE)


@njit
def ended_by(phase):  # type: ignore[no-untyped-def]
    """Return the address of the number of the rank that ended this phase, for those who look soon afterwards."""
    return phase.words + ENDED_BY + (phase.key // _PHASE % KEPT) * 4


@njit
def is_open(phase):  # type: ignore[no-untyped-def]
    """Tell whether the team is still in this phase."""
    word = load_i64(phase.words)
    return phase.key <= word < phase.key + _PHASE


@njit
def next_portion(phase, total):  # type: ignore[no-untyped-def]
    """Take a ticket: the number of a portion below `total`, or -1 when none is left or the phase is over."""
    word = load_i64(phase.words)
    while phase.key <= word < phase.key + total:
        seen = compare_exchange_i64(phase.words, word, word + 1)
        if seen == word:
            return word - phase.key
        word = seen
    return np.int64(-1)


@njit
def _wake(asleep):  # type: ignore[no-untyped-def]
    """Wake the one that sleeps on a word of its own, if it does."""
    if load_i32(asleep) != 0:
        store_i32(asleep, 0)
        futex_wake(asleep, 1)


@njit
def report(phase, finished, total, last):  # type: ignore[no-untyped-def]
    """Add the portions that this rank has finished; the rank that completes the phase opens the next.

    `last`: the phase is the step's last. Returns whether the phase ended here.
    """
    if finished == 0 or add_i32(phase.words + DONE, finished) + finished != total:
        return False
    put_i32(phase.words + DONE, 0)
    put_i32(ended_by(phase), phase.rank)
    then = last_key(phase.key) if last else phase.key + _PHASE
    compare_exchange_i64(phase.words, phase.key + total, then)  # a full fence: sleepers are looked for behind it
    if load_i32(phase.words + SLEEPERS) > 0:
        add_i32(phase.words + BELL, 1)
        futex_wake(phase.words + BELL, _ALL)
    if last:
        _wake(phase.words + OPENER)
    return True


@njit
def wait_for_end(phase, spins):  # type: ignore[no-untyped-def]
    """Return when the phase has ended; True if this rank slept meanwhile."""
    for _ in range(spins):
        if not is_open(phase):
            return False
        pause()
    add_i32(phase.words + SLEEPERS, 1)
    while True:
        bell = load_i32(phase.words + BELL)
        fence()
        if not is_open(phase):
            break
        futex_wait(phase.words + BELL, bell)
    add_i32(phase.words + SLEEPERS, -1)
    return True


@njit
def open_step(words, number, first, ranks):  # type: ignore[no-untyped-def]
    """Begin step `number`, whose record is written, and wake those of the ranks `first` to `ranks` - 1 that sleep."""
    compare_exchange_i64(words, load_i64(words), first_key(number))
    for rank in range(first, ranks):
        _wake(words + RANK_LINES + rank * LINE)


@njit
def wait_for_step_end(words, number):  # type: ignore[no-untyped-def]
    """Sleep until step `number` has ended: for the thread that opened it, when that is not a rank."""
    last, asleep = last_key(first_key(number)), words + OPENER
    while True:
        store_i32(asleep, 1)
        fence()
        if load_i64(words) == last:
            store_i32(asleep, 0)
            return
        futex_wait(asleep, 1)


@njit
def wait_for_step(words, rank, seen, spins):  # type: ignore[no-untyped-def]
    """Return the key of a step other than that of key `seen`, as soon as there is one."""
    step = seen >> _STEP_SHIFT
    for _ in range(spins):
        word = load_i64(words)
        if word >> _STEP_SHIFT != step:
            return word >> _STEP_SHIFT << _STEP_SHIFT
        pause()
    asleep = words + RANK_LINES + rank * LINE
    while True:
        store_i32(asleep, 1)
        fence()
        word = load_i64(words)
        if word >> _STEP_SHIFT != step:
            store_i32(asleep, 0)
            return word >> _STEP_SHIFT << _STEP_SHIFT
        futex_wait(asleep, 1)
