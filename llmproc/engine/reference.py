"""The oracle: one token at a time in NumPy, written for being right. Numba is never involved.

Used by tests. In C order, every sum runs from left to right in fp32 and expf, powf, sinf, cosf are libm's own, called
through ctypes: logits then equal the C engine's bit by bit. Without it, NumPy sums and computes as it likes and the
logits agree to a few digits. Shares no code with the kernels.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.ggml_types import as_int8
from llmproc.checkpoints.weights import Floats, Int8Matrix, LayerWeights, Matrix, Q4Matrix, Weights
from llmproc.engine import libm

Float32 = npt.NDArray[np.float32]
EXACT = 1 << 24  # integers up to here are exact in float32, so their sums are exact in any order


class Reference:
    """A model with a KV cache of its own, for one sequence."""

    def __init__(
        self, description: ModelDescription, weights: Weights, c_order: bool = True, kv_type: str = "f32"
    ) -> None:
        """Choose the arithmetic.

        `c_order`: the C engine's order of sums and libm's functions, else NumPy's own. `kv_type`: f16 rounds what
        the cache holds."""
        self.description, self.weights, self.c_order = description, weights, c_order
        self._stored = np.float16 if kv_type == "f16" else np.float32
        shape = (description.n_layers, description.seq_len, description.n_kv_heads, description.head_dim)
        self._keys, self._values = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        self._grouped: dict[int, Float32] = {}  # id of int8 values -> the same, as float (groups, rows, group size)
        self._fours: dict[int, Int8Matrix] = {}  # id of 4-bit values -> the same as int8
        self._exp: Callable[[Float32], Float32] = libm.exp if c_order else np.exp

    def forward(self, token: int, position: int) -> Float32:
        """Return the logits (vocab_size,) after `token` at `position`; all positions before it must have been given."""
        if not (0 <= token < self.description.vocab_size and 0 <= position < self.description.seq_len):
            raise ValueError(f"token {token} at position {position} is out of range")
        with np.errstate(over="ignore", invalid="ignore", divide="ignore", under="ignore"):
            x = self._embed(token)
            for number, layer in enumerate(self.weights.layers):
                x = x + self._attention(self._norm(x, layer.attention_norm), number, layer, position)
                x = x + self._feed_forward(self._norm(x, layer.ffn_norm), layer)
            return self._times(self.weights.classifier, self._norm(x, self.weights.final_norm))

    def _embed(self, token: int) -> Float32:
        table = self._signed(self.weights.embedding)
        if isinstance(table, Int8Matrix):
            scales = np.repeat(table.scales[token], self.description.group_size)
            return table.values[token].astype(np.float32) * scales
        return table[token].astype(np.float32)

    def _sum(self, terms: Float32) -> Float32:
        """Return the sum over the last axis."""
        if not self.c_order:
            return np.asarray(terms.sum(axis=-1), np.float32)
        return np.add.accumulate(terms, axis=-1, dtype=np.float32)[..., -1] + np.float32(0)  # C starts at +0

    def _norm(self, x: Float32, weight: Float32) -> Float32:
        mean = self._sum(x * x) / np.float32(len(x)) + np.float32(self.description.norm_eps)
        return weight * ((np.float32(1) / np.sqrt(mean)) * x)

    def _times(self, matrix: Matrix, x: Float32) -> Float32:
        """Return matrix (rows, cols) times x (cols,)."""
        matrix = self._signed(matrix)
        if not isinstance(matrix, Int8Matrix):
            wide = matrix.astype(np.float32, copy=False)
            return self._sum(wide * x) if self.c_order else wide @ x
        group = self.description.group_size
        values, scales = quantise(x, group)
        terms = self._group_sums(matrix, values) * matrix.scales * scales  # (rows, groups)
        return self._sum(terms)

    def _signed(self, matrix: Matrix) -> Int8Matrix | Floats:
        """Return a 4-bit matrix as the int8 one of the same numbers, kept: `_group_sums` knows matrices by identity."""
        if not isinstance(matrix, Q4Matrix):
            return matrix
        key = id(matrix.values)
        if key not in self._fours:
            self._fours[key] = as_int8(matrix)
        return self._fours[key]

    def _group_sums(self, matrix: Int8Matrix, x: npt.NDArray[np.int8]) -> Float32:
        """Return (rows, groups): sums of products inside each group, exact, rounded once to float32."""
        group = self.description.group_size
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

    def _rotate(self, vectors: Float32, position: int) -> Float32:
        """Apply RoPE to interleaved pairs of vectors (heads, head_dim)."""
        size, theta = self.description.head_dim, np.float32(self.description.rope_theta)
        exponents = np.arange(0, size, 2, dtype=np.float32) / np.float32(size)
        powers = libm.power(theta, exponents) if self.c_order else np.power(theta, exponents)
        angles = np.float32(position) * (np.float32(1) / powers)
        cosine = libm.cos(angles) if self.c_order else np.cos(angles)
        sine = libm.sin(angles) if self.c_order else np.sin(angles)
        even, odd = vectors[:, 0::2], vectors[:, 1::2]
        return np.stack((even * cosine - odd * sine, even * sine + odd * cosine), axis=-1).reshape(vectors.shape)

    def _attention(self, x: Float32, number: int, layer: LayerWeights, position: int) -> Float32:
        d = self.description
        query = self._rotate(self._times(layer.wq, x).reshape(d.n_heads, d.head_dim), position)
        key = self._times(layer.wk, x).reshape(d.n_kv_heads, d.head_dim)
        self._keys[number, position] = self._rotate(key, position).astype(self._stored)
        value = self._times(layer.wv, x).reshape(d.n_kv_heads, d.head_dim)
        self._values[number, position] = value.astype(self._stored)
        mixed = []
        for head in range(d.n_heads):
            shared = head // (d.n_heads // d.n_kv_heads)
            keys, values = self._keys[number, : position + 1, shared], self._values[number, : position + 1, shared]
            scores = self._sum(keys * query[head]) / np.sqrt(np.float32(d.head_dim))
            shares = self._exp(scores - scores.max())
            shares = shares / self._sum(shares)
            mixed.append(self._sum((values * shares[:, None]).T))
        return self._times(layer.wo, np.concatenate(mixed))

    def _feed_forward(self, x: Float32, layer: LayerWeights) -> Float32:
        gate, up = self._times(layer.w1, x), self._times(layer.w3, x)
        one = np.float32(1)
        return self._times(layer.w2, gate * (one / (one + self._exp(-gate))) * up)


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
