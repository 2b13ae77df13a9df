"""Many sequences over one model in one process: `step()` is the architecture.

    add -> waiting -> running -> chunks of the prompt -> one id per step -> Finish; full pages of ids stay cached

Used by `service` and tests. What a request's output is depends on its own fields alone, never on who shares the engine,
what the pages held before, how a prompt was cut into chunks or how often it was preempted. No IPC, text or files.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from llmproc.config import EngineOptions
from llmproc.engine.batch import ForwardPass
from llmproc.engine.choosing import Chooser
from llmproc.engine.cost_meter import CostMeter
from llmproc.engine.events import Finish, Reason, Token
from llmproc.engine.sampling import LogitsError, MostLikely, Sampler
from llmproc.engine.scheduler import Scheduler, Step
from llmproc.engine.sequence import Sequence, SequenceRequest, check_request
from llmproc.engine.shaping import PLACED, Likely
from llmproc.errors import RequestError
from llmproc.grammars.matching import Grammars, GrammarStateError

Event = Token | Finish
Choice = tuple[int, Likely | None] | LogitsError | GrammarStateError
Float32 = npt.NDArray[np.float32]
NO_LOGITS: Float32 = np.empty((0, 1), np.float32)


class Engine:
    """Runs requests, `options.sequences` at a time; others wait in the order they came."""

    def __init__(
        self,
        forward: ForwardPass,
        options: EngineOptions,
        clock: Callable[[], float] = time.monotonic,
        meter: CostMeter | None = None,
        grammars: Grammars | None = None,
    ) -> None:
        """Take `sequences` and `batch_tokens` from the options. ValueError when the pool is below one context.

        Without a meter no Finish tells costs; without `grammars` no request may have one.
        """
        self.forward, self.steps = forward, 0
        self.scheduler = Scheduler(forward.pages, forward.context, options.sequences, options.batch_tokens)
        self._clock, self._meter, self._most_likely, self._sampler = clock, meter, MostLikely(), Sampler()
        self._grammars = grammars
        self._chooser = Chooser(self._sampler)
        self._sequences: dict[int, Sequence] = {}  # by request id, running and waiting
        self._ended: list[Event] = []  # finishes of cancelled requests, due with the next step

    @property
    def busy(self) -> bool:
        """Return whether a step would do or report anything."""
        return bool(self._sequences or self._ended)

    @property
    def running(self) -> int:
        """Return how many sequences hold pages."""
        return len(self.scheduler.running)

    @property
    def waiting(self) -> int:
        """Return how many sequences wait for a place or for pages."""
        return len(self.scheduler.waiting)

    @property
    def pages_free(self) -> int:
        """Return how many pages have no holder, those that are cached included."""
        return self.scheduler.pool.available

    @property
    def preempted(self) -> int:
        """Return how often a sequence lost its pages to an older one."""
        return self.scheduler.preempted

    def add(self, request: SequenceRequest) -> None:
        """Accept a request; from here on it ends in exactly one Finish. RequestError, and nothing changed, if not."""
        check_request(request, self.forward.vocab_size, self.forward.context)
        if request.request_id in self._sequences:
            raise RequestError(f"request {request.request_id} is already here")
        begun = Sequence.begin(request, self._grammars)
        if self._meter is not None and not self._sequences:
            self._meter.begin()
        sequence = self._sequences[request.request_id] = begun
        self.scheduler.add(sequence)
        if sequence.complete:  # its ids are those of an answer that lacks only its Finish
            self._ended.append(self._retire(sequence, "stop"))

    def cancel(self, request_id: int) -> bool:
        """End a request now; its Finish comes with the next step. False when there is none of this id."""
        sequence = self._sequences.get(request_id)
        if sequence is not None:
            self._ended.append(self._retire(sequence, "cancelled"))
        return sequence is not None

    def step(self) -> list[Event]:
        """Compute one round: one id for every decoding sequence, chunks of the prompts that are being read."""
        self.steps += 1
        events, self._ended = self._ended, []
        step = self.scheduler.schedule()
        logits = self._run(step)
        choices = list(map(self._choose, step.needs_logits, logits, self._most_likely(logits)))
        self._charge(step)
        for sequence, choice in zip(step.needs_logits, choices, strict=True):
            self._join(sequence, choice, events)
        return events

    def _charge(self, step: Step) -> None:
        """Let the sequences of a step pay for it."""
        if self._meter is not None and step.chunks:
            self._meter.step(step.sequences, step.counts, self._sequences.values())

    def _choose(self, sequence: Sequence, logits: Float32, best: int) -> Choice:
        """Return the id drawn for a sequence, and what is told of it; or why there is none."""
        request = sequence.request
        try:
            if (shaping := request.shaping) is None:
                token = self._sampler.sample(logits, best, request.temperature, request.top_p, sequence.stream)
                return token, None
            token = self._chooser.choose(sequence, logits, best)
            return token, self._chooser.likely(shaping, logits, token)
        except (LogitsError, GrammarStateError) as error:
            return error

    def _run(self, step: Step) -> Float32:
        """Run the batch; return the logits of those that ask for them, a row each."""
        if step.dirty:
            self.forward.wipe(step.dirty)
        if not step.chunks:
            return NO_LOGITS
        before = self._clock()
        logits = self.forward.run(step.chunks)
        after = self._clock()
        for sequence, count in zip(step.sequences, step.counts, strict=True):
            sequence.passed(count, before, after)
        return logits

    def _join(self, sequence: Sequence, choice: Choice, events: list[Event]) -> None:
        """Append the id drawn for a sequence, and retire the sequence if it ends with it, or fails without one."""
        if isinstance(choice, (LogitsError, GrammarStateError)):
            events.append(self._retire(sequence, "failed", str(choice)))
            return
        request, (token, likely) = sequence.request, choice
        self.scheduler.verify(sequence)
        if sequence.closed:
            sequence.discarded = token
            events.append(self._retire(sequence, "length"))
            return
        events.append(sequence.append(token, True, likely))
        if token in request.end_tokens:
            events.append(self._retire(sequence, "end"))
        elif sequence.complete:
            events.append(self._retire(sequence, "stop"))
        elif sequence.new >= request.max_tokens and request.closing is None:
            events.append(self._retire(sequence, "length"))
        elif len(sequence.tokens) == self.forward.context:
            message = f"the context of {len(sequence.tokens)} positions is full"
            events.append(self._retire(sequence, "context", message))
        elif sequence.new >= request.max_tokens and request.closing is not None:
            sequence.closed = True
            events.append(sequence.append(request.closing, False, None if likely is None else PLACED))

    def _retire(self, sequence: Sequence, reason: Reason, message: str = "") -> Finish:
        """Take a sequence out of the engine; what it computed stays cached, unless it failed."""
        if self._meter is not None:
            self._meter.settle(self._sequences.values())
        del self._sequences[sequence.request.request_id]
        self.scheduler.leave(sequence, failed=reason == "failed")
        return sequence.finish(reason, message, self._clock(), 0 if self._meter is None else self._meter.page_bytes)
