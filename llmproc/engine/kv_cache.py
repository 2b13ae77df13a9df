"""Keys and values of every position of one sequence, as the attention kernels want them. Memory only."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from llmproc.checkpoints.description import ModelDescription

Float32 = npt.NDArray[np.float32]


class KVCache:
    """One sequence's keys and values. Pages of memory are taken by the kernel when they are first written."""

    __slots__ = ("keys", "values")

    def __init__(self, description: ModelDescription) -> None:
        layers, width, length = description.n_layers, description.kv_dim, description.seq_len
        self.keys: Float32 = np.zeros((layers, width, length), np.float32)  # (layers, kv_dim, seq_len): transposed
        self.values: Float32 = np.zeros((layers, length, width), np.float32)  # (layers, seq_len, kv_dim)
