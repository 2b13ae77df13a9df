"""A forward pass in float64 over a description and its weights, every feature of it: the judge of what readers say.

Written to be read, not to be fast, and shares nothing with the engine. Used by the parity tests of the readers.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.ggml_types import dequantise
from llmproc.checkpoints.weights import LayerWeights, Weights


def logits_of(d: ModelDescription, weights: Weights, tokens: np.ndarray) -> np.ndarray:
    """Logits (positions, vocabulary) of all positions."""
    factors = d.features.multipliers
    x = wide(weights.embedding)[tokens] * factors.embedding
    for number, layer in enumerate(weights.layers):
        x = x + factors.residual * attention(d, number, layer, rms_norm(x, layer.attention_norm, d.norm_eps))
        x = x + factors.residual * feed_forward(layer, rms_norm(x, layer.ffn_norm, d.norm_eps))
    return rms_norm(x, weights.final_norm, d.norm_eps) @ wide(weights.classifier).T * factors.logits


def wide(matrix: Any) -> np.ndarray:
    return dequantise(matrix).astype(np.float64)


def rms_norm(x: np.ndarray, weight: Any, eps: float) -> np.ndarray:
    return x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + eps) * weight.astype(np.float64)


def product(layer: LayerWeights, name: str, x: np.ndarray) -> np.ndarray:
    found = x @ wide(getattr(layer, name)).T
    return found + layer.biases[name].astype(np.float64) if name in layer.biases else found


def feed_forward(layer: LayerWeights, x: np.ndarray) -> np.ndarray:
    gate = product(layer, "w1", x)
    return product(layer, "w2", gate / (1 + np.exp(-gate)) * product(layer, "w3", x))


def attention(d: ModelDescription, number: int, layer: LayerWeights, x: np.ndarray) -> np.ndarray:
    count, features = len(x), d.features
    queries = product(layer, "wq", x).reshape(count, d.n_heads, d.head_dim)
    keys = product(layer, "wk", x).reshape(count, d.n_kv_heads, d.head_dim)
    values = product(layer, "wv", x).reshape(count, d.n_kv_heads, d.head_dim)
    if features.query_key_norm:
        queries, keys = rms_norm(queries, layer.q_norm, d.norm_eps), rms_norm(keys, layer.k_norm, d.norm_eps)
    if number not in features.no_rope_layers:
        queries, keys = rotated(d, queries), rotated(d, keys)
    position = np.arange(count)
    hidden = position[None, :] > position[:, None]
    window = features.windows[number] if features.windows else 0
    if window:
        hidden |= position[None, :] <= position[:, None] - window
    mixed = np.empty((count, d.n_heads, d.head_dim))
    for head in range(d.n_heads):
        other = head // (d.n_heads // d.n_kv_heads)
        scores = queries[:, head] @ keys[:, other].T * (features.multipliers.attention or 1 / np.sqrt(d.head_dim))
        scores[hidden] = -np.inf
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        mixed[:, head] = shares / shares.sum(axis=1, keepdims=True) @ values[:, other]
    return product(layer, "wo", mixed.reshape(count, -1))


def rotated(d: ModelDescription, heads: np.ndarray) -> np.ndarray:
    """Rotate (positions, heads, head_dim)."""
    rope, half = d.features.rope, d.head_dim // 2
    angle = np.outer(np.arange(len(heads)), d.inverse_frequencies())[:, None, :]
    cos, sin = np.cos(angle) * rope.attention_factor, np.sin(angle) * rope.attention_factor
    interleaved = rope.pairs == "interleaved"
    first, second = (heads[..., ::2], heads[..., 1::2]) if interleaved else (heads[..., :half], heads[..., half:])
    one, other = first * cos - second * sin, second * cos + first * sin
    return (
        np.stack([one, other], axis=-1).reshape(heads.shape) if interleaved else np.concatenate([one, other], axis=-1)
    )
