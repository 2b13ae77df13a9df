"""One sequence over a forward pass, token by token, as the reference is called. And engines over weights in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.weights import Weights
from llmproc.config import EngineOptions
from llmproc.engine.batch import PAGE, Chunk
from llmproc.engine.engine import Engine
from llmproc.engine.forward import Forward
from llmproc.engine.loading import open_weights
from llmproc.engine.randomness import RandomStream
from llmproc.engine.sampling import Sampler, most_likely

Model = tuple[ModelDescription, Weights]
C_ORDER = EngineOptions(kv_type="f32", c_order=True)


class OneSequence:
    """The only sequence of a forward pass, in the first pages of its pool unless told otherwise."""

    def __init__(self, forward: Forward, pages: Sequence[int] | None = None) -> None:
        self.forward_pass = forward
        self.pages = list(range(-(-forward.context // PAGE)) if pages is None else pages)

    def forward(self, token: int, position: int) -> np.ndarray:
        """Logits after `token`, the caller's own."""
        return self.read([token], position)

    def read(self, tokens: Sequence[int], position: int) -> np.ndarray:
        """Logits after the last of `tokens`, computed at once."""
        return self.forward_pass.run([Chunk(list(tokens), position, self.pages, True)])[0].copy()


@contextmanager
def one_sequence(model: Model, options: EngineOptions = C_ORDER) -> Iterator[OneSequence]:
    """A model with the one sequence in it."""
    with open_weights(*model, options) as forward:
        yield OneSequence(forward)


@contextmanager
def open_engine(model: Model, options: EngineOptions = C_ORDER) -> Iterator[Engine]:
    """An engine over a model in memory."""
    with open_weights(*model, options) as forward:
        yield Engine(forward, options)


def bits(logits: np.ndarray) -> np.ndarray:
    """To compare exactly, the sign of zero included."""
    return logits.view(np.uint32)


def sample(logits: np.ndarray, temperature: float, top_p: float, stream: RandomStream) -> int:
    """The id for one row of logits, as an engine step draws it."""
    return Sampler().sample(logits, most_likely(logits[None])[0], temperature, top_p, stream)
