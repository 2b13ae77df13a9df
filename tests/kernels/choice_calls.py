"""The entries of `kernels.choice` over arrays, one by one and unchecked; the package calls them bound, in `Drawing`."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from llmproc.kernels import calls

Float32 = npt.NDArray[np.float32]
Keys = npt.NDArray[np.uint64]


def probabilities(out: Float32, logits: Float32, temperature: Any) -> int:
    found: int = calls.linked("probabilities")(out.ctypes.data, logits.ctypes.data, len(logits), temperature)
    return found


def draw(shares: Float32, coin: float) -> int:
    found: int = calls.linked("draw")(shares.ctypes.data, len(shares), coin)
    return found


def candidates(keys: Keys, shares: Float32, top_p: float) -> int:
    found: int = calls.linked("candidates")(keys.ctypes.data, shares.ctypes.data, len(shares), top_p)
    return found


def draw_top_p(keys: Keys, shares: Float32, top_p: float, coin: float) -> int:
    found: int = calls.linked("draw_top_p")(keys.ctypes.data, len(keys), shares.ctypes.data, top_p, coin)
    return found
