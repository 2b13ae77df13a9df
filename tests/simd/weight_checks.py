"""What the intrinsics for weights of four to eight bits, and calls by address, must do. Used by `checks`."""

from __future__ import annotations

import ctypes
import itertools

import numpy as np
from simd import weight_programs

from llmproc.simd import layout

RNG = np.random.default_rng(6)
TOKENS = 3


def address(array: np.ndarray) -> int:
    return int(array.ctypes.data)


def in_steps(weights: np.ndarray) -> np.ndarray:
    """(16, columns) -> [step][row][columns of a step], as bytes."""
    return weights.astype(np.uint8).reshape(16, -1, layout.STEP_K).transpose(1, 0, 2)


def packed(weights: np.ndarray, low_bits: int) -> np.ndarray:
    """Nibbles of two steps each, then the bits above them of all steps in one byte, those of the first step lowest."""
    steps, width = in_steps(weights), low_bits
    nibbles, above = steps & 15, steps >> 4
    found = [nibbles[i] | nibbles[i + 1] << 4 for i in range(0, len(steps), 2)]
    bits = np.zeros_like(steps[0])
    for number, part in enumerate(above):
        bits |= part << width * number
    return np.ascontiguousarray(np.stack([*found, bits]))


def ends(highest: int) -> list[tuple[int, int, int, int]]:
    """Ranges of weights and of activations: all there are, and each end against each."""
    weights = ((0, highest + 1), (0, 1), (highest, highest + 1))
    return [(*w, *x) for w, x in itertools.product(weights, ((-127, 128), (-127, -126), (127, 128)))]


def check(program: object, width: int, steps: int, pack: object) -> None:
    columns = steps * layout.STEP_K
    for low, high, x_low, x_high in ends((1 << width) - 1):
        weights, x = RNG.integers(low, high, (16, columns)), RNG.integers(x_low, x_high, (TOKENS, columns))
        stored = x.astype(np.int8 if layout.ACTIVATION_BYTES == 1 else np.int16)
        tile, out = pack(weights), np.full((TOKENS, 16), 99, np.int32)  # type: ignore[operator]
        program(address(out), address(tile), address(stored), stored.strides[0])  # type: ignore[operator]
        assert (out == x @ weights.T).all(), (width, low, high, x_low, x_high)


def check_six_bits() -> None:
    check(weight_programs.six_bits, 6, 4, lambda weights: packed(weights, 2))


def check_five_bits() -> None:
    check(weight_programs.five_bits, 5, 8, lambda weights: packed(weights, 1))


def check_bytes() -> None:
    """Seven bits, which is what is promised."""
    check(weight_programs.whole_bytes, 7, 1, lambda weights: np.ascontiguousarray(in_steps(weights)))


def check_starts() -> None:
    numbers = np.array([[3, 99], [-(1 << 30), 99], [(1 << 30) - 1, 99]], np.int32)
    out = np.full((3, TOKENS, 16), 99, np.int32)
    weight_programs.starts(address(out), address(numbers), numbers.strides[0])
    for times in range(3):
        assert (out[times] == times * numbers[:, :1]).all(), times


def check_widened() -> None:
    """Every byte, and every upper half of a float32 that is a number."""
    out = np.zeros((3, 16), np.float32)
    for first in range(0, 256, 16):
        source = np.zeros(32, np.uint8)
        source[:16] = np.arange(first, first + 16)
        weight_programs.widened(address(out), address(source))
        assert (out[0] == source[:16]).all() and (out[1] == source[:16].view(np.int8)).all(), first
    for first in range(0, 1 << 16, 16):
        halves = np.arange(first, first + 16).astype(np.uint16)
        weight_programs.widened(address(out), address(halves))
        assert (out[2].view(np.uint32) == halves.astype(np.uint32) << 16).all(), first


def check_bits_of_a_float() -> None:
    out = np.zeros(1, np.float32)
    for value in (0.0, -0.0, 1.5, 2.0**-149, -np.inf, np.float32(3.4028235e38)):
        bits = np.array([value], np.float32)
        weight_programs.float_of_bits(address(out), address(bits))
        assert out.view(np.uint32) == bits.view(np.uint32)


def check_calls() -> None:
    """Arguments arrive in their order, also those behind the ones that registers hold, and at the full width."""
    seen: list[tuple[int, ...]] = []
    kind = ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * 22)
    function = kind(lambda *arguments: seen.append(arguments))
    weight_programs.call(ctypes.cast(function, ctypes.c_void_p).value, 1 << 62, -(1 << 40))
    assert seen == [(1 << 62, -(1 << 40), *range(2, 22))]


PROGRAMS = (weight_programs.six_bits, weight_programs.five_bits, weight_programs.whole_bytes)
CHECKS = (
    check_six_bits, check_five_bits, check_bytes, check_starts, check_widened, check_bits_of_a_float, check_calls,
)  # fmt: skip
