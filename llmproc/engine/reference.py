"""The oracle: one token at a time in NumPy, written for being right. Numba is never involved.

Used by tests. It knows every feature that a description may name, and every weight type, mixed as they come. Three
arithmetics:

    C order   every sum runs from left to right in fp32; expf, powf, sinf, cosf are libm's own, called through ctypes:
              the logits of a plain model equal the C engine's bit by bit
    plain     fp32, summed as NumPy likes: the logits agree to a few digits
    exact     float64 on the dequantised weights, activations never quantised: what the two others come near to

Shares no code with the kernels.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.ggml_types import as_int8, dequantise
from llmproc.checkpoints.rotation_order import reordered_rows
from llmproc.checkpoints.weights import Int8Matrix, LayerWeights, Matrix, Q4Matrix, Weights
from llmproc.engine import libm

Float32 = npt.NDArray[np.float32]
Reals: TypeAlias = npt.NDArray[Any]  # float32, float64 in exact arithmetic
EXACT = 1 << 24  # integers up to here are exact in float32, so their sums are exact in any order


class Reference:
    """A model with a KV cache of its own, for one sequence."""

    def __init__(
        self,
        description: ModelDescription,
        weights: Weights,
        c_order: bool = True,
        kv_type: str = "f32",
        exact: bool = False,
    ) -> None:
        """Choose the arithmetic.

        `c_order`: the C engine's order of sums and libm's functions, else NumPy's own; `exact`: float64 instead of
        both. `kv_type`: f16 rounds what the cache holds; f32 keeps it as it was computed."""
        self.description, self.weights, self.c_order = description, weights, c_order and not exact
        self._exact, self._real = exact, np.float64 if exact else np.float32
        self._stored = np.float16 if kv_type == "f16" else self._real
        shape = (description.n_layers, description.seq_len, description.n_kv_heads, description.head_dim)
        self._keys, self._values = np.zeros(shape, self._real), np.zeros(shape, self._real)
        self._grouped: dict[int, Float32] = {}  # id of int8 values -> the same, as float (groups, rows, group size)
        self._fours: dict[int, Int8Matrix] = {}  # id of 4-bit values -> the same as int8
        self._wide: dict[int, Reals] = {}  # id of a matrix -> its values
        self._exp: Callable[[Reals], Reals] = libm.exp if self.c_order else np.exp

    def forward(self, token: int, position: int) -> Reals:
        """Return the logits (vocab_size,) after `token` at `position`; all positions before it must have been given."""
        if not (0 <= token < self.description.vocab_size and 0 <= position < self.description.seq_len):
            raise ValueError(f"token {token} at position {position} is out of range")
        with np.errstate(over="ignore", invalid="ignore", divide="ignore", under="ignore"):
            factors = self.description.features.multipliers
            residual, x = self._real(factors.residual), self._embed(token)
            for number, layer in enumerate(self.weights.layers):
                x = x + residual * self._attention(self._norm(x, layer.attention_norm), number, layer, position)
                x = x + residual * self._feed_forward(self._norm(x, layer.ffn_norm), layer)
            logits = self._times(self.weights.classifier, self._norm(x, self.weights.final_norm))
            return self._real(factors.logits) * logits

    def _embed(self, token: int) -> Reals:
        row = reordered_rows(self.weights.embedding, np.array([token]))
        return self._real(self.description.features.multipliers.embedding) * dequantise(row)[0].astype(self._real)

    def _sum(self, terms: Reals) -> Reals:
        """Return the sum over the last axis."""
        if not self.c_order:
            return np.asarray(terms.sum(axis=-1), self._real)
        return np.add.accumulate(terms, axis=-1, dtype=np.float32)[..., -1] + np.float32(0)  # C starts at +0

    def _norm(self, x: Reals, weight: Float32) -> Reals:
        """Return the RMS norm over the last axis of x (..., n)."""
        real = self._real
        mean = self._sum(x * x) / real(x.shape[-1]) + real(self.description.norm_eps)
        return weight * ((real(1) / np.sqrt(mean))[..., None] * x)

    def _product(self, layer: LayerWeights, name: str, x: Reals) -> Reals:
        """Return a layer's matrix `name` times x (cols,), plus its bias where there is one."""
        found = self._times(getattr(layer, name), x)
        return found + layer.biases[name] if name in layer.biases else found

    def _times(self, matrix: Matrix, x: Reals) -> Reals:
        """Return matrix (rows, cols) times x (cols,)."""
        if self._exact or isinstance(matrix, np.ndarray):
            wide = self._values_of(matrix)
            return self._sum(wide * x) if self.c_order else wide @ x
        signed = self._signed(matrix)
        values, scales = quantise(x, _group_of(signed))
        terms = self._group_sums(signed, values) * signed.scales * scales  # (rows, groups)
        return self._sum(terms)

    def _values_of(self, matrix: Matrix) -> Reals:
        """Return what a matrix of any weight type stands for, kept: the model holds the matrix, so its id stays."""
        if id(matrix) not in self._wide:
            self._wide[id(matrix)] = dequantise(matrix).astype(self._real, copy=False)
        return self._wide[id(matrix)]

    def _signed(self, matrix: Int8Matrix | Q4Matrix) -> Int8Matrix:
        """Return a 4-bit matrix as the int8 one of the same numbers, kept: `_group_sums` knows matrices by identity."""
        if isinstance(matrix, Int8Matrix):
            return matrix
        key = id(matrix.values)
        if key not in self._fours:
            self._fours[key] = as_int8(matrix)
        return self._fours[key]

    def _group_sums(self, matrix: Int8Matrix, x: npt.NDArray[np.int8]) -> Float32:
        """Return (rows, groups): sums of products inside each group, exact, rounded once to float32."""
        group = _group_of(matrix)
        rows, groups = matrix.scales.shape
        if group * 128 * 127 >= EXACT:
            products = matrix.values.astype(np.int64) * x
            return products.reshape(rows, groups, group).sum(axis=-1).astype(np.float32)
        key = id(matrix.values)
        if key not in self._grouped:
            wide = matrix.values.reshape(rows, groups, group).transpose(1, 0, 2).astype(np.float32)
            self._grouped[key] = np.ascontiguousarray(wide)
        sums = self._grouped[key] @ x.reshape(groups, group, 1).astype(np.float32)  # (groups, rows, 1)
        return np.asarray(sums[:, :, 0].T)

    def _heads(self, vectors: Reals, norm: Float32 | None, number: int, position: int) -> Reals:
        """Return queries or keys (heads, head_dim) as attention compares them: normed and rotated if the model says."""
        features = self.description.features
        if features.query_key_norm:
            assert norm is not None, f"layer {number} has no norm of queries or keys"
            vectors = self._norm(vectors, norm)
        return vectors if number in features.no_rope_layers else self._rotate(vectors, position)

    def _rotate(self, vectors: Reals, position: int) -> Reals:
        """Apply RoPE to the pairs of vectors (heads, head_dim)."""
        rope, half = self.description.features.rope, self.description.head_dim // 2
        angles: Any = self._real(position) * self._frequencies()
        factor = self._real(rope.attention_factor)
        cosine = (libm.cos(angles) if self.c_order else np.cos(angles)) * factor
        sine = (libm.sin(angles) if self.c_order else np.sin(angles)) * factor
        interleaved = rope.pairs == "interleaved"
        even, odd = (slice(0, None, 2), slice(1, None, 2)) if interleaved else (slice(0, half), slice(half, None))
        rotated = np.empty_like(vectors)
        rotated[:, even] = vectors[:, even] * cosine - vectors[:, odd] * sine
        rotated[:, odd] = vectors[:, even] * sine + vectors[:, odd] * cosine
        return rotated

    def _frequencies(self) -> Reals:
        """Return the angle of each pair at position 1, (head_dim / 2,)."""
        d = self.description
        if d.features.rope.inverse_frequencies or not self.c_order:
            return np.array(d.inverse_frequencies(), self._real)
        exponents = np.arange(0, d.head_dim, 2, dtype=np.float32) / np.float32(d.head_dim)
        return np.float32(1) / libm.power(np.float32(d.rope_theta), exponents)

    def _attention(self, x: Reals, number: int, layer: LayerWeights, position: int) -> Reals:
        d = self.description
        query = self._product(layer, "wq", x).reshape(d.n_heads, d.head_dim)
        key = self._product(layer, "wk", x).reshape(d.n_kv_heads, d.head_dim)
        value = self._product(layer, "wv", x).reshape(d.n_kv_heads, d.head_dim)
        query = self._heads(query, layer.q_norm, number, position)
        self._keys[number, position] = self._heads(key, layer.k_norm, number, position).astype(self._stored)
        self._values[number, position] = value.astype(self._stored)
        window = d.features.windows[number] if d.features.windows else 0
        seen = slice(max(0, position + 1 - window) if window else 0, position + 1)
        mixed = []
        for head in range(d.n_heads):
            shared = head // (d.n_heads // d.n_kv_heads)
            keys, values = self._keys[number, seen, shared], self._values[number, seen, shared]
            scores = self._scaled(self._sum(keys * query[head]))
            shares = self._exp(scores - scores.max())
            shares = shares / self._sum(shares)
            mixed.append(self._sum((values * shares[:, None]).T))
        return self._product(layer, "wo", np.concatenate(mixed))

    def _scaled(self, scores: Reals) -> Reals:
        scale = self.description.features.multipliers.attention
        return scores / np.sqrt(self._real(self.description.head_dim)) if scale is None else self._real(scale) * scores

    def _feed_forward(self, x: Reals, layer: LayerWeights) -> Reals:
        gate, up = self._product(layer, "w1", x), self._product(layer, "w3", x)
        one = self._real(1)
        return self._product(layer, "w2", gate * (one / (one + self._exp(-gate))) * up)


