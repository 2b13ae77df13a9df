"""Each kernel against the plainest possible loop in fp32, bit by bit, and at its extremes."""

from __future__ import annotations

import ctypes
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmproc import kernels
from llmproc.kernels import attention, choice, matmul, pointwise

F = np.float32
libm = ctypes.CDLL("libm.so.6")
for _name, _count in (("expf", 1), ("sinf", 1), ("cosf", 1), ("powf", 2)):
    getattr(libm, _name).restype = ctypes.c_float
    getattr(libm, _name).argtypes = [ctypes.c_float] * _count


@pytest.fixture(scope="module", autouse=True)
def compiled() -> None:
    kernels.compile_all()


def floats(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(F)


def left_to_right(terms) -> np.float32:
    total = F(0)
    for term in terms:
        total = F(total + F(term))
    return total


def same(first: np.ndarray, second: np.ndarray) -> None:
    np.testing.assert_array_equal(first.view(np.uint32), np.asarray(second, F).view(np.uint32))


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (7, 5), (8, 64), (19, 33)])
@pytest.mark.parametrize("tokens", [1, 3])
def test_matmul_f32_sums_from_left_to_right(rows: int, columns: int, tokens: int) -> None:
    x, w = floats(tokens, columns), floats(rows, columns, seed=1)
    out = np.full((tokens, rows), np.nan, F)
    matmul.matmul_f32(out, x, w)
    same(out, np.array([[left_to_right(w[r] * x[t]) for r in range(rows)] for t in range(tokens)], F))


@pytest.mark.parametrize("group", [4, 12, 32, 64, 68, 256])
@pytest.mark.parametrize("tokens", [1, 3])
def test_matmul_int8_adds_group_by_group(group: int, tokens: int) -> None:
    random, rows, groups = np.random.default_rng(group), 5, 3
    x = random.integers(-127, 128, (tokens, group * groups), dtype=np.int8)
    w = random.integers(-128, 128, (rows, group * groups), dtype=np.int8)
    x_scales, scales = floats(tokens, groups), floats(rows, groups, seed=1)
    out = np.full((tokens, rows), np.nan, F)
    matmul.matmul_int8(out, x, x_scales, w, scales)
    for t in range(tokens):
        for r in range(rows):
            sums = (x[t].astype(int) * w[r].astype(int)).reshape(groups, group).sum(axis=1)
            assert out[t, r] == left_to_right(F(F(F(s) * scales[r, g]) * x_scales[t, g]) for g, s in enumerate(sums))


@pytest.mark.parametrize("group", [64, 1024, 8192])
@pytest.mark.parametrize(("a", "b"), [(127, 127), (-127, -128), (127, -128)])
def test_matmul_int8_at_its_extremes(group: int, a: int, b: int) -> None:
    one = np.ones((1, 1), F)
    out = np.zeros((1, 1), F)
    matmul.matmul_int8(out, np.full((1, group), a, np.int8), one, np.full((1, group), b, np.int8), one)
    assert out[0, 0] == F(a * b * group)


def test_rmsnorm_is_cs() -> None:
    x, weight, eps = floats(3, 37), floats(37, seed=1), F(1e-5)
    out = np.empty_like(x)
    pointwise.rmsnorm(out, x, weight, eps)
    for t in range(3):
        factor = F(1) / np.sqrt(F(F(left_to_right(x[t] * x[t]) / F(37)) + eps))
        same(out[t], weight * (factor * x[t]))


def test_rmsnorm_may_write_over_its_input() -> None:
    x, weight = floats(2, 16), floats(16, seed=1)
    out = np.empty_like(x)
    pointwise.rmsnorm(out, x, weight, F(1e-5))
    pointwise.rmsnorm(x, x, weight, F(1e-5))
    same(x, out)


