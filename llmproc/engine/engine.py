"""Many sequences over one model in one process: `step()` is the architecture.

    add -> waiting -> slot (admit) -> compute a chunk -> choose a token -> ... -> Finish, the slot keeps ids and KV

Serves `service` and tests. What a request's output is depends on its own fields alone, never on who shares the engine,
what a slot held before or how a prompt was cut into chunks. No IPC, no text, no files.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from llmproc.engine.kv_cache import KVCache
from llmproc.engine.sampling import LogitsError, sample
from llmproc.engine.scheduler import best_slot, plan
from llmproc.engine.sequence import Finish, Reason, Sequence, SequenceRequest, Token, check_request
from llmproc.engine.transformer import Transformer
from llmproc.errors import RequestError

Event = Token | Finish


class Slot:
    """A KV cache, the ids that stand in it, and the sequence that uses it now."""

    __slots__ = ("cache", "sequence", "tokens")

    def __init__(self, cache: KVCache) -> None:
        self.cache = cache
        self.tokens: list[int] = []  # their keys and values are in the cache, in this order
        self.sequence: Sequence | None = None


class Engine:
    """Runs requests, `sequences` at a time; others wait in the order they came."""

    def __init__(
        self, transformer: Transformer, sequences: int = 1, chunk: int = 16, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`chunk`: ids computed per step at most, beside one per decoding sequence."""
        if sequences < 1 or chunk < 1:
            raise ValueError(f"sequences ({sequences}) and chunk ({chunk}) must be at least 1")
        self.transformer, self.chunk, self.steps = transformer, chunk, 0
        self._clock = clock
        self._slots = [Slot(transformer.new_cache()) for _ in range(sequences)]
        self._running: list[Slot] = []  # oldest first
        self._waiting: deque[Sequence] = deque()
        self._ended: list[Event] = []  # finishes of cancelled requests, due with the next step

    @property
    def busy(self) -> bool:
        """Whether a step would do or report anything."""
        return bool(self._running or self._waiting or self._ended)

    def add(self, request: SequenceRequest) -> None:
        """Accept a request; from here on it ends in exactly one Finish. RequestError, and nothing changed, if not."""
        check_request(request, self.transformer.description)
        if any(sequence.request.request_id == request.request_id for sequence in self._sequences()):
            raise RequestError(f"request {request.request_id} is already here")
        self._waiting.append(Sequence.begin(request))

    def cancel(self, request_id: int) -> bool:
        """End a request now; its Finish comes with the next step. False when there is none of this id."""
        for sequence in self._sequences():
            if sequence.request.request_id == request_id:
                self._ended.append(sequence.finish("cancelled", "", self._clock()))
                self._release(sequence)
                return True
        return False

    def step(self) -> list[Event]:
        """Compute one round: one id for every decoding sequence, a chunk of the prompts that are being read."""
        self.steps += 1
        events, self._ended = self._ended, []
        self._admit()
        for slot, count in zip(list(self._running), plan(self._pending(), self.chunk), strict=True):
            logits = self._compute(slot, count)
            if logits is not None:
                events += self._choose(slot, logits)
        return events

    def _sequences(self) -> list[Sequence]:
        return [slot.sequence for slot in self._running if slot.sequence is not None] + list(self._waiting)

    def _pending(self) -> list[int]:
        return [len(slot.sequence.tokens) - len(slot.tokens) for slot in self._running if slot.sequence is not None]

    def _admit(self) -> None:
        """Give free slots to whoever waits."""
        while self._waiting and len(self._running) < len(self._slots):
            sequence = self._waiting.popleft()
            free = [slot for slot in self._slots if slot.sequence is None]
            index, sequence.cached = best_slot(sequence.tokens, [slot.tokens for slot in free])
            del free[index].tokens[sequence.cached :]
            free[index].sequence = sequence
            self._running.append(free[index])

    def _compute(self, slot: Slot, count: int) -> npt.NDArray[np.float32] | None:
        """Run the sequence's next `count` ids; logits when none is left to run, else None."""
        sequence = slot.sequence
        if sequence is None or count == 0:
            return None
        if sequence.started is None:
            sequence.started = self._clock()
        position = len(slot.tokens)
        ids = sequence.tokens[position : position + count]
        last = position + count == len(sequence.tokens)
        self.transformer.prefill(ids[:-1] if last else ids, position, slot.cache)
        logits = self.transformer.forward(ids[-1], position + count - 1, slot.cache) if last else None
        slot.tokens += ids
        if sequence.first_pass is None:
            sequence.first_pass = self._clock()
        if last and sequence.prefilled is None:
            sequence.prefilled = self._clock()
        return logits

    def _choose(self, slot: Slot, logits: npt.NDArray[np.float32]) -> list[Event]:
        """Draw the next id and decide whether the sequence ends with it."""
        sequence = slot.sequence
        assert sequence is not None
        request = sequence.request
        try:
            token = sample(logits, request.temperature, request.top_p, sequence.stream)
        except LogitsError as error:
            return [self._finish(slot, "failed", str(error))]
        if sequence.closed:
            sequence.discarded = token
            return [self._finish(slot, "length")]
        events: list[Event] = [sequence.append(token, sampled=True)]
        room = self.transformer.description.seq_len - len(sequence.tokens)
        if token in request.end_tokens:
            events.append(self._finish(slot, "end"))
        elif sequence.new >= request.max_tokens and request.closing is None:
            events.append(self._finish(slot, "length"))
        elif room == 0:
            events.append(self._finish(slot, "context", f"the context of {len(sequence.tokens)} positions is full"))
        elif sequence.new >= request.max_tokens and request.closing is not None:
            sequence.closed = True
            events.append(sequence.append(request.closing, sampled=False))
        return events

    def _finish(self, slot: Slot, reason: Reason, message: str = "") -> Finish:
        assert slot.sequence is not None
        finish = slot.sequence.finish(reason, message, self._clock())
        self._release(slot.sequence)
        if reason == "failed":
            slot.tokens.clear()
        return finish

    def _release(self, sequence: Sequence) -> None:
        """Take a sequence off its slot or out of the queue; the slot keeps its ids for a later request."""
        if sequence in self._waiting:
            self._waiting.remove(sequence)
        for slot in [slot for slot in self._running if slot.sequence is sequence]:
            slot.sequence = None
            self._running.remove(slot)
