"""Choosing the next token from logits (contract section 5, llama2.c's sampler): argmax, whole distribution, top-p.

Used by `engine`. All in fp32; one coin per choice, none at temperature 0. No state but the stream given.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from llmproc.engine.randomness import RandomStream
from llmproc.engine.shaping import ROUNDS_TO_ZERO
from llmproc.errors import LlmprocError
from llmproc.kernels.calls import Argmax, Drawing

Float32 = npt.NDArray[np.float32]


class LogitsError(LlmprocError):
    """The model's logits hold NaN or infinity: no token can be chosen."""


def check_options(temperature: float, top_p: float) -> None:
    """Check sampling options. ValueError when one breaks its rule."""
    if not (math.isfinite(temperature) and temperature >= 0):
        raise ValueError(f"temperature {temperature} must be a finite number, 0 or more")
    if not math.isfinite(top_p):
        raise ValueError(f"top_p {top_p} must be a finite number")


def most_likely(logits: Float32) -> list[int]:
    """Return per row of logits (n, vocab_size) the index of its largest, lowest on ties; -1 if not all are finite."""
    return Argmax(logits).find()


class MostLikely:
    """`most_likely`, for arrays that come again and again with other values: each is bound once."""

    def __init__(self) -> None:
        self._bound: dict[int, Argmax] = {}  # by number of rows

    def __call__(self, logits: Float32) -> list[int]:
        """Do what `most_likely` does."""
        bound = self._bound.get(len(logits))
        if bound is None or bound.array is not logits:
            bound = self._bound[len(logits)] = Argmax(logits)
        return bound.find()


class Sampler:
    """Chooses tokens, one after the other, in memory that it keeps. Not for two threads at once."""

    def __init__(self) -> None:
        self._drawing: Drawing | None = None
        self._options: tuple[float, float] | None = None
        self._heat = self._nucleus = np.float32(0)

    def sample(self, logits: Float32, best: int, temperature: float, top_p: float, stream: RandomStream) -> int:
        """Choose a token id by logits (vocab_size,), which stay as they are; `best`: what `most_likely` found for them.

        LogitsError when a logit is NaN or infinite. Temperature 0 (in fp32) takes the largest logit. top_p <= 0 or >= 1
        draws from the whole distribution. A temperature so small that logits / temperature overflow takes the largest
        logit too, but draws its coin.
        """
        if best < 0:
            raise LogitsError("the model's logits hold NaN or infinity")
        if temperature <= ROUNDS_TO_ZERO:
            return best
        coin, drawing = stream.coin(), self._distribution(logits, temperature, top_p)
        if drawing is None:
            return best
        if self._nucleus <= 0 or self._nucleus >= 1:
            return drawing.draw(coin)
        found = drawing.draw_top_p(self._nucleus, coin)
        return best if found is None else found  # a top_p below 1/vocabulary on a flat distribution

    def shares(self, logits: Float32, temperature: float) -> Float32 | None:
        """Return softmax(logits (vocab_size,) / temperature), for other ways of drawing; the next call overwrites it.

        None where logits / temperature overflow. The temperature must not be 0 in fp32.
        """
        drawing = self._distribution(logits, temperature, 1.0)
        return None if drawing is None else drawing.shares

    def _distribution(self, logits: Float32, temperature: float, top_p: float) -> Drawing | None:
        """Return the distribution of logits, to draw from; None where it is not finite."""
        if self._options != (temperature, top_p):
            with np.errstate(over="ignore", under="ignore"):
                self._heat, self._nucleus = np.float32(temperature), np.float32(top_p)
            self._options = temperature, top_p
        if self._drawing is None or self._drawing.size != len(logits):
            self._drawing = Drawing(len(logits))
        return self._drawing if self._drawing.probabilities(logits, self._heat) else None
