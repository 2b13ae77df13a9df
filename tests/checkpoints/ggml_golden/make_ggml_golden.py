"""Writes ggml_golden.npz beside itself: what the `gguf` package (0.19.0) makes of the groups of ggml_cases.py.

    python tests/checkpoints/ggml_golden/make_ggml_golden.py

The file holds inputs and bytes, so that the test needs neither the package nor the same random numbers.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))  # it runs as a program

from checkpoints.ggml_cases import cases  # noqa: E402
from gguf import GGMLQuantizationType, quants  # noqa: E402


def main() -> None:
    arrays = {}
    for name, kind, full_scale in (("q8_0", GGMLQuantizationType.Q8_0, 127), ("q4_0", GGMLQuantizationType.Q4_0, 8)):
        given = cases(full_scale)
        raw = quants.quantize(given, kind)
        arrays |= {f"{name}_input": given, f"{name}_bytes": raw, f"{name}_back": quants.dequantize(raw, kind)}
    np.savez_compressed(HERE / "ggml_golden.npz", **arrays)


if __name__ == "__main__":
    main()
