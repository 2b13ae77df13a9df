"""One forward pass of a Llama-family model, kernel by kernel, in the C engine's order.

Serves `engine`. Tokens go through in blocks: a block reads the weights once, and gives every position the same bits as
if it had come alone. Reads like llama2.c's forward(); the arithmetic itself is in `kernels`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from llmproc import kernels
from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.weights import LayerWeights, Weights
from llmproc.engine.kv_cache import KVCache
from llmproc.engine.products import Float32Products, Int8Products, Products, TiledProducts
from llmproc.engine.shapes import check_weights
from llmproc.errors import RequestError
from llmproc.kernels.attention import attend, remember
from llmproc.kernels.pointwise import add, rmsnorm, rope, swiglu

Float32 = npt.NDArray[np.float32]
BLOCK = 16  # tokens per pass over the weights


class Transformer:
    """A model ready to run. Holds scratch memory: one thread at a time."""

    def __init__(self, description: ModelDescription, weights: Weights, tiled: bool = False) -> None:
        """Checks every array against the description (ValueError) and makes sure the kernels are compiled.

        `tiled`: int8 matrices have been through `arrange_weights`; the results are the same bits, sooner.
        """
        kernels.compile_all()
        check_weights(description, weights)
        self.description, self.weights = description, weights
        d, width = description, description.n_heads * description.head_dim
        int8 = d.weight_type == "int8"
        kind = TiledProducts if tiled else Int8Products
        self._products: Products = kind(d, BLOCK) if int8 else Float32Products()
        self._eps, self._theta = np.float32(d.norm_eps), np.float32(d.rope_theta)
        self._x = np.zeros((BLOCK, d.dim), np.float32)  # the residual stream
        self._branch = np.zeros((BLOCK, d.dim), np.float32)  # what is added to it
        self._query = np.zeros((BLOCK, width), np.float32)
        self._key = np.zeros((BLOCK, d.kv_dim), np.float32)
        self._value = np.zeros((BLOCK, d.kv_dim), np.float32)
        self._mixed = np.zeros((BLOCK, width), np.float32)  # attention output
        self._gate = np.zeros((BLOCK, d.hidden_dim), np.float32)
        self._up = np.zeros((BLOCK, d.hidden_dim), np.float32)
        self._scores = np.zeros(d.seq_len, np.float32)

    def new_cache(self) -> KVCache:
        """Memory for the keys and values of one sequence."""
        return KVCache(self.description)

    def forward(self, token: int, position: int, cache: KVCache) -> Float32:
        """Logits (vocab_size,) after `token` at `position`; positions before it must be in the cache."""
        x = self._block([token], position, cache)
        rmsnorm(x, x, self.weights.final_norm, self._eps)
        self._products.take(x)
        logits = np.empty((1, self.description.vocab_size), np.float32)
        self._products.times(logits, self.weights.classifier)
        return logits[0]

    def prefill(self, tokens: Sequence[int], position: int, cache: KVCache) -> None:
        """Put tokens at `position` and after it into the cache, without computing logits."""
        for start in range(0, len(tokens), BLOCK):
            self._block(tokens[start : start + BLOCK], position + start, cache)

    def _block(self, tokens: Sequence[int], position: int, cache: KVCache) -> Float32:
        """Run at most BLOCK tokens through all layers; returns the residual stream (tokens, dim)."""
        d, count = self.description, len(tokens)
        if position < 0 or position + count > d.seq_len:
            raise RequestError(f"positions {position}..{position + count - 1}: the context holds {d.seq_len}")
        if not all(0 <= token < d.vocab_size for token in tokens):
            raise RequestError(f"token ids must be 0..{d.vocab_size - 1}")
        x = self._x[:count]
        self._products.embed(x, np.array(tokens, np.int64), self.weights.embedding)
        for number, layer in enumerate(self.weights.layers):
            self._attention(x, layer, position, cache.keys[number], cache.values[number])
            self._feed_forward(x, layer)
        return x

    def _attention(self, x: Float32, layer: LayerWeights, position: int, keys: Float32, values: Float32) -> None:
        """x += wo (attention over all positions up to each row's own)."""
        count, head_dim, products = len(x), self.description.head_dim, self._products
        branch, query, key, value = (buffer[:count] for buffer in (self._branch, self._query, self._key, self._value))
        mixed = self._mixed[:count]
        rmsnorm(branch, x, layer.attention_norm, self._eps)
        products.take(branch)
        products.times(query, layer.wq)
        products.times(key, layer.wk)
        products.times(value, layer.wv)
        rope(query, key, position, head_dim, self._theta)
        remember(keys, values, key, value, position)
        attend(mixed, query, keys, values, position, head_dim, self._scores)
        products.take(mixed)
        products.times(branch, layer.wo)
        add(x, branch)

    def _feed_forward(self, x: Float32, layer: LayerWeights) -> None:
        """x += w2 (silu(w1 x) * w3 x)."""
        count, products = len(x), self._products
        branch, gate, up = self._branch[:count], self._gate[:count], self._up[:count]
        rmsnorm(branch, x, layer.ffn_norm, self._eps)
        products.take(branch)
        products.times(gate, layer.w1)
        products.times(up, layer.w3)
        swiglu(gate, up)
        products.take(gate)
        products.times(branch, layer.w2)
        add(x, branch)
