"""How models of the Llama family differ beside their sizes: rotation, biases, norms, windows. Data only, no I/O.

Every reader fills these from what its file holds; the engine reads them, so a feature is data and never a variant of
the forward pass. The defaults are those of llama2.c's files.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Pairs = Literal["interleaved", "half-split"]


@dataclass(frozen=True, slots=True)
class RotaryEmbedding:
    """The rotation of queries and keys: angle of pair i at position p is p * inverse_frequencies[i]."""

    pairs: Pairs = "interleaved"  # pair i: columns 2i and 2i + 1 of a head, or i and i + head_dim / 2
    scaling: str = "default"  # the name of the rule that the frequencies come from
    inverse_frequencies: tuple[float, ...] = ()  # (head_dim / 2,); empty: rope_theta ** (-2i / head_dim)
    attention_factor: float = 1.0  # of cos and sin, so of queries and of keys


@dataclass(frozen=True, slots=True)
class Multipliers:
    """Constants that a model's numbers are multiplied by."""

    embedding: float = 1.0  # of a token's embedding, before the first layer
    residual: float = 1.0  # of what attention and the feed-forward layer add to the residual stream
    attention: float | None = None  # of query times key; None: 1 / sqrt(head_dim)
    logits: float = 1.0


@dataclass(frozen=True, slots=True)
class ModelFeatures:
    """The features of a forward pass beside those of the plain one."""

    architecture: str = "llama"
    rope: RotaryEmbedding = RotaryEmbedding()
    biases: tuple[str, ...] = ()  # matrices that have a bias in every layer, such as `wq`; sorted
    query_key_norm: bool = False  # an RMS norm over each head's query and key, before the rotation
    windows: tuple[int, ...] = ()  # of each layer: query i sees keys i - window < j <= i; 0: all; empty: all layers 0
    no_rope_layers: tuple[int, ...] = ()  # layers whose queries and keys are not rotated; sorted
    multipliers: Multipliers = Multipliers()


PLAIN = ModelFeatures()
