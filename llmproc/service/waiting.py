"""A stand-in for generating: requests wait for a stated time, and make tokens that say nothing. Marked as simulated.

It stands for a remote service, whose answers take time but none of this machine's cores: with it any number of workers
can be compared on any machine, in the real processes and rings. Tests use it where hundreds of workers die. It loads no
model and compiles only what takes requests from rings.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from llmproc.engine.events import Finish, Token
from llmproc.processes.template import Prepared, WorkerContext
from llmproc.service.messages import Generate, PrepareOrder, PrepareReport
from llmproc.service.worker import serve

_PULSE_S = 0.5  # between steps at most, lest it be taken for stuck
TOKENS = 251  # the id at position p of a sequence is p % TOKENS: a replay goes on where it was


def prepare(payload: bytes, fds: list[int], progress: Callable[[bytes], None]) -> Prepared:
    """Compile what takes requests, and nothing else; no file is opened."""
    from llmproc import kernels

    order = msgspec.json.decode(payload, type=PrepareOrder)
    started = time.monotonic()
    kernels.load(kernels.RINGS)
    report = PrepareReport(
        0.0, time.monotonic() - started, 0, kernels.cache_misses(), bool(fds), "", kernels.fallback_reason()
    )
    return Prepared(order, msgspec.json.encode(report), [])


def child(context: PrepareOrder, post: WorkerContext) -> int:
    """Run a worker that waits; return its exit code."""
    return serve(WaitRunner(), post, context.engine.sequences, context.steals)


@dataclass(slots=True)
class _Wait:
    order: Generate
    began: float
    made: int = 0
    cancelled: bool = False

    @property
    def due(self) -> float:
        """Return when its next token is due."""
        return self.began + self.order.wait_s * (self.made + 1) / self.order.max_tokens


class WaitRunner:
    """A Runner: the tokens of a request come evenly over its `wait_s`, the last one with its end."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._waits: dict[int, _Wait] = {}
        self._stepped = clock()

    @property
    def load(self) -> int:
        """Return how many requests it has."""
        return len(self._waits)

    def add(self, request_id: int, order: Generate) -> None:
        """Accept a request."""
        self._waits[request_id] = _Wait(order, self._clock())

    def cancel(self, request_id: int) -> None:
        """End one with the next step, if it is there."""
        if request_id in self._waits:
            self._waits[request_id].cancelled = True

    def patience(self) -> float | None:
        """Return the seconds until a step has something to do; None: not before something is added."""
        if not self._waits:
            return None
        if any(wait.cancelled for wait in self._waits.values()):
            return 0
        next_step = min(self._stepped + _PULSE_S, *(wait.due for wait in self._waits.values()))
        return max(0.0, next_step - self._clock())

    def step(self) -> list[Token | Finish]:
        """Return a token for each request that has one due, and the ends."""
        now, events = self._clock(), list[Token | Finish]()
        self._stepped = now
        for request_id, wait in list(self._waits.items()):
            if not wait.cancelled and wait.due <= now:
                events.append(Token(request_id, (len(wait.order.ids) + wait.made) % TOKENS, True))
                wait.made += 1
            if wait.cancelled or wait.made == wait.order.max_tokens:
                del self._waits[request_id]
                events.append(_finish(request_id, wait, now))
        return events


def _finish(request_id: int, wait: _Wait, now: float) -> Finish:
    order = wait.order
    return Finish.plain(
        request_id,
        "cancelled" if wait.cancelled else "length",
        prompt_tokens=len(order.ids),
        new_tokens=wait.made,
        draws=order.draws + (wait.made if order.temperature > 0 else 0),
        decode_s=now - wait.began,
    )
