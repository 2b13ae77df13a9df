"""The engine under test: `Chunk`s to a ForwardPass, as the scheduler would make them, without the scheduler.

A prefill is a row of chunks of `batch_tokens` ids, logits after the last. A decode step is one chunk of one id for each
sequence with logits, and the greedy choice of every next id is made and timed (llama-bench, and so the peer, feeds
random ids and chooses nothing: what this comparison leaves out is in the peer's favour). Between two steps the number
of threads follows the free CPUs, as in a worker.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
import numpy.typing as npt

from llmproc.config import EngineOptions
from llmproc.engine.batch import Chunk, ForwardPass
from llmproc.engine.pages import pages_for
from llmproc.engine.rank_adapter import RankAdapter, adapter_of
from llmproc.errors import UsageError
from llmproc.experiments.bench.arms.arm import ArmOptions, ModelArm, random_ids
from llmproc.experiments.bench.work import Work

Logits: TypeAlias = npt.NDArray[np.float32]


@runtime_checkable
class Matmuls(Protocol):
    """A ForwardPass whose matrix products can be measured alone."""

    def matmuls(self, tokens: int, outputs: int) -> None:
        """Make every matrix product of a step over `tokens` rows of activations, nothing else; the output layer over
        `outputs` of them."""


class OwnArm(ModelArm):
    """An arm over an open ForwardPass, which it closes if it can be closed."""

    name = "llmproc"

    def __init__(self, forward: ForwardPass, batch_tokens: int, adapter: RankAdapter | None = None) -> None:
        """Take over a forward pass, and an adapter of its ranks if they are to follow the free CPUs."""
        self._forward, self._batch_tokens, self._adapter = forward, batch_tokens, adapter
        self._fewest, self._changes = 0, 0  # ranks that took part, once there was a change

    def about(self) -> dict[str, Any]:
        ranks = {}
        if self._adapter is not None and self._changes:
            ranks = {"threads": f"{self._fewest} to {self._adapter.ranks} took part, {self._changes} changes; "
                                "other programs held CPUs"}  # fmt: skip
        return ranks | {
            "batch_tokens": self._batch_tokens,
            "pages": self._forward.pages,
            "decode": "the greedy choice of every id is made and timed",
            "prefill": f"chunks of {self._batch_tokens} ids, logits after the last",
        }

    def settings(self, work: Work) -> list[str]:
        """Return one setting: what is measured is what a user gets."""
        return [""]

    def prepare(self, work: Work, setting: str) -> None:
        """Check that this engine can do the work; old keys and values are overwritten."""
        if work.kind == "matmuls" and not isinstance(self._forward, Matmuls):
            raise UsageError("--kernels: this engine cannot run its matrix products alone")
        if work.kind in ("prefill", "decode"):
            needed = work.sequences * pages_for(work.positions)
            if needed > self._forward.pages or work.positions > self._forward.context:
                rule = f"has {self._forward.pages} pages and a context of {self._forward.context}"
                raise UsageError(f"{work.name} needs {needed} pages and {work.positions} positions: the engine {rule}")

    def prefill(self, tokens: int) -> None:
        ids = random_ids(tokens, self._forward.vocab_size)
        pages = list(range(pages_for(tokens)))
        for start in range(0, tokens, self._batch_tokens):
            part = ids[start : start + self._batch_tokens]
            self._run([Chunk(part, start, pages, logits=start + len(part) == tokens)])

    def decode(self, sequences: int, steps: int) -> None:
        each = pages_for(steps)
        pages = [range(s * each, (s + 1) * each) for s in range(sequences)]
        ids = list(random_ids(sequences, self._forward.vocab_size))
        for position in range(steps):
            chunks = [Chunk([ids[s]], position, pages[s], logits=True) for s in range(sequences)]
            ids = _greedy(self._run(chunks))

    def _run(self, chunks: Sequence[Chunk]) -> Logits:
        found = self._forward.run(chunks)
        self._adapt()
        return found

    def _adapt(self) -> None:
        if self._adapter is not None and (change := self._adapter.look()):
            self._changes += 1
            self._fewest = min(self._fewest or change.use, change.use)

    def matmuls(self, tokens: int, outputs: int, steps: int) -> None:
        assert isinstance(self._forward, Matmuls)  # `prepare` refuses the others
        for _ in range(steps):
            self._forward.matmuls(tokens, outputs)
            self._adapt()

    def close(self) -> None:
        if self._adapter is not None:
            self._adapter.close()
        close = getattr(self._forward, "close", None)
        if close is not None:
            close()


def _greedy(logits: Logits) -> list[int]:
    """Return the likeliest id of each row of logits (sequences, vocab_size)."""
    chosen: list[int] = logits.argmax(axis=1).tolist()
    return chosen


def engine_options(options: ArmOptions) -> EngineOptions:
    """Return the engine's options, as a worker would have them."""
    return EngineOptions(
        threads=options.threads,
        sequences=options.sequences,
        weights=options.weights,
        kv_type=options.kv_type,
        context=options.context,
        batch_tokens=options.batch_tokens,
        adapt=options.adapt,
    )


def open_arm(options: ArmOptions) -> OwnArm:
    """Open the engine over a checkpoint as a worker does."""
    from llmproc.engine import loading

    engine = engine_options(options)
    forward = loading.open_forward(options.path, engine)
    return OwnArm(forward, options.batch_tokens, adapter_of(forward, engine.adapt))
