"""GGUF's weight types: the same bytes as the gguf package and ggml itself, the corner cases, and what is refused."""

from __future__ import annotations

import ctypes
import importlib.util
import tracemalloc
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from checkpoints.ggml_cases import LARGEST_HALF, cases, take_q4_0_apart, take_q8_0_apart
from checkpoints.ggml_kinds import Quantiser
from hypothesis import given, settings
from hypothesis import strategies as st

from llmproc.checkpoints import ggml_types
from llmproc.checkpoints.ggml_types import (
    BELOW_HALF,
    dequantise,
    to_f16,
    to_q4_0,
    to_q8_0,
)
from llmproc.checkpoints.weights import Int8Matrix, Q4Matrix

GOLDEN = Path(__file__).parent / "ggml_golden" / "ggml_golden.npz"


TAKE_APART = {"q8_0": take_q8_0_apart, "q4_0": take_q4_0_apart}


QUANTISERS: dict[str, Quantiser] = {"q8_0": to_q8_0, "q4_0": to_q4_0}


FULL_SCALE = {"q8_0": 127, "q4_0": 8}


KINDS = sorted(QUANTISERS)


def _bits(matrix: Int8Matrix | Q4Matrix) -> tuple[list, list]:
    """Values and scale bits by group, to be compared with what is read out of blocks."""
    return matrix.values.reshape(-1, 32).tolist(), matrix.scales.view(np.uint16).reshape(-1).tolist()


def _apart(kind: str, raw: np.ndarray) -> tuple[list, list]:
    values, scales = TAKE_APART[kind](raw)
    return values.tolist(), scales.tolist()


# --- the same bytes as GGUF's own


@pytest.mark.parametrize("kind", KINDS)
def test_rule_21_golden_bytes(kind: str) -> None:
    with np.load(GOLDEN) as golden:
        given, raw, back = (golden[f"{kind}_{part}"] for part in ("input", "bytes", "back"))
    # Some cases come from exp, whose last bit differs from CPU to CPU.
    np.testing.assert_allclose(
        given, cases(FULL_SCALE[kind]), 1e-6, 0, err_msg="the golden file belongs to these cases"
    )
    matrix = QUANTISERS[kind](given)
    assert _bits(matrix) == _apart(kind, raw)
    assert dequantise(matrix).tobytes() == back.tobytes()
    assert np.count_nonzero(matrix.scales == 0) > 5 and matrix.scales.max() == LARGEST_HALF, "the cases cover them"


@pytest.mark.parametrize("kind", KINDS)
def test_rule_21_against_the_gguf_package(kind: str) -> None:
    pytest.importorskip("gguf", reason="the gguf package is not installed")
    from gguf import GGMLQuantizationType, quants

    number = GGMLQuantizationType[kind.upper()]
    random = np.random.default_rng(7)
    normal = random.standard_normal((300, 256)).astype(np.float32)
    for array in (cases(FULL_SCALE[kind]), normal, normal * np.float32(1e-6), np.round(normal * 4) / np.float32(4)):
        raw = quants.quantize(array, number)
        matrix = QUANTISERS[kind](array)
        assert _bits(matrix) == _apart(kind, raw)
        assert np.array_equal(dequantise(matrix), quants.dequantize(raw, number))


@pytest.mark.parametrize("kind", KINDS)
def test_rule_21_against_ggml_itself(kind: str) -> None:
    found = importlib.util.find_spec("llama_cpp")
    if found is None or found.origin is None:
        pytest.skip("llama-cpp-python is not installed")
    ggml = ctypes.CDLL(str(Path(found.origin).parent / "lib" / "libggml-base.so"))
    quantise = getattr(ggml, f"quantize_row_{kind}_ref")
    random = np.random.default_rng(11)
    array = np.concatenate([cases(FULL_SCALE[kind]), random.standard_normal((4000, 32)), np.full((1, 32), -0.0)])
    array = array.astype(np.float32)
    raw = np.zeros(len(array) * {"q8_0": 34, "q4_0": 18}[kind], np.uint8)
    quantise(array.ctypes.data_as(ctypes.c_void_p), raw.ctypes.data_as(ctypes.c_void_p), ctypes.c_int64(array.size))
    assert _bits(QUANTISERS[kind](array)) == _apart(kind, raw)


