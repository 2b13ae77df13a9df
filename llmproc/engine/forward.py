"""The forward pass: fills the records that `kernels.forward` reads, keeps the memory they name, and the team of ranks.

Serves `engine` and `service`. `run` is what a step costs outside the kernels: a few arrays are filled and the gate is
opened. The ranks are threads that stay in compiled code (no GIL) and sleep on a futex when nothing is to do.
"""

from __future__ import annotations

import mmap
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from llmproc import kernels
from llmproc.config import EngineOptions
from llmproc.engine.batch import PAGE, Chunk
from llmproc.engine.packing import LINE, Packing, Place, padded
from llmproc.errors import RequestError
from llmproc.kernels import kinds
from llmproc.kernels.attention import CHUNK, ROWS, scratch_bytes
from llmproc.kernels.forward import COUNTERS, FEW, SERVE, dismiss, start_and_wait
from llmproc.kernels.kinds import QUANTISED
from llmproc.kernels.records import LAYER, MODEL, SPAN, STEP, TOKEN
from llmproc.kernels.trace import RECORDS, RING_BYTES, TRACE
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


def variant_of(kind: int, traced: bool) -> str:
    """The kernels' variant that a model of this kind needs."""
    return kinds.NAMES[kind] + ("_traced" if traced else "")


