"""The network in PyTorch: the arithmetic of llama2.c's version 2 checkpoints, in float32, for training only.

Serves `train.py`, `export.py` and `ask.py`. The engine never imports this; it reads the exported checkpoint.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

NORM_EPS = 1e-5
ROPE_THETA = 10000.0


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of the model; `dim` and `hidden` must be multiples of the int8 group (64)."""

    dim: int = 192
    hidden: int = 512
    layers: int = 6
    heads: int = 6
    kv_heads: int = 2
    vocab: int = 2048
    seq_len: int = 2048

    def __post_init__(self) -> None:
        if self.dim % 64 or self.hidden % 64:
            raise ValueError(f"dim {self.dim} and hidden {self.hidden} must be multiples of 64")
        if self.dim % self.heads or (self.dim // self.heads) % 2 or self.heads % self.kv_heads:
            raise ValueError(f"{self.heads} heads and {self.kv_heads} KV heads do not divide dim {self.dim}")

    @property
    def head(self) -> int:
        """Width of one head."""
        return self.dim // self.heads

    @property
    def kv_dim(self) -> int:
        """Width of one position's keys (or values)."""
        return self.head * self.kv_heads

    def as_dict(self) -> dict[str, Any]:
        """Plain dictionary for the training checkpoint."""
        return asdict(self)


def rope_tables(head: int, positions: int) -> tuple[Tensor, Tensor]:
    """cos and sin of every (position, pair): each (positions, head // 2)."""
    frequency = ROPE_THETA ** (-torch.arange(0, head, 2, dtype=torch.float64) / head)
    angle = torch.arange(positions, dtype=torch.float64)[:, None] * frequency
    return angle.cos().float(), angle.sin().float()


class Block(nn.Module):
    """One layer: attention and SwiGLU, each behind an RMSNorm, each added to the stream.

    Rows of q and k are kept as [all first members of the pairs | all second members] inside each head, which makes
    RoPE two contiguous halves and training faster; `interleave` in export.py restores the file's order.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.attention_norm = nn.Parameter(torch.ones(shape.dim))
        self.ffn_norm = nn.Parameter(torch.ones(shape.dim))
        self.wqkv = nn.Parameter(torch.empty(shape.dim + 2 * shape.kv_dim, shape.dim))  # q, k, v rows
        self.wo = nn.Parameter(torch.empty(shape.dim, shape.dim))
        self.w13 = nn.Parameter(torch.empty(2 * shape.hidden, shape.dim))  # gate rows, then up rows
        self.w2 = nn.Parameter(torch.empty(shape.dim, shape.hidden))
        deep = 0.5 / math.sqrt(shape.dim) / math.sqrt(2 * shape.layers)
        nn.init.normal_(self.wqkv, std=0.7 / math.sqrt(shape.dim))
        nn.init.normal_(self.w13, std=0.7 / math.sqrt(shape.dim))
        nn.init.normal_(self.wo, std=deep)
        nn.init.normal_(self.w2, std=deep)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        """x (batch, time, dim); cos, sin (time, head // 2)."""
        s = self.shape
        batch, time, _ = x.shape
        y = F.linear(F.rms_norm(x, (s.dim,), self.attention_norm, NORM_EPS), self.wqkv)
        y = y.view(batch, time, s.heads + 2 * s.kv_heads, s.head).transpose(1, 2)
        first, second = y[:, : s.heads + s.kv_heads].chunk(2, dim=-1)
        turned = torch.cat((first * cos - second * sin, first * sin + second * cos), dim=-1)
        q, k, v = turned[:, : s.heads], turned[:, s.heads :], y[:, s.heads + s.kv_heads :]
        repeat = s.heads // s.kv_heads
        k = k.repeat_interleave(repeat, dim=1)
        v = v.repeat_interleave(repeat, dim=1)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + F.linear(y.transpose(1, 2).reshape(batch, time, s.dim), self.wo)
        gate, up = F.linear(F.rms_norm(x, (s.dim,), self.ffn_norm, NORM_EPS), self.w13).chunk(2, dim=-1)
        return x + F.linear(F.silu(gate) * up, self.w2)


class Network(nn.Module):
    """The whole model; the output layer is the embedding table."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.embedding = nn.Parameter(torch.empty(shape.vocab, shape.dim))
        nn.init.normal_(self.embedding, std=0.04)
        self.layers = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.final_norm = nn.Parameter(torch.ones(shape.dim))
        cos, sin = rope_tables(shape.head, shape.seq_len)
        self.register_buffer("cos", cos, persistent=False)
        self.register_buffer("sin", sin, persistent=False)

    def stream(self, ids: Tensor) -> Tensor:
        """ids (batch, time) -> normed residual stream (batch, time, dim)."""
        x = F.embedding(ids, self.embedding)
        cos, sin = self.cos[: ids.shape[1]], self.sin[: ids.shape[1]]
        for layer in self.layers:
            x = layer(x, cos, sin)
        return F.rms_norm(x, (self.shape.dim,), self.final_norm, NORM_EPS)

    def forward(self, ids: Tensor) -> Tensor:
        """ids (batch, time) -> logits (batch, time, vocab)."""
        return F.linear(self.stream(ids), self.embedding)

    def loss(self, ids: Tensor, targets: Tensor, chosen: Tensor) -> Tensor:
        """Mean cross entropy of the positions named by `chosen` (flat indices); targets (batch, time)."""
        x = self.stream(ids).flatten(0, 1).index_select(0, chosen)
        return F.cross_entropy(F.linear(x, self.embedding), targets.flatten().index_select(0, chosen))
