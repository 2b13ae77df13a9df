"""What a shaped request must choose, written down once more: slowly, id by id, in the order of the documentation.

Python's floats are float64. Where the engine computes in float32, NumPy's scalars do here; exp is libm's.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Sequence

import numpy as np

from llmproc.engine import libm
from llmproc.engine.reference import reference_sample
from llmproc.engine.shaping import Likely, Shaping

F = np.float32
LARGEST = float(np.finfo(F).max)


def changed_row(logits: np.ndarray, shaping: Shaping, ends: Collection[int], tokens: Sequence[int]) -> list[float]:
    """Bias, penalties, and minus infinity for an end token that is too early."""
    row = [float(F(value)) for value in logits]
    for token, bias in shaping.bias:
        row[token] = float(F(row[token]) + F(bias))
    answer = Counter(tokens[shaping.given :])
    for token in set(tokens):
        value = row[token]
        if shaping.repetition != 1:
            value = value / shaping.repetition if value > 0 else value * shaping.repetition
        if token in answer:
            value = value - shaping.frequency * answer[token] - shaping.presence
        row[token] = float(F(min(max(value, -LARGEST), LARGEST)))
    if len(tokens) - shaping.given < shaping.min_tokens:
        row = [-math.inf if token in ends else value for token, value in enumerate(row)]
    return row


def shares_of(row: Sequence[float], temperature: float) -> list[np.float32] | None:
    """softmax(row / temperature) in fp32, sums from left to right; None where a quotient overflows."""
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        quotients = [F(value) / F(temperature) for value in row]
        top = max(quotients)
        if not math.isfinite(top):
            return None
        shares = libm.exp(np.array([quotient - top for quotient in quotients], F))
        total = F(0)
        for share in shares:
            total += share
        return [share / total for share in shares]


def cut(row: Sequence[float], shares: Sequence[np.float32], shaping: Shaping, top_p: float) -> list[int]:
    """The ids that top_k, then top_p, then min_p leave, the likeliest first."""
    kept = sorted(range(len(row)), key=lambda token: (-row[token], token))
    whole = 1.0
    if 0 < shaping.top_k < len(row):
        kept, whole = kept[: shaping.top_k], 0.0
        for token in kept:
            whole += float(shares[token])
    if 0 < top_p < 1:
        running = 0.0
        for place, token in enumerate(kept):
            running += float(shares[token])
            if running > top_p * whole:
                kept = kept[: place + 1]
                break
    return [token for token in kept if float(shares[token]) >= shaping.min_p * float(shares[kept[0]])]


def choice(
    logits: np.ndarray, shaping: Shaping, ends: Collection[int], tokens: Sequence[int],
    temperature: float, top_p: float, coin: np.float32,
) -> int:  # fmt: skip
    """The id that must be drawn with this coin; at temperature 0 it plays no part."""
    row = changed_row(logits, shaping, ends, tokens)
    best = row.index(max(row))
    if F(temperature) == 0 or (shares := shares_of(row, temperature)) is None:
        return best
    if not (0 < shaping.top_k < len(row) or shaping.min_p > 0):
        try:
            with np.errstate(over="ignore"):
                found = reference_sample(np.array(row, F), temperature, top_p, coin)
        except IndexError:  # no candidate at all
            return best
        return best if row[found] == -math.inf else found
    kept = cut(row, shares, shaping, top_p)
    whole = 0.0
    for token in kept:
        whole += float(shares[token])
    running = 0.0
    for token in kept:
        running += float(shares[token])
        if float(coin) * whole < running:
            return token
    raise AssertionError("a coin is below 1")


def likely(logits: np.ndarray, count: int, token: int) -> Likely:
    """ln softmax(logits) of an id and of the `count` likeliest."""
    top = max(map(float, logits))
    log_sum = top + math.log(math.fsum(math.exp(float(value) - top) for value in logits))
    said = [float(value) - log_sum for value in logits]
    order = sorted(range(len(said)), key=lambda each: (-float(logits[each]), each))
    return Likely(said[token], [(each, said[each]) for each in order[:count]])
