"""A scheduler driven by hand: sequences, steps that are played, and who is where."""

from __future__ import annotations

from llmproc.engine.batch import PAGE
from llmproc.engine.scheduler import Scheduler, Step
from llmproc.engine.sequence import Sequence, SequenceRequest

CONTEXT = 8 * PAGE


def sequence(number: int, length: int, first: int = 0) -> Sequence:
    """`length` ids that no other number has, but for the `first` ones."""
    tokens = tuple(position if position < first else 1000 * number + position for position in range(length))
    return Sequence.begin(SequenceRequest(number, tokens, 100))


def scheduler(pages: int = 64, sequences: int = 8, batch_tokens: int = 32) -> Scheduler:
    return Scheduler(pages, CONTEXT, sequences, batch_tokens)


def finish_step(planned: Scheduler, step: Step) -> dict[int, int]:
    """As if the model had run and every sequence got one more id: ids computed by request."""
    for each, chunk in zip(step.sequences, step.chunks, strict=True):
        each.passed(len(chunk.tokens), 0.0, 0.0)
    for each in step.needs_logits:
        planned.verify(each)
        each.append(7, sampled=True)
    return {each.request.request_id: len(chunk.tokens) for each, chunk in zip(step.sequences, step.chunks, strict=True)}


def run(planned: Scheduler, steps: int = 1) -> dict[int, int]:
    """The last of so many steps."""
    counts: dict[int, int] = {}
    for _ in range(steps):
        counts = finish_step(planned, planned.schedule())
    return counts