# --- the rules, by hand and by exact arithmetic


def test_q8_0_by_hand() -> None:
    row = np.zeros((1, 64), np.float32)
    row[0, :6] = [127, 63.5, -63.5, 0.5, -0.49999997, 126.5]
    row[0, 32:35] = [-254, 1, 2.99]
    matrix = to_q8_0(row)
    assert matrix.values[0, :6].tolist() == [127, 64, -64, 1, 0, 127]
    assert matrix.values[0, 32:35].tolist() == [-127, 1, 1], "254 / 127 is 2, so 1 is a tie and goes up"
    assert matrix.scales.tolist() == [[1.0, 2.0]]
    assert (matrix.values.dtype, matrix.scales.dtype) == (np.int8, np.float16)
    assert (matrix.values.shape, matrix.scales.shape) == ((1, 64), (1, 2))


def test_q4_0_by_hand() -> None:
    row = np.zeros((1, 64), np.float32)
    row[0, :6] = [-8, 7.9, 8, -7.5, 0.5, -0.5]
    row[0, 32:36] = [16, -16, 15, -1]
    matrix = to_q4_0(row)
    assert matrix.scales.tolist() == [[1.0, -2.0]], "the sign of the largest is the scale's, so it is stored as 0"
    assert matrix.values[0, :7].tolist() == [0, 15, 15, 1, 9, 8, 8], "the other sign has only 7 steps: 8 is cut"
    assert matrix.values[0, 32:37].tolist() == [0, 15, 1, 9, 8]
    assert dequantise(matrix)[0, 32:36].tolist() == [16, -14, 14, -2]
    assert (matrix.values.dtype, matrix.scales.dtype) == (np.uint8, np.float16)


def test_rule_21_every_tie_of_int8_goes_away_from_zero() -> None:
    """Adding the float below one half and cutting is round-half-away: shown at every tie and both floats beside it."""
    ties = np.arange(0, 127, dtype=np.float32) + np.float32(0.5)
    for values in (ties, np.nextafter(ties, np.float32(0)), np.nextafter(ties, np.float32(200))):
        for sign in (1, -1):
            signed = np.float32(sign) * values
            expected = [sign * int(Fraction(float(value)) + Fraction(1, 2)) for value in values]
            assert (signed + np.copysign(BELOW_HALF, signed)).astype(np.int8).tolist() == expected


FLOATS = st.floats(width=32, allow_nan=False, allow_infinity=False, min_value=-500000, max_value=500000)


@given(st.lists(FLOATS, min_size=1, max_size=32))
@settings(max_examples=150, deadline=None)
def test_against_exact_arithmetic(given_values: list[float]) -> None:
    array = np.zeros((1, 32), np.float32)
    array[0, : len(given_values)] = given_values
    largest = max(array[0].tolist(), key=abs)  # max returns the first of equals
    eight, four = to_q8_0(array), to_q4_0(array)
    for matrix, scale in (
        (eight, np.float32(abs(largest)) / np.float32(127)),
        (four, np.float32(largest) / np.float32(-8)),
    ):
        assert matrix.scales[0, 0] == np.float16(scale)
        with np.errstate(all="ignore"):
            inverse = np.float32(1) / scale
        usable = np.isfinite(inverse)
        for value, stored in zip(array[0], matrix.values[0].tolist(), strict=True):
            quotient = value * inverse if usable else np.float32(0)
            if matrix is four:
                assert stored == min(15, int(quotient + np.float32(8.5)))
                continue
            exact = Fraction(float(quotient))
            assert stored == int(abs(exact) + Fraction(1, 2)) * (1 if exact > 0 else -1)


