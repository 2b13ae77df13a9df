"""The forward pass: says what a step is in the records that `kernels.forward` reads, and keeps the team of ranks.

Serves `engine` and `service`. `run` is what a step costs outside the kernels: a few arrays are filled and the gate is
opened. The ranks are threads that stay in compiled code (no GIL) and sleep on a futex when nothing is to do.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import numpy.typing as npt

from llmproc import kernels
from llmproc.config import EngineOptions
from llmproc.engine.batch import PAGE, Chunk
from llmproc.engine.memory import Buffers
from llmproc.engine.workspace import Float32, Model, Workspace
from llmproc.errors import RequestError
from llmproc.kernels import kinds
from llmproc.kernels.attention import CHUNK, ROWS
from llmproc.kernels.forward import SERVE, dismiss, start_and_wait
from llmproc.kernels.trace import RECORDS, TRACE


def variant_of(kind: int, traced: bool) -> str:
    """The kernels' variant that a model of this kind needs."""
    return kinds.NAMES[kind] + ("_traced" if traced else "")


class Forward:
    """A model over a pool of pages. One thread at a time calls it; a `ForwardPass`."""

    def __init__(self, model: Model, options: EngineOptions, pages: int, buffers: Buffers | None = None) -> None:
        """`pages`: of the KV pool; `buffers`: where its memory comes from. Starts the team; `close` ends it.

        The kernels must be there (`compile_all`).
        """
        kernels.compile_all(variant=variant_of(model.packing.kind, options.traced))
        self.options, self.context, self.pages = options, model.context, pages
        self.description = model.packing.description
        self._model = model  # whose memory the kernels read
        self._serve = SERVE[model.packing.kind, options.traced]
        self.threads = 1 if options.threads is None else options.threads
        self._leads = options.leads or self.threads == 0
        self._buffers = buffers or Buffers()
        self.workspace = Workspace(model, options, pages, max(1, self.threads), self._leads, self._buffers)
        self._table_pages: list[list[int]] = [[] for _ in range(options.sequences)]
        self._team = [threading.Thread(target=self._rank, args=(r,), daemon=True) for r in self._followers()]
        for thread in self._team:
            thread.start()

    @property
    def vocab_size(self) -> int:
        """See ForwardPass."""
        return self.description.vocab_size

    def run(self, chunks: Sequence[Chunk]) -> Float32:
        """See ForwardPass. RequestError for ids, positions or pages that kernels must never see."""
        w, items, split, tables = self.workspace, 0, 0, 0
        if len(chunks) > len(w.spans):
            raise RequestError(f"{len(chunks)} chunks: there is room for {len(w.spans)} sequences")
        ids: list[int] = []  # of all tokens, then where they stand, then whose pages they read
        positions: list[int] = []
        addresses: list[int] = []
        spans, outputs = [], []
        for number, (tokens, position, pages, logits) in enumerate(chunks):
            n = len(tokens)
            address, first = self._table(number, pages, position, n), len(ids)
            ids += tokens
            positions += range(position, position + n)
            addresses += [address] * n
            slot = -1
            blocks = n * w.group if not w.half else -(-n * w.group // ROWS)
            if n == 1 and w.half and position >= CHUNK:
                slot, split = tables, 1
                tables += position // CHUNK + 1
                blocks *= position // CHUNK + 1
            items += blocks * self.description.n_kv_heads
            spans.append((first, n, position, address, items, slot))
            if logits:
                outputs.append(len(ids) - 1)
        self._check_ids(ids)
        w.fill(ids, positions, addresses, spans, outputs)
        w.step[0] = (len(ids), len(spans), len(outputs), split, 0, 0, w.step[0]["number"] + 1)
        self._go()
        return w.logits[: len(outputs), : self.vocab_size]

    def _table(self, number: int, pages: Sequence[int], position: int, n: int) -> int:
        """The address of the table of chunk `number`, which names its pages. RequestError when they do not fit."""
        w, needed = self.workspace, -(-(position + n) // PAGE)
        if n < 1 or position < 0 or position + n > self.context:
            raise RequestError(f"{n} tokens at position {position}: the context holds {self.context}")
        if needed > len(pages):
            raise RequestError(f"{len(pages)} pages cannot hold {position + n} positions")
        if len(pages) != needed:
            pages = pages[:needed]
        table = w.tables[number]
        if self._table_pages[number] != pages:
            if min(pages) < 0 or max(pages) >= self.pages:
                raise RequestError(f"pages must be 0..{self.pages - 1}")
            table[:needed] = pages
            table[:needed] *= w.page_bytes
            table[:needed] += w.pool
            self._table_pages[number] = list(pages)
        return w.table_address + number * table.nbytes

    def _check_ids(self, ids: list[int]) -> None:
        if len(ids) > self.workspace.most:
            raise RequestError(f"{len(ids)} tokens in a step: at most {self.workspace.most}")
        if ids and (min(ids) < 0 or max(ids) >= self.vocab_size):
            raise RequestError(f"token ids must be 0..{self.vocab_size - 1}")

    def matmuls(self, tokens: int, outputs: int) -> None:
        """Only the matrix products of steps over `tokens` ids and `outputs` rows of logits, for bench."""
        if not 0 <= outputs <= self.options.sequences:
            raise ValueError(f"{outputs} rows of logits: at most {self.options.sequences}")
        for start in range(0, tokens, self.options.batch_tokens):
            count = min(self.options.batch_tokens, tokens - start)
            rows = outputs if start + count == tokens else 0
            self.workspace.step[0] = (count, 0, rows, 0, 0, 1, self.workspace.step[0]["number"] + 1)
            self._go()

    def _go(self) -> None:
        self.workspace.counters[:] = 0
        if self._leads:
            self._serve(*self.workspace.arguments, 0, 1)
        else:
            start_and_wait(self.workspace.arguments[0])

    def wipe(self, pages: Sequence[int]) -> None:
        """See ForwardPass."""
        for page in pages:
            self.workspace.pool_bytes[page * self.workspace.page_bytes : (page + 1) * self.workspace.page_bytes] = 0

    def trace(self) -> list[npt.NDArray[np.void]]:
        """Per rank the last records of `kernels.trace`, oldest first. ValueError when the options asked for none."""
        if not self.options.traced:
            raise ValueError("no trace is kept: EngineOptions.traced is off")
        found = []
        for ring in self.workspace.rings:
            count, records = int(ring[:8].view(np.int64)[0]), ring[8:].view(TRACE)
            kept = records[:count] if count <= RECORDS else np.roll(records, -(count % RECORDS))
            found.append(kept.copy())
        return found

    def close(self) -> None:
        """End the ranks. Nothing may be run afterwards."""
        if self._team:
            self.workspace.step[0]["stop"] = 1
            dismiss(self.workspace.arguments[0])
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
        self._serve(*self.workspace.arguments, rank, 0)
