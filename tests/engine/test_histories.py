"""Random histories: arrivals, cancels, failures and page pressure change nothing but when things happen.

Every request is compared with itself alone in an engine with pages to spare; the clock is a counter.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import pytest
from engine.fake_forward import POISON, FakeForward, check_pages, drain, make_engine

from llmproc.engine.batch import PAGE
from llmproc.engine.engine import Engine
from llmproc.engine.events import Finish, Token
from llmproc.engine.pages import pages_for
from llmproc.engine.sequence import SequenceRequest
from llmproc.engine.shaping import Likely, Shaping


@dataclass
class History:
    """One engine's life from a seed."""

    seed: int
    engine: Engine = field(init=False)
    asked: dict[int, SequenceRequest] = field(default_factory=dict)
    tokens: dict[int, list[int]] = field(default_factory=dict)
    likely: dict[int, list[Likely | None]] = field(default_factory=dict)
    finishes: dict[int, Finish] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.context = self.random.randint(33, 100)
        pages = pages_for(self.context) + self.random.choice([0, 0, 0, 1, 4])
        ticks = iter(range(10**9))
        sequences, batch_tokens = self.random.choice([1, 2, 3, 6, 9]), self.random.choice([1, 5, 16, 33, 128])
        self.engine = make_engine(
            FakeForward(pages, self.context), sequences, batch_tokens, clock=lambda: float(next(ticks))
        )
        self.blocks = [self._ids(PAGE) for _ in range(2)]
        self.stems = [self._ids(self.random.randint(1, self.context // 2)) for _ in range(2)]

    def _ids(self, count: int) -> tuple[int, ...]:
        return tuple(self.random.randrange(POISON) for _ in range(count))

    def _prompt(self) -> tuple[int, ...]:
        kind, room = self.random.random(), self.context - 1
        ended = list(self.finishes)
        if kind < 0.3 and ended:  # a next turn, or a fork where the same one is drawn again
            number = self.random.choice(ended)
            tokens = (*self.asked[number].tokens, *self.tokens[number], *self._ids(self.random.randint(1, 9)))
        elif kind < 0.5:  # the same pages in another order, or twice
            blocks = self.random.choices(self.blocks, k=self.random.randint(1, 3))
            tokens = (*(token for block in blocks for token in block), *self._ids(2))
        elif kind < 0.85:
            stem = self.random.choice(self.stems)
            tokens = (*stem[: self.random.randint(0, len(stem))], *self._ids(self.random.randint(1, 5)))
        else:
            tokens = self._ids(self.random.randint(1, room))
        if self.random.random() < 0.08:
            place = self.random.randrange(len(tokens))
            tokens = (*tokens[:place], POISON, *tokens[place + 1 :])
        return tokens[:room]

    def _arrive(self, number: int) -> None:
        pick, prompt = self.random, self._prompt()
        request = SequenceRequest(
            number, prompt, pick.randint(1, self.context), shaping=self._shaping(len(prompt)),
            end_tokens=frozenset(self._ids(pick.choice([0, 0, 1]))), temperature=pick.choice([0.0, 0.7, 2.0]),
            top_p=pick.choice([0.9, 1.0]), seed=pick.randrange(1 << 32), draws=pick.choice([0, 5]),
            closing=pick.choice([None, 2]),
        )  # fmt: skip
        self.asked[number], self.tokens[number], self.likely[number] = request, [], []
        self.engine.add(request)

    def _shaping(self, prompt: int) -> Shaping | None:
        pick = self.random
        if pick.random() < 0.5:
            return None
        return Shaping(
            given=pick.randint(0, prompt), bias=[(pick.randrange(POISON), 3.0)], min_tokens=pick.choice([0, 0, 4]),
            repetition=pick.choice([1.0, 1.4]), frequency=pick.choice([0.0, 0.5]), presence=pick.choice([0.0, -0.5]),
            top_k=pick.choice([0, 9]), min_p=pick.choice([0.0, 0.1]), logprobs=pick.choice([-1, 0, 2]),
        )  # fmt: skip

    def _step(self) -> None:
        running = list(self.engine.scheduler.running)
        for event in self.engine.step():
            number = event.request_id
            assert number not in self.finishes, "an event after the last one"
            if isinstance(event, Token):
                self.tokens[number].append(event.token)
                self.likely[number].append(event.likely)
            else:
                self.finishes[number] = event
        if running and running[0].request.request_id not in self.finishes:
            assert self.engine.scheduler.running[0] is running[0], "the oldest was preempted"
        check_pages(self.engine)

    def live(self) -> None:
        """Let requests come and go until all have ended."""
        number, coming, steps = 0, self.random.randint(3, 12), 0
        haste = self.random.choice([0.05, 0.5, 0.9])
        while coming or self.engine.busy:
            while coming and self.random.random() < haste:
                self._arrive(number)
                number, coming = number + 1, coming - 1
            if number and self.random.random() < 0.03:
                self.engine.cancel(self.random.randrange(number))
            self._step()
            steps += 1
            assert steps < 20000, "somebody never ends"

    def judge(self) -> None:
        """What came out is what each request gives alone."""
        pool = self.engine.scheduler.pool
        assert set(self.finishes) == set(self.asked)
        assert [pool.references(page) for page in range(pool.count)] == [0] * pool.count
        assert self.engine.pages_free == pool.count and len(pool._free) + pool.evictable == pool.count
        for number, request in self.asked.items():
            engine = make_engine(FakeForward(20, self.context))
            engine.add(request)
            *tokens, alone = drain(engine)
            ids = [event.token for event in tokens]
            finish, found = self.finishes[number], self.tokens[number]
            assert found == ids[: len(found)]
            assert self.likely[number] == [event.likely for event in tokens[: len(found)]]
            assert finish.new_tokens == len(found) and finish.positions == len(request.tokens) + len(found)
            assert 0 <= finish.cached_tokens < len(request.tokens) and finish.cached_tokens % PAGE == 0
            assert finish.prefill_s >= 0 and finish.decode_s >= 0
            if finish.reason == "cancelled":
                drawn = len(found) if request.closing is None else min(len(found), request.max_tokens)
                assert finish.draws == request.draws + (drawn if request.temperature else 0), "a coin drawn twice"
                continue
            assert len(found) == len(ids)
            for name in ("reason", "message", "draws", "discarded", "prompt_tokens"):
                assert getattr(finish, name) == getattr(alone, name), name


def live(seeds: range) -> tuple[int, int, dict[str, int]]:
    """Ids found again, push-backs and ends of these histories: a test must see that what it is for has happened."""
    cached, pushed, ends = 0, 0, dict.fromkeys(("end", "length", "context", "cancelled", "failed"), 0)
    for seed in seeds:
        history = History(seed)
        try:
            history.live()
            history.judge()
        except AssertionError as error:
            raise AssertionError(f"history {seed}: {error}") from error
        pushed += history.engine.preempted
        for finish in history.finishes.values():
            cached += finish.cached_tokens
            ends[finish.reason] += 1
    return cached, pushed, ends


def check_variety(count: int, cached: int, pushed: int, ends: dict[str, int]) -> None:
    assert cached > 5 * count and pushed > count / 2, (cached, pushed)
    assert all(number >= count / 10 for number in ends.values()), ends


def test_150_histories() -> None:
    check_variety(150, *live(range(150)))


@pytest.mark.soak
@pytest.mark.parametrize("start", range(0, 2000, 250))
def test_2000_histories(start: int) -> None:
    check_variety(250, *live(range(10_000 + start, 10_250 + start)))
