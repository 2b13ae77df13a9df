"""Everything a forward pass works in: the records that kernels read, and the buffers those name.

Used by `forward`. Filled once, each group of `kernels.records.MODEL` by one function; between steps only the arrays
listed in `Workspace` change. Sizes follow from the model, the most tokens of a step, the ranks and the pages.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.tensors import LAYER_MATRICES
from llmproc.config import EngineOptions
from llmproc.engine.batch import PAGE
from llmproc.engine.memory import Buffers
from llmproc.engine.packing import Packing, padded
from llmproc.engine.pages import pages_for
from llmproc.kernels.calls import code_address
from llmproc.kernels.entries import embed_name, multiply_name
from llmproc.kernels.kinds import FLOATS, HALF_SHIFTS, INTEGERS, SHIFTS
from llmproc.kernels.records import LAYER, MODEL, RING_BYTES, SPAN, STEP, TOKEN
from llmproc.kernels.sizes import CHUNK, FEW, LAST_PHASE, LAYER_PHASES, ROWS, scratch_bytes, team_bytes
from llmproc.simd.layout import ACTIVATION_BYTES, LANES, LINE

Float32 = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]
Allocate = Callable[[int], tuple[int, Bytes]]  # `Buffers.allocate`
Values = dict[str, Any]  # of one group of the model's record
NO_WINDOW = 1 << 40  # positions: more than any context
# which matrices read the same input, by the field of LAYER that says how
READERS = {
    "reads_normed": ("wq", "wk", "wv"), "reads_mixed": ("wo",), "reads_ffn": ("w1", "w3"), "reads_hidden": ("w2",),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Model:
    """The parts of a model that all workers share: the packed weights, and the angles of the rotation."""

    packing: Packing
    memory: npt.NDArray[np.uint8]
    angles: Float32  # (context, 2 * head_dim), as kernels.rotation fills them
    context: int


@dataclass(frozen=True, slots=True)
class Size:
    """The numbers that buffers are sized by."""

    description: ModelDescription
    reads: int  # what products of all matrices read, as `kernels.kinds` has it
    activation_group: int
    context: int  # positions of a sequence
    sequences: int
    tokens: int  # of a step, at most
    pages: int  # of the KV pool
    ranks: int
    half: bool  # whether keys and values are half precision

    @property
    def width(self) -> int:
        """Return the width of all heads of a position; it need not be `dim`."""
        return self.description.n_heads * self.description.head_dim

    @property
    def group(self) -> int:
        """Return the number of heads that share keys and values."""
        return self.description.n_heads // self.description.n_kv_heads

    @property
    def head_pad(self) -> int:
        """Return the dimensions of a head, padded to whole vectors."""
        return padded(self.description.head_dim)


class Workspace:
    """The memory of one forward pass; kernels are given the address of its `record`."""

    def __init__(self, model: Model, options: EngineOptions, pages: int, ranks: int, buffers: Buffers) -> None:
        """Allocate and fill everything. `pages`: of the KV pool. ValueError for more layers than a ticket can name."""
        packing, description = model.packing, model.packing.description
        self.most = max(options.batch_tokens, options.sequences) + options.sequences  # tokens of a step
        self.half = options.kv_type == "f16"
        allocate = buffers.allocate
        size = Size(
            description, packing.reads, packing.group, model.context, options.sequences, self.most, pages, ranks,
            self.half,
        )  # fmt: skip
        self.group = size.group
        self.record, self._layers = np.zeros(1, MODEL), _layers(model)
        self.step, self.tokens = _shared(1, STEP, allocate), _shared(self.most, TOKEN, allocate)
        self.spans = _shared(options.sequences, SPAN, allocate)
        self.outputs = _shared(options.sequences, np.dtype(np.int64), allocate)
        self._token_words = self.tokens.view(np.int64).reshape(self.most, -1)
        self._span_words = self.spans.view(np.int64).reshape(options.sequences, -1)
        cache, self.pool_bytes = _cache(size, allocate)
        rows, self.logits = _rows(size, allocate)
        team, self.team_words, self.rings = _team(size, options.traced, allocate)
        places = {name: getattr(self, name).ctypes.data for name in ("step", "tokens", "spans", "outputs")}
        _fill(self.record[0], "sizes", _sizes(size))
        _fill(self.record[0], "arithmetic", _arithmetic(size, options.c_order))
        _fill(self.record[0], "weights", _weights(model, self._layers))
        _fill(self.record[0], "cache", cache)
        _fill(self.record[0], "rows", rows)
        _fill(self.record[0], "inputs", _inputs(size, allocate))
        _fill(self.record[0], "work", _work(size, allocate))
        _fill(self.record[0], "team", team)
        _fill(self.record[0], "places", places)
        self.address: int = self.record.ctypes.data
        self.pool, self.page_bytes = cache["pool"], cache["page_bytes"]
        per_table = pages_for(model.context)
        self.table_address, memory = allocate(8 * per_table * options.sequences)
        self.tables = memory.view(np.int64).reshape(options.sequences, per_table)

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


def _fill(record: Any, group: str, values: Values) -> None:
    """Write one group of the model's record. ValueError when a field is missing or unknown."""
    target = record[group]
    if set(target.dtype.names) != set(values):
        raise ValueError(f"{group} has the fields {target.dtype.names}, not {tuple(values)}")
    for name, value in values.items():
        target[name] = value


