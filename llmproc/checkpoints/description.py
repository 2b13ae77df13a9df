"""What a model is: its shape and the constants of its arithmetic. Data only, no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

WeightType = Literal["int8", "q4", "f16", "f32"]


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

    @property
    def kv_dim(self) -> int:
        """Width of one position's keys (or values) in one layer."""
        return self.n_kv_heads * self.head_dim


def tensor_shape(description: ModelDescription, name: str) -> tuple[int, ...]:
    """Shape of one tensor (of one layer); matrices are (rows, columns) = (outputs, inputs).

    Heads need not fill `dim`.
    """
    d, width = description, description.n_heads * description.head_dim
    shapes: dict[str, tuple[int, ...]] = {
        "embedding": (d.vocab_size, d.dim), "classifier": (d.vocab_size, d.dim),
        "attention_norm": (d.dim,), "ffn_norm": (d.dim,), "final_norm": (d.dim,),
        "wq": (width, d.dim), "wk": (d.kv_dim, d.dim), "wv": (d.kv_dim, d.dim), "wo": (d.dim, width),
        "w1": (d.hidden_dim, d.dim), "w2": (d.dim, d.hidden_dim), "w3": (d.hidden_dim, d.dim),
    }  # fmt: skip
    return shapes[name]