@given(st.integers(1, 5), st.integers(1, 4), st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_errors_are_bounded_and_quantising_again_changes_nothing(rows: int, groups: int, seed: int) -> None:
    array = np.random.default_rng(seed).standard_normal((rows, groups * 32)).astype(np.float32)
    for quantiser, share in ((to_q8_0, 0.5), (to_q4_0, 1.0)):  # 4 bits: the side without its eighth step loses one
        matrix = quantiser(array)
        back = dequantise(matrix)
        error = np.abs(back - array).reshape(rows, groups, 32)
        bound = np.abs(matrix.scales.astype(np.float64)) * (share + 0.07)  # the scale itself was rounded to half
        assert (error <= bound[:, :, None]).all()
        if quantiser is to_q8_0:
            assert np.array_equal(dequantise(to_q8_0(back)), back)


def test_groups_that_stand_for_zero() -> None:
    """Zeros, negative zeros, and groups so small that 1 / scale would be infinite: no warning, no garbage."""
    for fill in (0.0, -0.0, 1e-45, -1e-40, 2.9e-38 / 8):
        array = np.full((1, 32), fill, np.float32)
        array[0, 1::2] *= np.float32(0.5)
        eight, four = to_q8_0(array), to_q4_0(array)
        assert eight.scales[0, 0] == four.scales[0, 0] == 0
        assert not dequantise(eight).any() and not dequantise(four).any()
        if fill == 0:
            assert np.signbit(four.scales[0, 0]), "ggml divides +0 by -8, whatever the zeros' own sign"
        if abs(fill) < 1e-38:
            assert not eight.values.any()
            assert set(four.values[0].tolist()) == {8}


def test_half_precision_denormals_keep_their_scale() -> None:
    array = np.linspace(-1e-5, 1e-5, 32, dtype=np.float32)[None, :]
    matrix = to_q8_0(array)
    assert 0 < matrix.scales[0, 0] < np.finfo(np.float16).smallest_normal
    assert matrix.values.min() == -127 and matrix.values.max() == 127
    assert to_f16(array)[0, 0] == np.float16(-1e-5)


def test_f16_is_nearest_even() -> None:
    array = np.array([[1, 1 + 2**-11, 1 + 3 * 2**-11, 65504, 65519.9, -1e-8, 6e-8]], np.float32)
    assert to_f16(array)[0].tolist() == [1, 1, 1 + 2**-9, 65504, 65504, -0.0, 2**-24]
    assert to_f16(array).dtype == np.float16
    assert dequantise(to_f16(array)).dtype == np.float32


# --- blocks, memory, memory order


@pytest.mark.parametrize("quantiser", [to_q8_0, to_q4_0])
def test_blocks_make_no_difference(monkeypatch: pytest.MonkeyPatch, quantiser: Quantiser) -> None:
    array = np.random.default_rng(1).standard_normal((37, 96)).astype(np.float32)
    whole = quantiser(array)
    for groups in (1, 7, 111):
        monkeypatch.setattr(ggml_types, "BLOCK_GROUPS", groups)
        assert _bits(quantiser(array)) == _bits(whole)


@pytest.mark.parametrize("quantiser", [to_q8_0, to_q4_0])
def test_views_of_any_memory_order(quantiser: Quantiser) -> None:
    array = np.random.default_rng(2).standard_normal((64, 128)).astype(np.float32)
    expected = _bits(quantiser(np.ascontiguousarray(array[::2, 32:])))
    assert _bits(quantiser(array[::2, 32:])) == expected
    assert _bits(quantiser(np.asfortranarray(array[::2, 32:]))) == expected
    read_only = array.copy()
    read_only.flags.writeable = False
    before = read_only.copy()
    quantiser(read_only)
    assert np.array_equal(read_only, before)


@pytest.mark.parametrize("quantiser", [to_q8_0, to_q4_0])
def test_little_memory_beside_the_result(quantiser: Quantiser) -> None:
    array = np.random.default_rng(3).standard_normal((2048, 1024)).astype(np.float32)  # 8 MB; the result has 2.1 MB
    tracemalloc.start()
    try:
        quantiser(array)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < array.size * (1 + 2 / 32) + 1.5e6