def _group_of(matrix: Int8Matrix) -> int:
    """Return how many columns share a scale: matrices of one model may differ."""
    return matrix.values.shape[1] // matrix.scales.shape[1]


def quantise(x: Float32, group: int) -> tuple[npt.NDArray[np.int8], Float32]:
    """Return values (n,) and scales (n / group,): max|x| / 127, rounded half away from zero; zero groups are zero."""
    parts = x.reshape(-1, group)
    scales = np.abs(parts).max(axis=1) / np.float32(127)
    scales[~np.isfinite(scales)] = np.nan  # must reach the logits, where it is found
    usable = scales[:, None] > 0
    quotients = np.divide(parts, scales[:, None], out=np.zeros_like(parts), where=usable).astype(np.float64)
    rounded = np.clip(np.trunc(quotients + np.copysign(0.5, quotients)), -127, 127)
    return rounded.astype(np.int8).reshape(-1), scales


def reference_probabilities(logits: Float32, temperature: float) -> Float32:
    """Return softmax(logits / temperature) in C order."""
    scaled = logits / np.float32(temperature)
    shares = libm.exp(scaled - scaled.max())
    return shares / np.add.accumulate(shares, dtype=np.float32)[-1]


def reference_sample(logits: Float32, temperature: float, top_p: float, coin: np.float32 | None) -> int:
    """Return the token `sampling.Sampler` must choose when its coin is `coin` (None at temperature 0)."""
    if coin is None:
        return int(np.argmax(logits))
    shares, nucleus = reference_probabilities(logits, temperature), np.float32(top_p)
    ids = np.arange(len(shares))
    mark = coin
    if 0 < nucleus < 1:
        floor = (np.float32(1) - nucleus) / np.float32(len(shares) - 1)
        ids = np.flatnonzero(shares >= floor)
        ids = ids[np.argsort(-shares[ids], kind="stable")]
        running = np.add.accumulate(shares[ids], dtype=np.float32)
        over = np.flatnonzero(running > nucleus)
        ids = ids[: over[0] + 1] if len(over) else ids
        mark = coin * running[len(ids) - 1]
    hits = np.flatnonzero(mark < np.add.accumulate(shares[ids], dtype=np.float32))
    return int(ids[hits[0]] if len(hits) else ids[-1])
