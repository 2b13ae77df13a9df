"""Groups of 32 float32 values at which a quantiser can go wrong, and the byte layouts of GGUF's blocks, taken apart.

Serves the tests of ggml_types and of gguf_writer, and the script that made the golden file. Shares no code with them.
"""

from __future__ import annotations

import numpy as np

LARGEST_HALF = 65504.0


def cases(full_scale: int) -> np.ndarray:
    """(groups, 32) float32; the value of largest magnitude of a group is stored as `full_scale` (127, or 8 for Q4_0).

    Left out is what ggml itself leaves undefined: groups whose 1 / scale overflows, and the sign of a group of -0.
    """
    random = np.random.default_rng(20240513)
    steps = np.arange(32, dtype=np.float32)
    halves = np.zeros((5, 32), np.float32)  # scale 1: every quotient lies on a tie, or one float beside it
    ties = (np.linspace(-full_scale, full_scale - 1, 31).astype(int) + 0.5).astype(np.float32)
    halves[0, 1:], halves[1, 1:], halves[2, 1:] = ties, np.nextafter(ties, np.float32(0)), np.nextafter(ties, ties * 2)
    halves[3, 1:], halves[4, 1:] = -ties, np.where(np.arange(31) % 2, 0.5, np.nextafter(np.float32(0.5), np.float32(0)))
    halves[:, 0] = [full_scale, full_scale, -full_scale, -full_scale, full_scale]
    single = np.zeros((4, 32), np.float32)
    single[0, 31], single[1, 31], single[2, 0], single[3, 17] = 1, -1, 0.3, -0.3
    equal = np.zeros((4, 32), np.float32)  # the same magnitude with both signs: the first of them counts
    equal[0, [3, 20]], equal[1, [3, 20]], equal[2, [0, 31]], equal[3, 10:20] = (1, -1), (-1, 1), (-2.5, 2.5), -0.7
    normal = random.standard_normal((24, 32), np.float32)
    sizes = np.float32(10.0) ** np.arange(-36, 5, 2, dtype=np.float32)  # halves end at 6e-8: most of these have scale 0
    sized = random.standard_normal((len(sizes), 32), np.float32) * sizes[:, None]
    largest = np.float32(LARGEST_HALF * full_scale)
    huge = np.stack([steps / 31 * largest, -steps / 31 * largest, np.where(steps == 5, -largest, 1)])
    denormal = np.zeros((2, 32), np.float32)  # values below 1.2e-38 beside ordinary ones
    denormal[0], denormal[1] = np.float32(1e-40), -np.float32(1e-45)
    denormal[:, 4] = 1e-3
    smallest_scale = np.float32(2.0**-24) * full_scale * np.array([[0.49], [0.51], [1.0], [-1.49], [-1.51]], np.float32)
    edge = (steps - 15) / 16 * smallest_scale  # scales that round to 0, 1 and 2 of the smallest half
    spread = np.exp(random.normal(0, 4, (16, 32))).astype(np.float32) * random.choice([-1, 1], (16, 32))
    whole = random.integers(-full_scale, full_scale + 1, (8, 32)).astype(np.float32)
    parts = (np.zeros((1, 32)), halves, single, equal, normal, sized, huge, denormal, edge, spread, whole)
    return np.concatenate(parts).astype(np.float32)


def take_q8_0_apart(raw: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Bytes (..., 34 per group) -> int8 (groups, 32), half scales as uint16 (groups,)."""
    groups = np.ascontiguousarray(raw).reshape(-1, 34)
    scales = groups[:, :2].astype(np.uint16)
    return groups[:, 2:].view(np.int8), scales[:, 0] | scales[:, 1] << 8


def take_q4_0_apart(raw: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Bytes (..., 18 per group) -> 0..15 (groups, 32), half scales as uint16 (groups,)."""
    groups = np.ascontiguousarray(raw).reshape(-1, 18)
    scales = groups[:, :2].astype(np.uint16)
    return np.concatenate([groups[:, 2:] % 16, groups[:, 2:] // 16], axis=1), scales[:, 0] | scales[:, 1] << 8
