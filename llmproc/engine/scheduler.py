"""Who computes how much in a step, and who holds which pages of the KV cache. Pure: no arrays, no clock, no I/O.

    add -> waiting -> running (holds pages) -> leave
              ^          |
              +preempted-+  when pages run out

Used by `engine`. Rules:

- All that run are older than all that wait; both are in the order of arrival, and so is who gets what.
- Every sequence with one id to compute (a decode) gets it, even where they are more than the token budget. What is left
  of the budget, at least one id, goes to prompts, oldest first. A step has max(batch_tokens, decodes + 1) ids at most.
- A waiting sequence is admitted when there is a free slot, token budget, and enough free pages for its whole prompt.
  (Budget is left only when the prompts before it are being read to their end, so they lack no pages.) Pages are still
  allocated only as they are needed, and decodes may want them first.
- When no page is left for a sequence, the youngest running one is preempted: it goes back to the front of those who
  wait, even if it is that sequence itself. It keeps tokens and draws and starts again from its tokens; pages that it
  registered and that are still cached are found again. The oldest is never preempted, and the pool holds a full
  context, so one sequence always ends.
- A page is registered, for others to find, once logits after it were finite (`verify`): NaN or infinity in keys or
  values of a prefix shows in all logits after it. What was not verified, or belonged to a failed sequence alone, is
  wiped (`Step.dirty`).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from llmproc.engine.batch import PAGE, Chunk
from llmproc.engine.pages import NO_PREFIX, PagePool, pages_for
from llmproc.engine.sequence import Sequence


@dataclass(slots=True)
class Step:
    """The work of one step."""

    dirty: list[int]  # pages to wipe before
    sequences: list[Sequence] = field(default_factory=list)
    chunks: list[Chunk] = field(default_factory=list)  # one for each of them
    counts: list[int] = field(default_factory=list)  # of the ids in each of these
    needs_logits: list[Sequence] = field(default_factory=list)  # those that want logits, in order

    def add(self, sequence: Sequence, count: int) -> None:
        """Compute the next `count` ids of a sequence, which holds the pages for them."""
        start, stop = sequence.computed, sequence.computed + count
        last = stop == len(sequence.tokens)
        self.sequences.append(sequence)
        self.chunks.append(Chunk(sequence.tokens[start:stop], start, sequence.pages, last))
        self.counts.append(count)
        if last:
            self.needs_logits.append(sequence)


class Scheduler:
    """Sequences that wait and run, over one pool of pages."""

    def __init__(self, pages: int, context: int, sequences: int, batch_tokens: int) -> None:
        """Begin without sequences. ValueError when the pool cannot hold one sequence of `context` positions."""
        if pages < pages_for(context):
            raise ValueError(f"{pages} pages of {PAGE} positions cannot hold a context of {context}")
        self.pool = PagePool(pages)
        self.running: list[Sequence] = []
        self.waiting: deque[Sequence] = deque()
        self.preempted = 0  # how often that happened
        self._sequences, self._batch_tokens = sequences, batch_tokens
        self._dirty: list[int] = []
        self._too_few = -1  # pages available when the first of those who wait was last refused

    def add(self, sequence: Sequence) -> None:
        """Let a sequence wait. It must fit into the context."""
        self.waiting.append(sequence)

    def leave(self, sequence: Sequence, failed: bool = False) -> None:
        """Forget a sequence, wherever it is. If it failed, what it alone held is not found again."""
        if sequence in self.running:
            self.running.remove(sequence)
        else:
            self.waiting.remove(sequence)
            self._too_few = -1
        self._release_pages(sequence, failed)

    def schedule(self) -> Step:
        """Return the next step: decodes, then chunks of prompts up to the budget, with pages for all of them."""
        step, running = Step(self._dirty), self.running
        decodes = [len(each.tokens) - each.computed for each in running].count(1)
        left, place = max(1, self._batch_tokens - decodes), 0
        while place < len(running):  # a sequence that is preempted stood at the end
            sequence = running[place]
            count = len(sequence.tokens) - sequence.computed
            place += 1
            if count > 1:
                self._match_prefix(sequence)
                count = min(len(sequence.tokens) - sequence.computed, left)
                left -= count
            if count and self._allocate(sequence, count):
                step.add(sequence, count)
        while left and self._admit():
            count = min(len(running[-1].tokens) - running[-1].computed, left)
            left -= count
            self._allocate(running[-1], count)
            step.add(running[-1], count)
        self._dirty = []
        return step

    def verify(self, sequence: Sequence) -> None:
        """Register a sequence's full pages: the logits after everything it computed were finite."""
        sequence.verified = sequence.computed
        while sequence.computed - sequence.registered * PAGE >= PAGE:
            number = sequence.registered
            ids = sequence.tokens[number * PAGE : (number + 1) * PAGE]
            page = self.pool.register(sequence.pages[number], sequence.key, ids)
            sequence.pages[number], sequence.key = page, self.pool.key(page)
            sequence.registered += 1

    def _allocate(self, sequence: Sequence, count: int) -> bool:
        """Give a running sequence the pages for its next `count` ids; False when it had to be preempted itself."""
        lacking = pages_for(sequence.computed + count) - len(sequence.pages)
        if lacking <= 0:
            return True
        while self.pool.available < lacking:
            youngest = self.running.pop()
            self._preempt(youngest)
            if youngest is sequence:
                return False
        sequence.pages += self.pool.allocate(lacking)
        return True

    def _preempt(self, sequence: Sequence) -> None:
        self._release_pages(sequence, failed=False)
        self.waiting.appendleft(sequence)
        self.preempted += 1
        self._too_few = -1

    def _admit(self) -> bool:
        """Let the first of those who wait run, if it can."""
        if not self.waiting or len(self.running) >= self._sequences:
            return False
        available = self.pool.available
        if available <= self._too_few:
            return False  # without looking it up in every step; with nothing running all pages are there
        sequence = self.waiting[0]
        self._match_prefix(sequence)
        if self.pool.available < pages_for(len(sequence.tokens)) - len(sequence.pages):
            self._release_pages(sequence, failed=False)
            self._too_few = available
            return False
        if sequence.started is None:
            sequence.cached = sequence.computed
        self._too_few = -1
        self.running.append(self.waiting.popleft())
        return True

    def _match_prefix(self, sequence: Sequence) -> None:
        """Hold cached pages instead of its own unverified ones, where that saves computing."""
        found = self.pool.find(sequence.tokens, sequence.registered, sequence.key)
        end = sequence.registered + len(found)
        if end * PAGE <= sequence.computed:
            return
        self.pool.retain(found)
        self._dirty += self.pool.discard(sequence.pages[sequence.registered :])
        sequence.pages[sequence.registered :] = found
        sequence.registered, sequence.key = end, self.pool.key(found[-1])
        sequence.computed = sequence.verified = end * PAGE

    def _release_pages(self, sequence: Sequence, failed: bool) -> None:
        """Take all pages from a sequence: it could begin again from its tokens alone."""
        pages, kept = sequence.pages, len(sequence.pages)
        sequence.held = max(sequence.held, kept)
        if failed:
            kept = 0
        elif sequence.verified < sequence.computed:
            kept = sequence.registered
        self._dirty += self.pool.discard(pages[kept:])
        self.pool.release(pages[:kept])
        sequence.pages, sequence.key = [], NO_PREFIX
        sequence.computed = sequence.verified = sequence.registered = 0
