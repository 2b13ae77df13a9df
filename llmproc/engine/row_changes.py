"""What a request's `shaping` does to its rows of logits before one id is drawn: bias, penalties, grammar, min_tokens.

Used by `choosing`; kept with a sequence. Counted as vLLM counts (vllm/model_executor/layers/utils.py): repetition over
the ids of prompt and answer (CTRL, Keskar et al. 2019: a positive logit is divided, another multiplied), frequency and
presence over those of the answer alone. Nothing is drawn here.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt

from llmproc.engine.id_counts import IdCounts
from llmproc.engine.shaping import Shaping
from llmproc.grammars.matching import GrammarState

Float32 = npt.NDArray[np.float32]
LARGEST = float(np.finfo(np.float32).max)


class RowChanges:
    """The changes of one request, row after row. What they need to know of its ids follows from the ids alone."""

    def __init__(self, shaping: Shaping, end_tokens: Collection[int], grammar: GrammarState | None = None) -> None:
        """Take options whose ids are in the vocabulary; an end token need not be. `grammar`: that of `shaping`."""
        self._shaping, self._grammar = shaping, grammar
        self._biased = np.array([token for token, _ in shaping.bias], np.int64)
        self._bias = np.array([value for _, value in shaping.bias], np.float32)
        self._ends = np.array(sorted(end_tokens), np.int64)
        penalties = (shaping.repetition, shaping.frequency, shaping.presence)
        self._counts = IdCounts(shaping.given) if penalties != (1, 0, 0) else None

    def apply(self, logits: Float32, tokens: Sequence[int], out: Float32) -> Float32:
        """Return the changed row, which is `out`, or `logits` themselves (vocab_size,) if nothing changes them.

        `tokens`: all ids of the request so far. Logits are finite, and so is the result but for ids that must not come:
        they have minus infinity. GrammarStateError when a grammar leaves none.
        """
        held = len(tokens) - self._shaping.given < self._shaping.min_tokens and len(self._ends) > 0
        if not (held or len(self._biased) or self._counts is not None or self._grammar is not None):
            return logits
        np.copyto(out, logits)
        out[self._biased] += self._bias
        if self._counts is not None:
            self._penalise(out, *self._counts.read(tokens))
        ends = self._ends[(self._ends >= 0) & (self._ends < len(out))]
        if self._grammar is not None:
            self._grammar.follow(tokens, self._shaping.given)
            self._grammar.restrict(out, ends, held)
        elif held:
            out[ends] = -np.inf
        return out

    def complete(self, tokens: Sequence[int]) -> bool:
        """Return whether a grammar lets nothing follow the ids of the request, which are all of them."""
        if self._grammar is None:
            return False
        self._grammar.follow(tokens, self._shaping.given)
        return self._grammar.complete

    def _penalise(self, row: Float32, ids: npt.NDArray[np.int64], times: npt.NDArray[np.int64]) -> None:
        values, shaping = row[ids].astype(np.float64), self._shaping
        with np.errstate(over="ignore"):
            if shaping.repetition != 1:
                values = np.where(values > 0, values / shaping.repetition, values * shaping.repetition)
        values -= shaping.frequency * times
        values -= shaping.presence * (times > 0)
        row[ids] = np.clip(values, -LARGEST, LARGEST)
