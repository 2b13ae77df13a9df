"""Everything a forward pass works in: the records that kernels read, and the buffers those name.

Serves `forward`. Filled once; between steps only the arrays listed in `Workspace` change. Sizes follow from the model,
the most tokens of a step, the ranks and the pages; nothing here computes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from llmproc.config import EngineOptions
from llmproc.engine.batch import PAGE
from llmproc.engine.memory import Buffers
from llmproc.engine.packing import LINE, Packing, Place, padded
from llmproc.kernels.attention import CHUNK, ROWS, scratch_bytes
from llmproc.kernels.kinds import QUANTISED
from llmproc.kernels.records import LAYER, MODEL, SPAN, STEP, TOKEN
from llmproc.kernels.trace import RING_BYTES
from llmproc.kernels.work import COUNTERS, FEW
from llmproc.simd.barrier import BARRIER_BYTES
from llmproc.simd.dot import ACTIVATION_BYTES
from llmproc.simd.types import LANES

Float32 = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Model:
    """What all workers share: the packed weights, and the angles of the rotation."""

    packing: Packing
    memory: npt.NDArray[np.uint8]
    angles: Float32  # (context, 2 * head_dim), as kernels.rotation fills them
    context: int


class Workspace:
    """The memory of one forward pass; kernels see it as `arguments`."""

    def __init__(
        self, model: Model, options: EngineOptions, pages: int, ranks: int, leads: bool, buffers: Buffers
    ) -> None:
        """`pages`: of the KV pool; `leads`: the caller is one of the `ranks`."""
        self.packing, self.description, self.context = model.packing, model.packing.description, model.context
        self.most = max(options.batch_tokens, options.sequences) + options.sequences  # tokens of a step
        self.group = self.description.n_heads // self.description.n_kv_heads  # heads that share keys and values
        self.half = options.kv_type == "f16"
        self._options, self._ranks, self._take = options, ranks, buffers.take
        record = np.zeros(1, MODEL)
        self._shape(record[0])
        layers = self._weights(record[0], model)
        self._keys_and_values(record[0], pages)
        self._activations(record[0])
        self._inputs(record[0])
        self._scratch(record[0])
        self._team(record[0], leads)
        self.step, self.tokens = np.zeros(1, STEP), np.zeros(self.most, TOKEN)
        self.spans, self.outputs = np.zeros(options.sequences, SPAN), np.zeros(options.sequences, np.int64)
        self._token_words = self.tokens.view(np.int64).reshape(self.most, -1)
        self._span_words = self.spans.view(np.int64).reshape(options.sequences, -1)
        per_table = -(-self.context // PAGE)
        self.table_address, memory = self._take(8 * per_table * options.sequences)
        self.tables = memory.view(np.int64).reshape(options.sequences, per_table)
        self.arguments: tuple[Any, ...] = (record, layers, self.step, self.tokens, self.spans, self.outputs)

    def fill(
        self,
        ids: list[int],
        positions: list[int],
        addresses: list[int],
        spans: Sequence[tuple[int, ...]],
        outputs: list[int],
    ) -> None:
        """Write the tokens of a step, its chunks (in the order of SPAN) and the tokens whose logits are wanted.

        A few assignments for all, each a microsecond or two, where one for every field of every token was a hundred.
        """
        words = self._token_words[: len(ids)]
        words[:, 0], words[:, 1], words[:, 2] = ids, positions, addresses
        self._span_words[: len(spans)] = spans
        self.outputs[: len(outputs)] = outputs

    def _shape(self, m: Any) -> None:
        d = self.description
        m["dim"], m["hidden"], m["width"], m["kv_dim"] = d.dim, d.hidden_dim, d.n_heads * d.head_dim, d.kv_dim
        m["heads"], m["kv_heads"], m["head_dim"], m["head_pad"] = (
            d.n_heads,
            d.n_kv_heads,
            d.head_dim,
            padded(d.head_dim),
        )
        m["group"] = d.group_size if self.packing.kind in QUANTISED else 1
        m["eps"], m["c_order"], m["kv_half"] = d.norm_eps, self._options.c_order, self.half
        m["score_scale"] = 1 / np.sqrt(np.float32(d.head_dim)) if self.half else 1

    def _weights(self, m: Any, model: Model) -> npt.NDArray[np.void]:
        base, packing = model.memory.ctypes.data, self.packing
        m["embedding"], m["classifier"] = _matrix(base, packing.embedding), _matrix(base, packing.classifier)
        m["final_norm"] = base + packing.norms["final_norm", None]
        m["rope"] = model.angles.ctypes.data
        layers = np.zeros(self.description.n_layers, LAYER)
        for number, places in enumerate(packing.layers):
            for name, place in places.items():
                layers[number][name] = _matrix(base, place)
            for name in ("attention_norm", "ffn_norm"):
                layers[number][name] = base + packing.norms[name, number]
        return layers

    def _keys_and_values(self, m: Any, pages: int) -> None:
        d, size = self.description, 2 if self.half else 4
        m["value_offset"] = d.head_dim * PAGE * size
        m["head_bytes"] = m["value_offset"] + PAGE * padded(d.head_dim) * size
        m["layer_bytes"] = m["head_bytes"] * d.n_kv_heads
        m["page_bytes"] = self.page_bytes = int(m["layer_bytes"]) * d.n_layers
        self.pool, self.pool_bytes = self._take(pages * self.page_bytes)
        m["pool"] = self.pool

    def _activations(self, m: Any) -> None:
        """What is float32, one row per token."""
        d, tokens, take = self.description, self.most, self._take
        width = d.n_heads * d.head_dim
        m["x_stride"], m["mixed_stride"], m["hidden_stride"] = _stride(d.dim), _stride(width), _stride(d.hidden_dim)
        m["x"], _ = take(int(m["x_stride"]) * tokens)
        m["mixed"], _ = take(int(m["mixed_stride"]) * tokens)
        m["gate"], _ = take(int(m["hidden_stride"]) * tokens)
        m["up"], _ = take(int(m["hidden_stride"]) * tokens)
        m["qkv_stride"] = _stride(padded(width) + 2 * padded(d.kv_dim))
        m["k_offset"], m["v_offset"] = 4 * padded(width), 4 * (padded(width) + padded(d.kv_dim))
        m["qkv"], _ = take(int(m["qkv_stride"]) * tokens + LINE)  # the last head's values are read in whole vectors
        m["queries_stride"] = 4 * d.head_dim * (tokens * self.group + ROWS)
        m["queries"], _ = take(int(m["queries_stride"]) * d.n_kv_heads)
        m["logits_stride"] = _stride(d.vocab_size)
        m["logits"], memory = take(int(m["logits_stride"]) * self._options.sequences)
        self.logits: Float32 = memory.view(np.float32).reshape(self._options.sequences, -1)

    def _inputs(self, m: Any) -> None:
        """What products read: of all tokens, of few tokens for each rank, of the hidden layer."""
        d, columns = self.description, max(self.description.dim, self.description.n_heads * self.description.head_dim)
        m["scales_offset"], m["offsets_offset"], total = self._input(columns, self.most)
        m["shared"], _ = self._take(total)
        m["own_scales"], m["own_offsets"], m["own_bytes"] = self._input(columns, FEW)
        m["own"], _ = self._take(int(m["own_bytes"]) * self._ranks)
        m["hidden_scales"], m["hidden_offsets"], total = self._input(d.hidden_dim, self.most)
        m["hidden_in"], _ = self._take(total)

    def _input(self, columns: int, count: int) -> tuple[int, int, int]:
        """(where scales begin, where offsets begin, bytes) for `count` tokens."""
        quantised = self.packing.kind in QUANTISED
        size, group = (ACTIVATION_BYTES, self.description.group_size) if quantised else (4, 1)
        values = -(-padded(columns) * size * count // LINE) * LINE
        scales = -(-columns // group * 4 * count // LINE) * LINE
        return values, values + scales, values + 2 * scales

    def _scratch(self, m: Any) -> None:
        d, head_pad = self.description, padded(self.description.head_dim)
        scratch = max(scratch_bytes(head_pad, self.context), 4 * padded(d.dim), 4 * head_pad + LINE)
        m["scratch_bytes"] = -(-scratch // LINE) * LINE
        m["scratch"], _ = self._take(int(m["scratch_bytes"]) * self._ranks)
        m["partial_row"] = 4 * (head_pad + LANES)
        chunks = (self.context // CHUNK + 1) * self._options.sequences
        m["partial"], _ = self._take(int(m["partial_row"]) * d.n_heads * chunks)

    def _team(self, m: Any, leads: bool) -> None:
        m["ranks"], m["at_gate"] = self._ranks, self._ranks + (not leads)
        address, _ = self._take(3 * BARRIER_BYTES)
        m["barrier"], m["gate_barrier"], m["done_barrier"] = (address + i * BARRIER_BYTES for i in range(3))
        if self._options.traced:
            m["trace"], memory = self._take(RING_BYTES * self._ranks)
            self.rings = memory.reshape(self._ranks, RING_BYTES)
        m["counters"], memory = self._take(4 * COUNTERS * (self.description.n_layers + 1))
        self.counters = memory.view(np.int32)


def _stride(columns: int) -> int:
    """Bytes from one token's float32 row to the next's: never a multiple of 1 KiB, where rows share cache sets."""
    nbytes = 4 * padded(columns)
    return nbytes + LINE if nbytes % 1024 == 0 else nbytes


def _matrix(base: int, place: Place) -> tuple[int, int, int]:
    return base + place.values, base + place.scales, place.tiles
