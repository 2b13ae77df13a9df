"""The rotary embedding of a GGUF file, from its metadata and rope_freqs.weight. Rules only, no I/O.

As llama.cpp reads it: a missing scaling type with a factor means linear; yarn without an original length takes the
context length; llama3's scaling exists only as the tensor of divisors.
"""

from __future__ import annotations

from llmproc.checkpoints.architectures import Architecture
from llmproc.checkpoints.features import RotaryEmbedding
from llmproc.checkpoints.gguf.metadata import Metadata
from llmproc.checkpoints.gguf.names import ROPE_DIVISORS
from llmproc.checkpoints.rope_scaling import (
    YarnScaling,
    divided_frequencies,
    linear_frequencies,
    mscale,
    yarn_frequencies,
)
from llmproc.checkpoints.source_file import refuse


def read_rope(
    metadata: Metadata,
    architecture: Architecture,
    head_dim: int,
    theta: float,
    seq_len: int,
    divisors: tuple[float, ...],
) -> RotaryEmbedding:
    """Return how queries and keys are rotated. CheckpointError for a scaling that is not read."""
    prefix = f"{architecture.name}.rope"
    assert architecture.gguf_pairs is not None
    scaling, factor = _scaling(metadata, prefix)
    if divisors and scaling != "none":
        rule = f"must be none in a file with {ROPE_DIVISORS}"
        raise refuse(metadata.path, f"{prefix}.scaling.type", scaling, rule)
    if divisors:
        try:
            frequencies = divided_frequencies(head_dim, theta, divisors)
        except ValueError as error:
            raise refuse(metadata.path, ROPE_DIVISORS, f"{len(divisors)} values", str(error)) from None
        return RotaryEmbedding(architecture.gguf_pairs, "llama3", frequencies)
    if scaling == "none":
        return RotaryEmbedding(architecture.gguf_pairs)
    if scaling == "linear":
        return RotaryEmbedding(architecture.gguf_pairs, "linear", linear_frequencies(head_dim, theta, factor))
    original = metadata.whole(f"{prefix}.scaling.original_context_length", 1, 1 << 30) or seq_len
    fast, slow = (_beta(metadata, f"{prefix}.scaling.yarn_beta_{which}") for which in ("fast", "slow"))
    yarn = YarnScaling(factor, original, fast or 32.0, slow or 1.0)
    more = metadata.number(f"{prefix}.scaling.attn_factor", 1e-3, 1e3) or 1.0
    frequencies = yarn_frequencies(head_dim, theta, yarn)
    return RotaryEmbedding(architecture.gguf_pairs, "yarn", frequencies, more * mscale(factor))


def _scaling(metadata: Metadata, prefix: str) -> tuple[str, float]:
    """Return none, linear or yarn, and the factor."""
    key = f"{prefix}.scaling.type"
    factor = metadata.number(f"{prefix}.scaling.factor", 0, 1e6) or metadata.number(f"{prefix}.scale_linear", 0, 1e6)
    if factor and factor < 1e-3:
        raise refuse(metadata.path, f"{prefix}.scaling.factor", factor, "must be 0 or in 0.001..1e+06")
    scaling = metadata.text(key) or "linear"
    if scaling not in ("none", "linear", "yarn"):
        rule = "must be none, linear or yarn (longrope depends on the length of the text: it is not read from GGUF)"
        raise refuse(metadata.path, key, scaling, rule)
    if scaling == "yarn" and not factor:
        raise refuse(metadata.path, f"{prefix}.scaling.factor", "missing or 0", "must be above 0 with yarn")
    return (scaling, factor) if factor and scaling != "none" and (scaling, factor) != ("linear", 1) else ("none", 1.0)


def _beta(metadata: Metadata, key: str) -> float | None:
    return metadata.number(key, 1e-3, 1e6)