class Buffers:
    """Zeroed memory for kernels, each buffer on cache lines of its own; all of it is kept as long as this is.

    `guard`, for tests: each ends where memory nobody may touch begins, so that an access past its end is a SIGSEGV.
    """

    def __init__(self, guard: Callable[[int], None] | None = None) -> None:
        """`guard(address)` forbids all access to the page of memory at an address."""
        self._kept: list[mmap.mmap] = []
        self._guard, self.nbytes = guard, 0

    def take(self, nbytes: int) -> tuple[int, npt.NDArray[np.uint8]]:
        """(address, bytes). Kernels touch nothing else."""
        size = -(-max(1, nbytes) // mmap.PAGESIZE) * mmap.PAGESIZE
        memory = mmap.mmap(-1, size + (mmap.PAGESIZE if self._guard else 0))
        self._kept.append(memory)
        self.nbytes += nbytes
        array = np.frombuffer(memory, np.uint8)
        start = size - nbytes if self._guard else 0
        if self._guard:
            self._guard(array.ctypes.data + size)
        return array.ctypes.data + start, array[start : start + nbytes]


class Forward:
    """A model over a pool of pages. One thread at a time calls it; a `ForwardPass`."""

    def __init__(self, model: Model, options: EngineOptions, pages: int, buffers: Buffers | None = None) -> None:
        """`pages`: of the KV pool; `buffers`: where its memory comes from. Starts the team; `close` ends it.

        The kernels must be there (`compile_all`).
        """
        kernels.compile_all(variant=variant_of(model.packing.kind, options.traced))
        self.options, self.context, self.pages = options, model.context, pages
        self.description = model.packing.description
        self._model, self._buffers = model, buffers or Buffers()
        self._serve = SERVE[model.packing.kind, options.traced]
        self._most = max(options.batch_tokens, options.sequences) + options.sequences
        self.threads = 1 if options.threads is None else options.threads
        self._leads = options.leads or self.threads == 0
        self._records()
        self._team = [threading.Thread(target=self._rank, args=(r,), daemon=True) for r in self._followers()]
        for thread in self._team:
            thread.start()

    @property
    def vocab_size(self) -> int:
        """See ForwardPass."""
        return self.description.vocab_size

    def run(self, chunks: Sequence[Chunk]) -> Float32:
        """See ForwardPass. RequestError for ids, positions or pages that kernels must never see."""
        step, count, outputs = self._step, 0, 0
        if len(chunks) > len(self._spans):
            raise RequestError(f"{len(chunks)} chunks: there is room for {len(self._spans)} sequences")
        tables, items, split = 0, 0, 0
        for number, chunk in enumerate(chunks):
            n, position = len(chunk.tokens), chunk.position
            needed = -(-(position + n) // PAGE)
            self._check(chunk, n, needed, count)
            table = self._tables[number]
            known = self._table_pages[number]
            if known[:needed] != chunk.pages[:needed]:
                self._check_pages(chunk.pages[:needed])
                table[:needed] = chunk.pages[:needed]
                table[:needed] *= self._page_bytes
                table[:needed] += self._pool
                self._table_pages[number] = list(chunk.pages[:needed])
            address = self._table_address + number * table.nbytes
            rows = self._tokens[count : count + n]
            rows["id"] = chunk.tokens
            rows["position"] = range(position, position + n) if n > 1 else position
            rows["table"] = address
            slot = -1
            blocks = n * self._group if not self._half else -(-n * self._group // ROWS)
            if n == 1 and self._half and position >= CHUNK:
                slot, split = tables, 1
                tables += position // CHUNK + 1
                blocks *= position // CHUNK + 1
            items += blocks * self.description.n_kv_heads
            self._spans[number] = (count, n, position, address, items, slot)
            count += n
            if chunk.logits:
                self._outputs[outputs] = count - 1
                outputs += 1
        step[0] = (count, len(chunks), outputs, split, 0, 0, step[0]["number"] + 1)
        self._go()
        return self._logits[:outputs, : self.vocab_size]

    def matmuls(self, tokens: int, outputs: int) -> None:
        """Only the matrix products of steps over `tokens` ids and `outputs` rows of logits, for bench."""
        if not 0 <= outputs <= self.options.sequences:
            raise ValueError(f"{outputs} rows of logits: at most {self.options.sequences}")
        for start in range(0, tokens, self.options.batch_tokens):
            count = min(self.options.batch_tokens, tokens - start)
            rows = outputs if start + count == tokens else 0
            self._step[0] = (count, 0, rows, 0, 0, 1, self._step[0]["number"] + 1)
            self._go()

    def _go(self) -> None:
        self._counters[:] = 0
        if self._leads:
            self._serve(*self._arguments, 0, 1)
        else:
            start_and_wait(self._arguments[0])

    def wipe(self, pages: Sequence[int]) -> None:
        """See ForwardPass."""
        for page in pages:
            self._pool_bytes[page * self._page_bytes : (page + 1) * self._page_bytes] = 0

    def trace(self) -> list[npt.NDArray[np.void]]:
        """Per rank the last records of `kernels.trace`, oldest first. ValueError when the options asked for none."""
        if not self.options.traced:
            raise ValueError("no trace is kept: EngineOptions.traced is off")
        found = []
        for ring in self._rings:
            count, records = int(ring[:8].view(np.int64)[0]), ring[8:].view(TRACE)
            kept = records[:count] if count <= RECORDS else np.roll(records, -(count % RECORDS))
            found.append(kept.copy())
        return found

    def close(self) -> None:
        """End the ranks. Nothing may be run afterwards."""
        if self._team:
            self._step[0]["stop"] = 1
            dismiss(self._arguments[0])
            for thread in self._team:
                thread.join()
            self._team = []

    def __enter__(self) -> Forward:
        return self

    def __exit__(self, *details: object) -> None:
        self.close()

    def _followers(self) -> range:
        """Ranks with a thread of their own: all but the caller's, if it is one."""
        return range(1 if self._leads else 0, max(1, self.threads) if self.threads else 1)

    def _rank(self, rank: int) -> None:
        task = threading.get_native_id()
        with suppress(OSError):  # a name is only for those who look
            Path(f"/proc/self/task/{task}/comm").write_text(f"rank-{rank}")
        self._serve(*self._arguments, rank, 0)

    def _check(self, chunk: Chunk, n: int, needed: int, count: int) -> None:
        if n < 1 or count + n > self._most or chunk.position < 0 or chunk.position + n > self.context:
            raise RequestError(f"{n} tokens at position {chunk.position}: the context holds {self.context}")
        if min(chunk.tokens) < 0 or max(chunk.tokens) >= self.vocab_size:
            raise RequestError(f"token ids must be 0..{self.vocab_size - 1}")
        if needed > len(chunk.pages):
            raise RequestError(f"{len(chunk.pages)} pages cannot hold {chunk.position + n} positions")

    def _check_pages(self, pages: Sequence[int]) -> None:
        if min(pages) < 0 or max(pages) >= self.pages:
            raise RequestError(f"pages must be 0..{self.pages - 1}")

    def _records(self) -> None:
        d, packing, take = self.description, self._model.packing, self._buffers.take
        options, tokens, quantised = self.options, self._most, packing.kind in QUANTISED
        ranks = max(1, self.threads)
        base = self._model.memory.ctypes.data
        width, head_pad = d.n_heads * d.head_dim, padded(d.head_dim)
        self._group, self._half = d.n_heads // d.n_kv_heads, options.kv_type == "f16"
        kv_bytes = 2 if self._half else 4
        group = d.group_size if quantised else 1
        model = np.zeros(1, MODEL)
        m = model[0]
        m["dim"], m["hidden"], m["width"], m["kv_dim"] = d.dim, d.hidden_dim, width, d.kv_dim
        m["heads"], m["kv_heads"], m["head_dim"], m["group"] = d.n_heads, d.n_kv_heads, d.head_dim, group
        m["eps"], m["c_order"], m["kv_half"], m["head_pad"] = d.norm_eps, options.c_order, self._half, head_pad
        m["score_scale"] = 1 / np.sqrt(np.float32(d.head_dim)) if self._half else 1
        m["embedding"], m["classifier"] = _matrix(base, packing.embedding), _matrix(base, packing.classifier)
        m["final_norm"] = base + packing.norms["final_norm", None]
        m["rope"] = self._model.angles.ctypes.data
        layers = np.zeros(d.n_layers, LAYER)
        for number, places in enumerate(packing.layers):
            for name, place in places.items():
                layers[number][name] = _matrix(base, place)
            for name in ("attention_norm", "ffn_norm"):
                layers[number][name] = base + packing.norms[name, number]
        # keys and values
        m["value_offset"] = d.head_dim * PAGE * kv_bytes
        m["head_bytes"] = m["value_offset"] + PAGE * head_pad * kv_bytes
        m["layer_bytes"] = m["head_bytes"] * d.n_kv_heads
        m["page_bytes"] = self._page_bytes = int(m["layer_bytes"]) * d.n_layers
        self._pool, self._pool_bytes = take(self.pages * self._page_bytes)
        m["pool"] = self._pool
        # activations
        rows = {"x": padded(d.dim), "mixed": padded(width), "logits": padded(d.vocab_size)}
        counts = {"x": tokens, "mixed": tokens, "logits": options.sequences}
        for name, columns in rows.items():
            stride = _stride(columns)
            m[name], memory = take(stride * counts[name])
            m[f"{name}_stride"] = stride
            if name == "logits":
                self._logits = memory.view(np.float32).reshape(-1, stride // 4)
        qkv = padded(width) + 2 * padded(d.kv_dim)
        m["qkv"], _ = take(_stride(qkv) * tokens + LINE)  # the last head's values are read in whole vectors
        m["qkv_stride"], m["k_offset"] = _stride(qkv), 4 * padded(width)
        m["v_offset"] = m["k_offset"] + 4 * padded(d.kv_dim)
        m["queries_stride"] = 4 * d.head_dim * (tokens * self._group + ROWS)
        m["queries"], _ = take(int(m["queries_stride"]) * d.n_kv_heads)
        m["hidden_stride"] = _stride(d.hidden_dim)
        m["gate"], _ = take(int(m["hidden_stride"]) * tokens)
        m["up"], _ = take(int(m["hidden_stride"]) * tokens)
        # what products read
        size = ACTIVATION_BYTES if quantised else 4

        def inputs(columns: int, count: int) -> tuple[int, int, int]:
            values = -(-padded(columns) * size * count // LINE) * LINE
            scales = -(-columns // group * 4 * count // LINE) * LINE
            return values, values + scales, values + 2 * scales

        m["scales_offset"], m["offsets_offset"], total = inputs(max(d.dim, width), tokens)
        m["shared"], _ = take(total)
        m["own_scales"], m["own_offsets"], m["own_bytes"] = inputs(max(d.dim, width), FEW)
        m["own"], _ = take(int(m["own_bytes"]) * ranks)
        m["hidden_scales"], m["hidden_offsets"], total = inputs(d.hidden_dim, tokens)
        m["hidden_in"], _ = take(total)
        # scratch
        scratch = max(scratch_bytes(head_pad, self.context), 4 * padded(d.dim), 4 * head_pad + LINE)
        m["scratch_bytes"] = -(-scratch // LINE) * LINE
        m["scratch"], _ = take(int(m["scratch_bytes"]) * ranks)
        m["partial_row"] = 4 * (head_pad + LANES)
        chunks = (self.context // CHUNK + 1) * options.sequences
        m["partial"], _ = take(int(m["partial_row"]) * d.n_heads * chunks)
        # the team
        m["ranks"], m["at_gate"] = ranks, ranks + (not self._leads)
        address, _ = take(3 * BARRIER_BYTES)
        m["barrier"], m["gate_barrier"], m["done_barrier"] = (address + i * BARRIER_BYTES for i in range(3))
        if options.traced:
            m["trace"], memory = take(RING_BYTES * ranks)
            self._rings = memory.reshape(ranks, RING_BYTES)
        m["counters"], counters = take(4 * COUNTERS * (d.n_layers + 1))
        self._counters = counters.view(np.int32)
        self._step, self._tokens = np.zeros(1, STEP), np.zeros(tokens, TOKEN)
        self._spans, self._outputs = np.zeros(options.sequences, SPAN), np.zeros(options.sequences, np.int64)
        per_table = -(-self.context // PAGE)
        self._table_address, memory = take(8 * per_table * options.sequences)
        self._tables = memory.view(np.int64).reshape(options.sequences, per_table)
        self._table_pages: list[list[int]] = [[] for _ in range(options.sequences)]
        self._arguments: tuple[Any, ...] = (model, layers, self._step, self._tokens, self._spans, self._outputs)


def _stride(columns: int) -> int:
    """Bytes from one token's float32 row to the next's: never a multiple of 1 KiB, where rows share cache sets."""
    nbytes = 4 * padded(columns)
    return nbytes + LINE if nbytes % 1024 == 0 else nbytes


def _matrix(base: int, place: Place) -> tuple[int, int, int]:
    return base + place.values, base + place.scales, place.tiles
