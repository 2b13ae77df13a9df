"""Inverse frequencies: the values of formats.md's rules 4 and 5, for heads of 16 and theta 10000."""

from __future__ import annotations

import math

import pytest

from llmproc.checkpoints.rope_scaling import (
    Llama3Scaling,
    YarnScaling,
    default_frequencies,
    divided_frequencies,
    linear_frequencies,
    llama3_frequencies,
    longrope_attention,
    mscale,
    yarn_attention,
    yarn_frequencies,
)

HEAD, THETA = 16, 10000.0


def test_default() -> None:
    found = default_frequencies(HEAD, THETA)
    assert found == pytest.approx([10.0 ** (-pair / 2) for pair in range(8)])


def test_rule_04_linear() -> None:
    assert linear_frequencies(HEAD, THETA, 4)[:2] == pytest.approx((0.25, 0.07905694), rel=1e-7)


def test_rule_04_llama3() -> None:
    found = llama3_frequencies(HEAD, THETA, Llama3Scaling(8, 1, 4, 64))
    assert found[:4] == pytest.approx((1, 0.2443846, 0.01304226, 0.003952847), rel=1e-6)
    assert found[4:] == pytest.approx([f / 8 for f in default_frequencies(HEAD, THETA)[4:]]), "the slowest: divided"


def test_rule_04_llama3_as_divisors() -> None:
    plain = default_frequencies(HEAD, THETA)
    scaled = llama3_frequencies(HEAD, THETA, Llama3Scaling(8, 1, 4, 64))
    divisors = [one / other for one, other in zip(plain, scaled, strict=True)]
    assert divisors[:5] == pytest.approx((1, 1.293976, 7.667385, 8, 8), rel=1e-6)
    assert divided_frequencies(HEAD, THETA, divisors) == pytest.approx(scaled)


@pytest.mark.parametrize("divisors", [[1.0] * 7, [1.0] * 9, [0.0] * 8, [-1.0] * 8, [math.nan] * 8, [math.inf] * 8])
def test_divisors_must_be_one_a_pair_and_positive(divisors: list[float]) -> None:
    with pytest.raises(ValueError, match="8 finite divisors above 0"):
        divided_frequencies(HEAD, THETA, divisors)


def test_rule_04_yarn() -> None:
    scaling = YarnScaling(4, 64)
    assert yarn_frequencies(HEAD, THETA, scaling)[:4] == pytest.approx((1, 0.2371708, 0.05, 0.007905695), rel=1e-6)
    assert yarn_attention(scaling) == pytest.approx(1.138629436, rel=1e-9)
    assert yarn_attention(YarnScaling(4, 64, attention_factor=0.5)) == 0.5


def test_yarn_without_whole_pairs_is_another_ramp() -> None:
    whole, exact = (yarn_frequencies(HEAD, THETA, YarnScaling(4, 64, truncate=truncate)) for truncate in (True, False))
    assert whole != exact and whole[0] == exact[0] == 1
    assert all(f / 4 <= found <= f for f, found in zip(default_frequencies(HEAD, THETA), exact, strict=True))


@pytest.mark.parametrize("length", [1, 3, 64, 1 << 30])
def test_yarn_stays_finite_at_its_edges(length: int) -> None:
    plain = default_frequencies(HEAD, THETA)
    found = yarn_frequencies(HEAD, THETA, YarnScaling(4, length))
    assert all(f / 4 * 0.999 <= one <= f * 1.001 for f, one in zip(plain, found, strict=True))


def test_mscale() -> None:
    assert mscale(0.5) == mscale(1) == 1
    assert mscale(4) == pytest.approx(0.1 * math.log(4) + 1)
    assert mscale(4, 0.5) == pytest.approx(0.05 * math.log(4) + 1)


def test_rule_05_longrope() -> None:
    assert longrope_attention(32, 16) == pytest.approx(1.1180, abs=5e-5)
    assert longrope_attention(16, 16) == longrope_attention(8, 16) == 1
