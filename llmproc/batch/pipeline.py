"""The three stages put together, started, and ended: whatever happens, nothing of them is left running.

Used by `apps.batch`. The stages themselves are `reader`, `generating` and `writer`.
"""

from __future__ import annotations

from collections.abc import Callable

from llmproc.batch.backend import Backend
from llmproc.batch.display import Display
from llmproc.batch.event_queue import Broken, EventQueue, Interrupted
from llmproc.batch.generating import Generating, SpanTaker
from llmproc.batch.options import BatchOptions
from llmproc.batch.provenance import Provenance
from llmproc.batch.reader import Reader
from llmproc.batch.serving import limits
from llmproc.batch.source import Source
from llmproc.batch.stages import Stages
from llmproc.batch.stats import BatchStats
from llmproc.batch.target import ResultTarget
from llmproc.batch.writer import Writer
from llmproc.processes.interrupts import Interrupts

OpenBackend = Callable[[Callable[[BaseException], None]], Backend]

# For a stage's thread to end; it is a daemon, and ends with the program at the latest.
_READING_S = 2.0  # it may be in the middle of a very long prompt, which is not wanted any more
_WRITING_S = 20.0  # what it still has is worth waiting for, on a slow disk


class Pipeline:
    """The stages of one run: `run` it once."""

    def __init__(
        self,
        options: BatchOptions,
        source: Source,
        target: ResultTarget,
        provenance: Provenance,
        open_backend: OpenBackend,
        display: Display,
        spans: SpanTaker | None = None,
    ) -> None:
        """Put them together. `open_backend`: makes what answers; it is given what to call when that gives up."""
        self.stages, self.stats = Stages(), BatchStats()
        self._display, self._target = display, target
        self._events: EventQueue = EventQueue()
        self.backend = open_backend(lambda error: self._events.put(Broken(error)))
        bounds = limits(options)
        if target.journal is not None:
            self.stats.reused, self.stats.reused_failed = target.journal.index.rows, target.journal.index.failed
        self._reader = Reader(
            source, options.format, provenance.base, options.sampling, options.system, self.backend.prepare,
            bounds.ahead, self._events, self.stages, target.journal,
        )  # fmt: skip
        self._writer = Writer(target.sink, self._events, self.stages)
        self._source, self._provenance = source, provenance
        self._generating = Generating(
            self.backend, self._reader, self._writer, self._events, bounds, self.stages, self.stats, display, spans
        )

    @property
    def rows(self) -> int:
        """Return the rows of the input, once it has been read to its end."""
        return self._generating.total

    def run(self, interrupts: Interrupts) -> bool:
        """Run until every row's result is written; return False when a signal came first. Raises what broke a stage."""
        complete = False
        try:
            with self.backend:
                try:
                    self._writer.start()
                    self._reader.start()
                    interrupts.generating(lambda: self._events.put(Interrupted()))
                    self._generating.run()
                    complete = not self._generating.interrupted
                finally:
                    interrupts.generating(None)
                    self._reader.stop(_READING_S)
            if complete and self._provenance.input not in (None, self._source.digest):
                self._display.later(
                    f"{self._source.name} has changed since the run began: the results are of what was read"
                )
        finally:
            self._end(complete)
        return complete

    def _end(self, complete: bool) -> None:
        if self._generating.interrupted:
            self._generating.drain_ended()
        if not complete:
            self._target.stop()
        self._writer.close(_WRITING_S)
        self._display.end()