def _sizes(size: Size) -> Values:
    d = size.description
    return {
        "dim": d.dim, "hidden": d.hidden_dim, "width": size.width, "kv_dim": d.kv_dim,
        "heads": d.n_heads, "kv_heads": d.n_kv_heads, "head_dim": d.head_dim, "head_pad": size.head_pad,
        "group": size.activation_group,
    }  # fmt: skip


def _arithmetic(size: Size, c_order: bool) -> Values:
    """Return the constants. Scores of a float32 cache are divided by the root of head_dim later, as in C.

    A residual stream divided by the multiplier of what is added to it needs no such multiplication: norms look at its
    direction alone, up to their epsilon. That of logits is part of the last norm (`filling`).
    """
    d, m = size.description, size.description.features.multipliers
    root = np.sqrt(np.float32(d.head_dim))
    scale = 1 / root if m.attention is None else np.float32(m.attention)
    if not size.half:
        scale = np.float32(1) if m.attention is None else scale * root
    return {
        "eps": d.norm_eps / m.residual**2, "score_scale": scale, "embedding_scale": m.embedding / m.residual,
        "c_order": c_order,
    }  # fmt: skip


def _layers(model: Model) -> npt.NDArray[np.void]:
    packing, features = model.packing, model.packing.description.features
    layers = np.zeros(packing.description.n_layers, LAYER)
    for number, layer in enumerate(layers):
        for name in LAYER_MATRICES:
            layer[name] = _matrix(model, name, number)
        for name in ("attention_norm", "ffn_norm", "q_norm", "k_norm"):
            layer[name] = _vector(model, name, number)
        for field, names in READERS.items():
            for name in names:
                layer[field] |= packing.matrices[name, number].reads
        if number not in features.no_rope_layers:
            layer["rope"], layer["rope_stride"] = model.angles.ctypes.data, model.angles.strides[0]
        window = features.windows[number] if features.windows else 0
        layer["window"] = window or NO_WINDOW
    return layers


def _weights(model: Model, layers: npt.NDArray[np.void]) -> Values:
    packing = model.packing
    return {
        "embedding": _matrix(model, "embedding", None), "classifier": _matrix(model, "classifier", None),
        "embed": code_address(embed_name(packing.matrices["embedding", None].tiles.kind)),
        "reads_final": packing.matrices["classifier", None].reads, "final_norm": _vector(model, "final_norm", None),
        "layers": layers.ctypes.data, "layer_count": len(layers),
    }  # fmt: skip


def _matrix(model: Model, name: str, layer: int | None) -> tuple[int, ...]:
    """Return the fields of a MATRIX."""
    base, place = model.memory.ctypes.data, model.packing.matrices[name, layer]
    group = place.tiles.group
    return (
        base + place.values, base + place.scales, place.count, *place.tile_bytes, place.columns // group, group,
        code_address(multiply_name(place.tiles.kind)), _vector(model, name, layer, "bias"),
    )  # fmt: skip


def _vector(model: Model, name: str, layer: int | None, part: str = "weight") -> int:
    """Return the address of a norm or a bias, 0 when there is none."""
    offset = model.packing.vectors.get((name, layer, part))
    return 0 if offset is None else model.memory.ctypes.data + offset


def _cache(size: Size, allocate: Allocate) -> tuple[Values, Bytes]:
    """Allocate the KV pool; returns its bytes too."""
    d, number = size.description, 2 if size.half else 4
    values = d.head_dim * PAGE * number
    head = values + PAGE * size.head_pad * number
    layer = head * d.n_kv_heads
    page = layer * d.n_layers
    pool, memory = allocate(size.pages * page)
    found = {"pool": pool, "page_bytes": page, "layer_bytes": layer, "head_bytes": head, "value_offset": values}
    return found | {"kv_half": size.half}, memory


