"""What a model is: its shape and the constants of its arithmetic. Data only, no I/O."""

from __future__ import annotations

from dataclasses import dataclass

from llmproc.checkpoints.features import PLAIN, ModelFeatures
from llmproc.checkpoints.rope_scaling import default_frequencies
from llmproc.config import WeightType


@dataclass(frozen=True, slots=True)
class ModelDescription:
    """Shape and constants of one Llama-family model, as read from a checkpoint's header and checked there."""

    dim: int  # width of the residual stream
    hidden_dim: int  # width of the feed-forward layer
    n_layers: int
    n_heads: int
    n_kv_heads: int
    vocab_size: int
    seq_len: int  # positions a sequence may use
    head_dim: int
    shared_classifier: bool  # the output layer is the embedding table
    weight_type: WeightType
    group_size: int  # int8, q4: values per scale; f16, f32: 0
    norm_eps: float = 1e-5
    rope_theta: float = 10000.0
    end_tokens: tuple[int, ...] = ()
    features: ModelFeatures = PLAIN

    @property
    def kv_dim(self) -> int:
        """Return the width of one position's keys (or values) in one layer."""
        return self.n_kv_heads * self.head_dim

    def inverse_frequencies(self) -> tuple[float, ...]:
        """Return the angle per position of every pair, (head_dim / 2,): the file's scaling, or theta alone."""
        found = self.features.rope.inverse_frequencies
        return found or default_frequencies(self.head_dim, self.rope_theta)
