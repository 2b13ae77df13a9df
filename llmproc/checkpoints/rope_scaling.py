"""Inverse frequencies of scaled rotary embeddings, in double precision. Pure arithmetic: no files, no NumPy.

Used by the readers of GGUF and of Hugging Face folders, which take the parameters from their own keys.

    default    theta ** (-2i / head_dim)
    linear     the same / factor
    llama3     long wavelengths / factor, short ones as they are, a ramp between (Llama 3.1)
    yarn       a ramp over the pair's number instead; cos and sin times 1 + 0.1 ln(factor) (Peng et al., 2023)
    longrope   the same / a list of factors; cos and sin times sqrt(1 + ln(max / original) / ln(original))
    dynamic    the default up to the original length

dynamic and longrope depend on the length of the text once it is longer than the original one: what a position gives
would depend on history. The readers end the context there (`history_limit`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

HISTORY = ("dynamic", "longrope")  # scalings whose result depends on history beyond the original length


@dataclass(frozen=True, slots=True)
class Llama3Scaling:
    """The parameters of llama3: lengths in positions."""

    factor: float
    low_frequency_factor: float
    high_frequency_factor: float
    original_length: int


@dataclass(frozen=True, slots=True)
class YarnScaling:
    """The parameters of yarn. `attention_factor` None: from the factor."""

    factor: float
    original_length: int
    beta_fast: float = 32.0
    beta_slow: float = 1.0
    attention_factor: float | None = None
    truncate: bool = True  # the ramp begins and ends at whole pairs


def default_frequencies(head_dim: int, theta: float) -> tuple[float, ...]:
    """Return theta ** (-2i / head_dim) for every pair, (head_dim / 2,)."""
    return tuple(theta ** (-2 * pair / head_dim) for pair in range(head_dim // 2))


def linear_frequencies(head_dim: int, theta: float, factor: float) -> tuple[float, ...]:
    """Return the default frequencies divided by `factor`."""
    return tuple(frequency / factor for frequency in default_frequencies(head_dim, theta))


def divided_frequencies(head_dim: int, theta: float, divisors: Sequence[float]) -> tuple[float, ...]:
    """Return the default frequencies, each divided by its own divisor: GGUF's rope_freqs.weight, or longrope's factors.

    ValueError for another number of divisors than pairs, or one that is not finite and positive.
    """
    if len(divisors) != head_dim // 2 or not all(math.isfinite(d) and d > 0 for d in divisors):
        raise ValueError(f"there must be {head_dim // 2} finite divisors above 0")
    return tuple(f / d for f, d in zip(default_frequencies(head_dim, theta), divisors, strict=True))


def llama3_frequencies(head_dim: int, theta: float, scaling: Llama3Scaling) -> tuple[float, ...]:
    """Return Llama 3.1's frequencies: the ramp is over original_length / wavelength."""
    s = scaling
    low_wavelength = s.original_length / s.low_frequency_factor
    high_wavelength = s.original_length / s.high_frequency_factor

    def scaled(frequency: float) -> float:
        wavelength = 2 * math.pi / frequency
        if wavelength < high_wavelength:
            return frequency
        if wavelength > low_wavelength:
            return frequency / s.factor
        ramp = s.original_length / wavelength - s.low_frequency_factor
        share = ramp / (s.high_frequency_factor - s.low_frequency_factor)
        return (1 - share) * frequency / s.factor + share * frequency

    return tuple(scaled(frequency) for frequency in default_frequencies(head_dim, theta))


def yarn_frequencies(head_dim: int, theta: float, scaling: YarnScaling) -> tuple[float, ...]:
    """Return YaRN's frequencies: fast pairs as they are, slow ones divided, a ramp over the pairs between."""
    low, high = (_turning(head_dim, theta, scaling.original_length, b) for b in (scaling.beta_fast, scaling.beta_slow))
    if scaling.truncate:
        low, high = math.floor(low), math.ceil(high)
    low, high = max(low, 0), min(high, head_dim - 1)
    width = high - low or 0.001
    found = []
    for pair, frequency in enumerate(default_frequencies(head_dim, theta)):
        share = min(1.0, max(0.0, (pair - low) / width))  # of the divided frequency
        found.append(frequency / scaling.factor * share + frequency * (1 - share))
    return tuple(found)


def yarn_attention(scaling: YarnScaling) -> float:
    """Return what cos and sin are multiplied by."""
    if scaling.attention_factor is not None:
        return scaling.attention_factor
    return mscale(scaling.factor)


def mscale(factor: float, weight: float = 1.0) -> float:
    """Return YaRN's 0.1 * weight * ln(factor) + 1, and 1 for factors up to 1."""
    return 1.0 if factor <= 1 else 0.1 * weight * math.log(factor) + 1.0


def longrope_attention(length: float, original_length: int) -> float:
    """Return what longrope multiplies cos and sin by, for a model of `length` positions in all."""
    factor = length / original_length
    return 1.0 if factor <= 1 else math.sqrt(1 + math.log(factor) / math.log(original_length))


def _turning(head_dim: int, theta: float, length: int, rotations: float) -> float:
    """Return the pair (as a fraction) that turns `rotations` times in `length` positions."""
    return head_dim * math.log(length / (rotations * 2 * math.pi)) / (2 * math.log(theta))