def _rows(size: Size, allocate: Allocate) -> tuple[Values, Float32]:
    """Allocate what is float32, one row per token; returns the logits (sequences, padded vocabulary) too."""
    d, width = size.description, size.width

    def rows(stride: int, more: int = 0) -> int:
        return allocate(stride * size.tokens + more)[0]

    stride = {name: _stride(columns) for name, columns in (("x", d.dim), ("mixed", width), ("hidden", d.hidden_dim))}
    stride["qkv"] = _stride(padded(width) + 2 * padded(d.kv_dim))
    stride["queries"] = 4 * d.head_dim * (size.tokens * size.group + ROWS)  # from one KV head's to the next's
    stride["logits"] = _stride(d.vocab_size)
    logits, memory = allocate(stride["logits"] * size.sequences)
    found: Values = {f"{name}_stride": value for name, value in stride.items()}
    found |= {"x": rows(stride["x"]), "mixed": rows(stride["mixed"]), "logits": logits}
    found |= {"gate": rows(stride["hidden"]), "up": rows(stride["hidden"])}
    found |= {"qkv": rows(stride["qkv"], LINE)}  # the last head's values are read in whole vectors
    found |= {"k_offset": 4 * padded(width), "v_offset": 4 * (padded(width) + padded(d.kv_dim))}
    found |= {"queries": allocate(stride["queries"] * d.n_kv_heads)[0]}
    return found, memory.view(np.float32).reshape(size.sequences, -1)


def _inputs(size: Size, allocate: Allocate) -> Values:
    """Allocate what products read: of all tokens, of few tokens for each rank, of the hidden layer."""
    d, columns = size.description, max(size.description.dim, size.width)
    return {
        "shared": _input(size, columns, size.tokens, 1, allocate),
        "own": _input(size, columns, FEW, size.ranks, allocate),
        "hidden": _input(size, d.hidden_dim, size.tokens, 1, allocate),
    }


def _input(size: Size, columns: int, tokens: int, count: int, allocate: Allocate) -> tuple[int, ...]:
    """Allocate `count` records INPUT, each for `tokens` tokens, as far as any product reads them; return the fields."""
    groups = 4 * -(-columns // size.activation_group) * tokens
    parts = (
        (INTEGERS, padded(columns) * ACTIVATION_BYTES * tokens), (FLOATS, 4 * padded(columns) * tokens),
        (INTEGERS, groups), (INTEGERS, groups), (SHIFTS, groups), (HALF_SHIFTS, 2 * groups),
    )  # fmt: skip
    places, total = [], 0
    for wanted, nbytes in parts:
        places.append(total)
        total += _lines(nbytes) if size.reads & wanted else 0
    return allocate(total * count)[0], *places[1:], total


def _work(size: Size, allocate: Allocate) -> Values:
    """Allocate the scratch of each rank, and the partial results of attention."""
    d, head_pad = size.description, size.head_pad
    scratch = _lines(max(scratch_bytes(head_pad, size.context), 4 * padded(d.dim), 8 * head_pad + LINE))
    row, chunks = 4 * (head_pad + LANES), (size.context // CHUNK + 1) * size.sequences
    return {
        "scratch": allocate(scratch * size.ranks)[0], "scratch_bytes": scratch,
        "partial": allocate(row * d.n_heads * chunks)[0], "partial_row": row,
    }  # fmt: skip


def _team(size: Size, traced: bool, allocate: Allocate) -> tuple[Values, npt.NDArray[np.int32], Bytes]:
    """Allocate what ranks agree by; returns its words and rings of a trace (ranks, RING_BYTES) too."""
    if (size.description.n_layers + 1) * LAYER_PHASES > LAST_PHASE:
        raise ValueError(f"{size.description.n_layers} layers: a step can have {LAST_PHASE // LAYER_PHASES - 1}")
    words, memory = allocate(team_bytes(size.ranks))
    trace, rings = allocate(RING_BYTES * size.ranks) if traced else (0, np.zeros(0, np.uint8))
    return {"words": words, "trace": trace}, memory.view(np.int32), rings.reshape(-1, RING_BYTES)


def _shared(count: int, dtype: np.dtype[Any], allocate: Allocate) -> npt.NDArray[Any]:
    """Allocate an array that changes from step to step: ranks may be processes."""
    return allocate(count * dtype.itemsize)[1].view(dtype)


def _stride(columns: int) -> int:
    """Return the bytes from one token's row to the next's: never a multiple of 1 KiB, where rows share cache sets."""
    nbytes = 4 * padded(columns)
    return nbytes + LINE if nbytes % 1024 == 0 else nbytes


def _lines(nbytes: int) -> int:
    """Round up to the bytes of whole cache lines."""
    return -(-nbytes // LINE) * LINE
