"""Choosing an id where a request has options of `shaping`: its row of logits is changed, then an id is drawn from it.

    row -> bias -> penalties -> grammar -> no end yet -> temperature -> top_k -> top_p -> min_p -> one coin, one id
           `row_changes`                              here, or as `sampling` does it

Used by `engine`; requests without such options never come here. vLLM applies min_p before top_k and top_p, the others
in this order (vllm/v1/sample/sampler.py); where several ids stand on the edge of top_k it keeps them all, this room the
lowest of them, so that k are left.

Where neither top_k nor min_p cuts anything, an id is drawn as `sampling` draws it: options without an effect change no
id. Where they do, candidates stand in the order of their logits, the lower id first on ties, and their shares are added
from left to right in float64: no sum depends on how wide a CPU's vectors are.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from llmproc.engine.sampling import LogitsError, Sampler
from llmproc.engine.sequence import Sequence
from llmproc.engine.shaping import ROUNDS_TO_ZERO, Likely, Shaping

Float32 = npt.NDArray[np.float32]
Int64 = npt.NDArray[np.int64]
TOLD = 2.0**24  # parts of 1 in which the logarithm of a sum is told: the last bits of exp differ from CPU to CPU


class Chooser:
    """Chooses ids of shaped requests, one after the other, in memory that it keeps. Not for two threads at once."""

    def __init__(self, sampler: Sampler) -> None:
        """Take what draws where nothing is cut."""
        self._sampler = sampler
        self._row, self._sorted, self._wide = np.empty(0, np.float32), np.empty(0, np.float32), np.empty(0, np.float64)

    def choose(self, sequence: Sequence, logits: Float32, best: int) -> int:
        """Choose an id by logits (vocab_size,), which stay as they are; `best`: what `most_likely` found for them.

        LogitsError when a logit is NaN or infinite. For sequences with `changes`.
        """
        request, shaping, changes = sequence.request, sequence.request.shaping, sequence.changes
        assert shaping is not None and changes is not None
        if best < 0:
            raise LogitsError("the model's logits hold NaN or infinity")
        self._fit(len(logits))
        row = changes.apply(logits, sequence.tokens, self._row)
        if row is not logits:
            best = int(row.argmax())
        top_k = shaping.top_k if shaping.top_k < len(row) else 0
        if (top_k or shaping.min_p > 0) and request.temperature > ROUNDS_TO_ZERO:
            return self._draw(row, best, sequence, top_k, shaping.min_p)
        token = self._sampler.sample(row, best, request.temperature, request.top_p, sequence.stream)
        return token if row[token] > -math.inf else best  # where rounding left none, `sample` takes the last id of all

    def likely(self, shaping: Shaping, logits: Float32, token: int) -> Likely | None:
        """Return what the model said of a drawn id and of the likeliest ones; None if that is not asked for."""
        if shaping.logprobs < 0:
            return None
        self._fit(len(logits))
        total = self._log_of_sum(logits)
        top = self._likeliest(logits, shaping.logprobs).tolist()
        return Likely(float(logits[token]) - total, [(each, float(logits[each]) - total) for each in top])

    def _fit(self, size: int) -> None:
        if len(self._row) != size:
            self._row, self._sorted, self._wide = np.empty(size, np.float32), np.empty(size, np.float32), np.empty(size)

    def _draw(self, row: Float32, best: int, sequence: Sequence, top_k: int, min_p: float) -> int:
        """Draw an id from what top_k, top_p and min_p leave, which always holds the likeliest."""
        coin, request = float(sequence.stream.coin()), sequence.request
        shares = self._sampler.shares(row, request.temperature)
        if shares is None:
            return best
        least = np.float64(min_p) * np.float64(shares[best])
        ids = self._likeliest(row, top_k) if top_k else _in_order(row, np.flatnonzero(shares >= least))
        running, count = np.cumsum(shares[ids], dtype=np.float64), len(ids)
        if 0 < request.top_p < 1:
            whole = running[-1] if top_k else 1.0
            count = min(count, int(np.searchsorted(running, request.top_p * whole, "right")) + 1)
        count = int(np.count_nonzero(shares[ids[:count]] >= least))
        return int(ids[np.searchsorted(running[:count], coin * running[count - 1], "right")])

    def _likeliest(self, row: Float32, count: int) -> Int64:
        """Return the `count` ids with the largest logits, in order; all where there are fewer."""
        count = min(count, int(np.count_nonzero(row > -np.inf)))  # those that must not come need no order
        if not count:
            return np.empty(0, np.int64)
        np.copyto(self._sorted, row)
        self._sorted.partition(len(row) - count)
        return _in_order(row, np.flatnonzero(row >= self._sorted[-count]))[:count]

    def _log_of_sum(self, logits: Float32) -> float:
        """Return ln(sum(exp(logits))), computed in float64."""
        largest, wide = float(logits.max()), self._wide
        np.subtract(logits, largest, out=wide, dtype=np.float64)
        np.exp(wide, out=wide)
        found = largest + math.log(float(wide.sum()))
        return max(largest, round(found * TOLD) / TOLD)


def _in_order(row: Float32, ids: Int64) -> Int64:
    """Return ids that rise in the order of their logits, the largest first; ids of equal logits go on rising."""
    return ids[np.argsort(-row[ids], kind="stable")]
