"""The sizes a model may have, whatever its format. Arithmetic only, no I/O.

Used by every reader: kernels check no bounds, so a rule that is missing here is a wild read there.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from llmproc.checkpoints.source_file import refuse

# Wider than any published model of this family, narrow enough that int32 indices of one row, the int32 sum of one
# group (65536 * 128 * 127 < 2**31) and positions in float32 (exact up to 2**24) hold.
RANGES = {
    "dim": (2, 65536),
    "hidden_dim": (1, 262144),
    "n_layers": (1, 1024),
    "n_heads": (1, 1024),
    "n_kv_heads": (1, 1024),
    "vocab_size": (2, 1 << 20),
    "seq_len": (1, 1 << 20),
}
HEAD_DIM = (2, 1024)
MULTIPLIER = (1e-6, 1e6)


def check_heads(path: Path | str, names: Mapping[str, str], n_heads: int, n_kv_heads: int, head_dim: int) -> None:
    """Check that heads go together; `names`: what the file calls `n_kv_heads` and `head_dim`. CheckpointError."""
    if n_heads % n_kv_heads:
        raise refuse(path, names["n_kv_heads"], n_kv_heads, f"must divide the {n_heads} query heads")
    low, high = HEAD_DIM
    if not low <= head_dim <= high or head_dim % 2:
        raise refuse(path, names["head_dim"], head_dim, f"must be even and in {low}..{high} (rope rotates pairs)")
