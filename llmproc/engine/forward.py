"""The forward pass: says what a step is in the records that `kernels.forward` reads, and has a team of ranks run it.

Used by `engine` and `service`. A step is submitted, then collected; `run` is both. What it costs outside the kernels: a
few arrays are filled and the gate is opened.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from llmproc import kernels
from llmproc.config import EngineOptions
from llmproc.engine.batch import Chunk
from llmproc.engine.memory import Buffers
from llmproc.engine.pages import pages_for
from llmproc.engine.team import Team, ThreadTeam
from llmproc.engine.weight_records import Float32, Model
from llmproc.engine.workspace import Workspace
from llmproc.errors import RequestError
from llmproc.kernels.records import RECORDS, TRACE
from llmproc.kernels.sizes import CHUNK, ROWS, STEP_BITS


class Forward:
    """A model over a pool of pages. One thread at a time calls it; a `ForwardPass`."""

    def __init__(
        self,
        model: Model,
        options: EngineOptions,
        pages: int,
        buffers: Buffers | None = None,
        team: Callable[[int], Team] | None = None,
    ) -> None:
        """Start the team.

        `pages`: of the KV pool; `buffers`: where its memory comes from; `close` ends what this starts.

        `team(address)` makes the ranks over the record at an address; by default they are threads.
        """
        kernels.load(kernels.COMMON, *model.packing.variants)
        self.options, self.context, self.pages = options, model.context, pages
        self.description = model.packing.description
        self._model = model  # whose memory the kernels read
        self.threads = 1 if options.threads is None else options.threads
        ranks, leads = max(1, self.threads), options.leads or self.threads == 0
        self._buffers = buffers or Buffers()
        self.ranks = self.in_use = ranks
        self.workspace = Workspace(model, options, pages, ranks, self._buffers)
        self._table_pages: list[list[int]] = [[] for _ in range(options.sequences)]
        logits = self.workspace.logits[:, : self.vocab_size]
        self._logits = [logits[:rows] for rows in range(options.sequences + 1)]  # by outputs of a step
        self._outputs = 0  # rows of logits that the submitted step gives
        if team is None:
            self._team: Team = ThreadTeam(self.workspace.address, ranks, leads)
        else:
            self._team = team(self.workspace.address)

    @property
    def vocab_size(self) -> int:
        """Return the number of ids: they are 0 to this, exclusive."""
        return self.description.vocab_size

    def run(self, chunks: Sequence[Chunk]) -> Float32:
        """Compute all chunks; logits (chunks that want them, vocab_size), overwritten by the next call.

        RequestError for ids, positions or pages that kernels must never see.
        """
        self.submit(chunks)
        return self.collect()

    def submit(self, chunks: Sequence[Chunk]) -> None:
        """Begin a step: `collect` must follow. RequestError, and nothing begun, for what `run` refuses."""
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
        self._begin(len(ids), len(spans), len(outputs), split)

    def collect(self) -> Float32:
        """Wait for the submitted step; its logits, as `run` gives them."""
        self._team.wait()
        return self._logits[self._outputs]

    def use(self, ranks: int) -> None:
        """Let ranks 0 to `ranks` - 1 take part in the next steps; the others sleep. ValueError for fewer than 1."""
        if not 1 <= ranks <= self.ranks:
            raise ValueError(f"{ranks} ranks: there are {self.ranks}")
        self.in_use = ranks

    @property
    def step_number(self) -> int:
        """Return the number of the last step that was begun, as the trace has it."""
        return int(self.workspace.step[0]["number"]) & ((1 << STEP_BITS) - 1)

    def rank_tasks(self) -> list[int]:
        """Return the kernel's numbers of the ranks' threads, rank 0 first; called by the thread that runs steps."""
        return self._team.tasks

    def _begin(self, tokens: int, spans: int, outputs: int, split: int = 0, only_products: int = 0) -> None:
        w, self._outputs = self.workspace, outputs
        w.step[0] = (tokens, spans, outputs, split, 0, only_products, w.step[0]["number"] + 1, self.in_use)
        self._team.start()

    def _table(self, number: int, pages: Sequence[int], position: int, n: int) -> int:
        """Return the address of the table of chunk `number`, which names its pages.

        RequestError when they do not fit.
        """
        w, needed = self.workspace, pages_for(position + n)
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
        """Compute only the matrix products of steps over `tokens` ids and `outputs` rows of logits, for bench."""
        if not 0 <= outputs <= self.options.sequences:
            raise ValueError(f"{outputs} rows of logits: at most {self.options.sequences}")
        for start in range(0, tokens, self.options.batch_tokens):
            count = min(self.options.batch_tokens, tokens - start)
            rows = outputs if start + count == tokens else 0
            self._begin(count, 0, rows, only_products=1)
            self._team.wait()

    def wipe(self, pages: Sequence[int]) -> None:
        """Fill pages of a failed sequence with zeros: NaN in them must not reach their next holder."""
        for page in pages:
            self.workspace.pool_bytes[page * self.workspace.page_bytes : (page + 1) * self.workspace.page_bytes] = 0

    def trace(self) -> list[npt.NDArray[np.void]]:
        """Return per rank the last records of `kernels.trace`, oldest first. ValueError without `traced`."""
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
        step = self.workspace.step[0]
        step["stop"], step["ranks"], step["number"] = 1, self.ranks, step["number"] + 1
        self._team.close()

    def __enter__(self) -> Forward:
        return self

    def __exit__(self, *details: object) -> None:
        self.close()
