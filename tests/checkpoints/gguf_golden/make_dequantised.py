"""Writes dequantised.npz beside itself: what the `gguf` package (0.19.0) makes of blocks of every type that is read.

    python tests/checkpoints/gguf_golden/make_dequantised.py

The blocks are random bytes whose scales are finite halves, small, large, negative and denormal ones among them; so the
test needs neither the package nor the same random numbers.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType, quants

HERE = Path(__file__).resolve().parent
HALVES = {  # where each block holds halves
    "Q4_0": (0,), "Q4_1": (0, 2), "Q5_0": (0,), "Q5_1": (0, 2), "Q8_0": (0,), "IQ4_NL": (0,), "MXFP4": (),
    "Q2_K": (80, 82), "Q3_K": (108,), "Q4_K": (0, 2), "Q5_K": (0, 2), "Q6_K": (208,), "F16": (0,), "BF16": (),
}  # fmt: skip


def blocks(name: str, random: np.random.Generator) -> np.ndarray:
    size, nbytes = GGML_QUANT_SIZES[GGMLQuantizationType[name]]
    count = {256: 8, 32: 48, 1: 512}[size]
    raw = random.integers(0, 256, (count, nbytes), np.uint8)
    for at in HALVES[name]:
        halves = random.standard_normal(count) * 10.0 ** random.integers(-8, 4, count)
        raw[:, at : at + 2] = halves.astype("<f2").view(np.uint8).reshape(count, 2)
    if name == "MXFP4":
        raw[:6, 0] = [0, 1, 2, 127, 128, 250]  # exponents at which its scale is denormal, one and largest
        raw[6:, 0] = random.integers(100, 140, count - 6)
    if name == "BF16":
        raw[:, 1] &= 0xBF  # never infinite
    return raw.reshape(4, -1)


def main() -> None:
    random = np.random.default_rng(20261130)
    arrays = {}
    for name in HALVES:
        raw = blocks(name, random)
        given = raw.view(np.float16) if name == "F16" else raw
        back = quants.dequantize(given, GGMLQuantizationType[name])
        arrays |= {f"{name}_bytes": raw, f"{name}_back": np.asarray(back, np.float32)}
        assert np.isfinite(arrays[f"{name}_back"]).all(), name
    np.savez_compressed(HERE / "dequantised.npz", **arrays)


if __name__ == "__main__":
    main()
