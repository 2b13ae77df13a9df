"""A forward pass without numbers: logits that depend on every id readable through the pages given, and on its place.

For tests of the scheduler. What real pages would do silently it does loudly: a page that is missing, shared wrongly,
stale or written by two changes the output or raises. `POISON` is an id whose keys and values are NaN.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from llmproc import kernels
from llmproc.config import EngineOptions
from llmproc.engine.batch import PAGE, Chunk
from llmproc.engine.engine import Engine
from llmproc.engine.events import Finish, Token
from llmproc.engine.sequence import SequenceRequest

VOCABULARY = 50
POISON = VOCABULARY - 1  # its logits are so low that it is never drawn, only asked
_TABLE = np.random.default_rng(7).normal(0, 2, (4096, VOCABULARY)).astype(np.float32)
_TABLE[:, POISON] = -50


class FakeForward:
    """Stores (position, id, digest of all before) per slot of a page; logits are picked by the digest of them all."""

    vocab_size = VOCABULARY

    def __init__(self, pages: int = 64, context: int = 64) -> None:
        self.pages, self.context = pages, context
        self.slots: list[list[tuple[int, int, int] | None]] = [[None] * PAGE for _ in range(pages)]
        self.may_write: Callable[[int], bool] = lambda page: True
        self.runs: list[list[tuple[int, int]]] = []  # (position, ids) of each chunk of each run
        self.wiped: list[int] = []

    def run(self, chunks: Sequence[Chunk]) -> np.ndarray:
        assert chunks, "an empty run"
        self.runs.append([(chunk.position, len(chunk.tokens)) for chunk in chunks])
        self._check(chunks)
        rows = [row for chunk in chunks if (row := self._compute(chunk)) is not None]
        return np.array(rows, np.float32).reshape(-1, VOCABULARY)

    def wipe(self, pages: Sequence[int]) -> None:
        assert pages, "an empty wipe"
        self.wiped += pages
        for page in pages:
            self.slots[page] = [None] * PAGE

    def _check(self, chunks: Sequence[Chunk]) -> None:
        for chunk in chunks:
            end = chunk.position + len(chunk.tokens)
            assert len(chunk.tokens) > 0 and end <= self.context
            assert len(set(chunk.pages)) == len(chunk.pages), "a page twice in one sequence"
            assert len(chunk.pages) * PAGE >= end, "too few pages"
            assert all(0 <= page < self.pages for page in chunk.pages)
            for page in chunk.pages[chunk.position // PAGE :]:
                assert self.may_write(page), f"page {page} is written and shared"
                others = [other for other in chunks if other is not chunk and page in other.pages]
                assert not others, f"page {page} is written by one and read by another"

    def _compute(self, chunk: Chunk) -> np.ndarray | None:
        digest, spoilt = 0, False
        for position in range(chunk.position + len(chunk.tokens)):
            page = self.slots[chunk.pages[position // PAGE]]
            if position >= chunk.position:
                page[position % PAGE] = (position, chunk.tokens[position - chunk.position], digest)
            slot = page[position % PAGE]
            assert slot is not None, f"position {position} is read and was never written"
            digest = hash((digest, slot))
        for page in chunk.pages:  # what stands behind the last position is multiplied by zero, and NaN stays NaN
            spoilt = spoilt or any(slot is not None and slot[1] == POISON for slot in self.slots[page])
        if not chunk.logits:
            return None
        return np.full(VOCABULARY, np.nan, np.float32) if spoilt else _TABLE[digest % len(_TABLE)]


def make_engine(
    forward: FakeForward | None = None, sequences: int = 1, batch_tokens: int = 128, **more: object
) -> Engine:
    """An engine whose forward pass also knows which pages are shared."""
    kernels.load(kernels.COMMON)  # of them only those that choose a token are used
    forward = forward or FakeForward()
    engine = Engine(forward, EngineOptions(sequences=sequences, batch_tokens=batch_tokens), **more)
    forward.may_write = lambda page: engine.scheduler.pool.references(page) == 1
    return engine


def drain(engine: Engine, limit: int = 5000) -> list[Token | Finish]:
    """All events until nothing is left to do."""
    events: list[Token | Finish] = []
    while engine.busy:
        events += engine.step()
        limit -= 1
        assert limit > 0, "the engine does not come to an end"
    return events


def answer(engine: Engine, asked: SequenceRequest) -> tuple[list[int], Finish]:
    """Run one request alone: its new ids and its finish."""
    engine.add(asked)
    *tokens, finish = drain(engine)
    assert isinstance(finish, Finish) and all(isinstance(event, Token) for event in tokens)
    return [event.token for event in tokens], finish


def check_pages(engine: Engine) -> None:
    """Every page is counted once, holders and references agree, and what is held or cached is what it should be."""
    scheduler, pool, forward = engine.scheduler, engine.scheduler.pool, engine.forward
    held = [page for sequence in scheduler.running for page in sequence.pages]
    assert not any(sequence.pages or sequence.computed for sequence in scheduler.waiting)
    assert [pool.references(page) for page in range(pool.count)] == [held.count(page) for page in range(pool.count)]
    idle = [*pool._free, *pool._evictable]
    assert sorted([*idle, *set(held)]) == list(range(pool.count)), "a page leaked"
    assert {page for page in range(pool.count) if pool._names[page] is not None} == set(pool._found.values())
    assert all(pool._names[page] is None for page in pool._free)
    assert all(pool._names[page] is not None for page in pool._evictable)
    for sequence in scheduler.running:
        for position in range(sequence.computed):
            slot = forward.slots[sequence.pages[position // PAGE]][position % PAGE]
            assert slot is not None and slot[:2] == (position, sequence.tokens[position]), "a page shared wrongly"
    for (_, ids), page in pool._found.items():
        assert tuple(slot[1] for slot in forward.slots[page]) == ids, "a cached page holds something else"
        assert POISON not in ids
