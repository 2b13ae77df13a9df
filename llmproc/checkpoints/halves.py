"""Two-byte floats to float32, exactly. Used by every reader; no I/O."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from llmproc.checkpoints.weights import Float32, Floats


def widened(array: Floats | npt.NDArray[np.uint16]) -> Float32:
    """Return halves or BF16 (as uint16) as float32, exactly; float32 itself as it is."""
    if array.dtype == np.uint16:
        wide = array.astype(np.uint32)
        wide <<= np.uint32(16)
        return wide.view(np.float32)
    return array.astype(np.float32, copy=False)