def quantised(x: np.ndarray, group: int) -> tuple[np.ndarray, np.ndarray]:
    values, scales = np.full(x.shape, 99, np.int8), np.full((len(x), x.shape[1] // group), np.nan, F)
    pointwise.quantise(values, scales, x)
    return values, scales


def c_round(value: float) -> int:
    return math.floor(abs(value) + 0.5) * (1 if value >= 0 else -1)  # exact: a Python float is a double


@given(
    st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=8, max_size=8),
    st.sampled_from([4, 8]),
)
@settings(max_examples=200, deadline=None)
def test_quantise_is_cs_and_stays_in_range(numbers: list[float], group: int) -> None:
    x = np.array([numbers], F)
    values, scales = quantised(x, group)
    for g in range(8 // group):
        part = x[0, g * group : (g + 1) * group]
        scale = F(np.abs(part).max() / F(127))
        assert scales[0, g] == scale
        for value, number in zip(values[0, g * group : (g + 1) * group], part, strict=True):
            expected = c_round(float(number / scale)) if scale > 0 else 0
            assert value == max(-127, min(127, expected))


def test_quantise_rounds_halves_away_from_zero_and_no_less() -> None:
    below = np.nextafter(F(0.5), F(0))  # in fp32, below + 0.5 is 1
    x = np.array([[127, 0.5, -0.5, 1.5, -1.5, 2.5, below, -below]], F)
    assert quantised(x, 8)[0].tolist() == [[127, 1, -1, 2, -2, 3, 0, 0]]


def test_quantise_zero_group_and_denormals() -> None:
    x = np.array([[0, -0.0, 0, 0, 1, 0, 0, 0, 2e-43, 1e-45, 0, -2e-43]], F)
    values, scales = quantised(x, 4)
    assert scales[0, 0] == 0 and values[0, :4].tolist() == [0, 0, 0, 0]
    assert values[0, 4] == 127
    assert np.abs(values[0, 8:].astype(int)).max() <= 127


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_quantise_passes_on_what_is_not_a_number(bad: float) -> None:
    x = np.ones((1, 8), F)
    x[0, 2] = bad
    values, scales = quantised(x, 4)
    assert np.isnan(scales[0, 0]) and not np.isnan(scales[0, 1])
    assert values[0, :4].tolist() == [0, 0, 0, 0]
    out, ones = np.zeros((1, 1), F), np.ones((1, 8), np.int8)
    matmul.matmul_int8(out, values, scales, ones, np.ones((1, 2), F))
    assert np.isnan(out[0, 0])


@pytest.mark.parametrize("position", [0, 1, 511, 100_000])
def test_rope_is_libms(position: int) -> None:
    heads, kv_heads, size, theta = 3, 1, 8, F(10000)
    queries, keys = floats(2, heads * size), floats(2, kv_heads * size, seed=1)
    expected = [queries.copy(), keys.copy()]
    for vectors in expected:
        for t in range(2):
            for i in range(0, vectors.shape[1], 2):
                frequency = F(1) / F(libm.powf(theta, F(i % size) / F(size)))
                angle = F(position + t) * frequency
                cosine, sine = F(libm.cosf(angle)), F(libm.sinf(angle))
                a, b = vectors[t, i : i + 2].copy()
                vectors[t, i : i + 2] = a * cosine - b * sine, a * sine + b * cosine
    pointwise.rope(queries, keys, position, size, theta)
    same(queries, expected[0])
    same(keys, expected[1])


def test_swiglu_is_libms() -> None:
    gate, up = floats(2, 50) * F(20), floats(2, 50, seed=1)
    expected = gate.copy()
    for at in np.ndindex(gate.shape):
        expected[at] = F(gate[at] * F(F(1) / F(F(1) + F(libm.expf(-gate[at]))))) * up[at]
    pointwise.swiglu(gate, up)
    same(gate, expected)


def test_add_and_embeddings() -> None:
    x, branch = floats(2, 5), floats(2, 5, seed=1)
    expected = x + branch
    pointwise.add(x, branch)
    same(x, expected)
    table, ids, out = floats(7, 8), np.array([6, 0, 6]), np.empty((3, 8), F)
    pointwise.embed_f32(out, ids, table)
    same(out, table[ids])
    values = np.random.default_rng(0).integers(-128, 128, (7, 8), dtype=np.int8)
    scales = floats(7, 2)
    pointwise.embed_int8(out, ids, values, scales)
    same(out, values[ids].astype(F) * np.repeat(scales[ids], 4, axis=1))


@pytest.mark.parametrize(("heads", "kv_heads"), [(1, 1), (4, 2), (3, 1), (2, 2)])
def test_attention_over_a_block_is_cs_position_by_position(heads: int, kv_heads: int) -> None:
    size, length, tokens, position = 6, 20, 3, 9
    keys, values = floats(kv_heads * size, length), floats(length, kv_heads * size, seed=1)
    new_keys, new_values = floats(tokens, kv_heads * size, seed=2), floats(tokens, kv_heads * size, seed=3)
    attention.remember(keys, values, new_keys, new_values, position)
    same(keys[:, position : position + tokens], new_keys.T.copy())
    same(values[position : position + tokens], new_values)
    queries = floats(tokens, heads * size, seed=4)
    out = np.full_like(queries, np.nan)
    attention.attend(out, queries, keys, values, position, size, np.full(length, np.nan, F))
    for t in range(tokens):
        for head in range(heads):
            first = head // (heads // kv_heads) * size
            query = queries[t, head * size : (head + 1) * size]
            seen = range(position + t + 1)
            root = np.sqrt(F(size))
            scores = [left_to_right(query * keys[first : first + size, p]) / root for p in seen]
            powers = [F(libm.expf(score - max(scores))) for score in scores]
            shares = [power / left_to_right(powers) for power in powers]
            for i in range(size):
                expected = left_to_right(shares[p] * values[p, first + i] for p in seen)
                assert out[t, head * size + i] == expected


def test_probabilities_are_libms() -> None:
    logits, heat = floats(300) * F(5), F(0.6)
    shares = np.empty_like(logits)
    assert choice.probabilities(shares, logits, heat) == 0
    scaled = logits / heat
    powers = np.array([libm.expf(v - scaled.max()) for v in scaled], F)
    same(shares, powers / left_to_right(powers))


def test_argmax_takes_the_lowest_index_and_refuses_what_is_not_finite() -> None:
    assert choice.argmax(np.array([-3, 2, 2, 1], F)) == 1
    assert choice.argmax(np.array([-3], F)) == 0
    for bad in (np.nan, np.inf, -np.inf):
        for place in (0, 2):
            x = np.array([1, 2, 3], F)
            x[place] = bad
            assert choice.argmax(x) == -1
