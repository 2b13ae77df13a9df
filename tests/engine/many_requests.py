"""A fixed set of requests, and their outputs under any options: what must never depend on those options."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from engine.one_sequence import Model

from llmproc.config import EngineOptions
from llmproc.engine.engine import Engine
from llmproc.engine.events import Finish, Token
from llmproc.engine.loading import open_forward, open_weights, page_bytes
from llmproc.engine.sequence import SequenceRequest


@dataclass(frozen=True)
class Outcome:
    """What came out, and by which way."""

    ids: list[list[int]]  # by request
    preempted: int
    cached: int  # ids of prompts that were found in the prefix cache


def requests(vocab_size: int, context: int, count: int, seed: int = 0) -> list[SequenceRequest]:
    """Greedy and sampled, short and long; most begin with the same ids. A half goes beyond 256 positions if it can."""
    random = np.random.default_rng(seed)
    start = random.integers(3, vocab_size, 70).tolist()
    made = []
    for number in range(count):
        own = random.integers(3, vocab_size, int(random.integers(1, 40))).tolist()
        shared = start[: (0, 16, 33, 70)[number % 4]]
        if number % 8 == 5 and context > 300:
            own = random.integers(3, vocab_size, 250 - len(shared)).tolist()
        heat = (0.0, 0.9)[number // 2 % 2]
        made.append(SequenceRequest(number, (1, *shared, *own), 14 + number % 5, frozenset(), heat, 0.9, number))
    return made


def outcome(source: Path | Model, options: EngineOptions, asked: list[SequenceRequest], full: int = 0) -> Outcome:
    """Run all requests. `full`: pages of the pool, just a context and a few more, so that sequences are preempted."""
    opened = open_forward if isinstance(source, Path) else lambda model, options: open_weights(*model, options)
    if full:
        with opened(source, replace(options, context=2, sequences=1)) as forward:
            options = replace(options, kv_memory=full * page_bytes(forward.description, options))
    with opened(source, options) as forward:
        engine, ids, cached = Engine(forward, options), {request.request_id: [] for request in asked}, 0
        waiting = list(reversed(asked))
        while engine.busy or waiting:
            for _ in range(min(len(waiting), 3)):  # they come while others are being served
                engine.add(waiting.pop())
            for event in engine.step():
                if isinstance(event, Token):
                    ids[event.request_id].append(event.token)
                else:
                    assert isinstance(event, Finish) and event.reason == "length", event
                    cached += event.cached_tokens
        assert engine.pages_free == forward.pages
        return Outcome(list(ids.values()), engine.preempted, cached)
