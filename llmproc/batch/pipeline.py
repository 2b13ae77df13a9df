"""The three stages put together, started, and ended: whatever happens, nothing of them is left running.

Used by `apps.batch`. The stages themselves are `reader`, `generating` and `writer`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmproc.batch.display import Display
from llmproc.batch.event_queue import Broken, EventQueue, Interrupted
from llmproc.batch.generating import Generating
from llmproc.batch.options import BatchOptions
from llmproc.batch.provenance import Provenance
from llmproc.batch.reader import Reader
from llmproc.batch.row_spans import RowSpans
from llmproc.batch.serving import limits, service_config
from llmproc.batch.source import Source
from llmproc.batch.stages import Stages
from llmproc.batch.stats import BatchStats
from llmproc.batch.target import ResultTarget
from llmproc.batch.writer import Writer
from llmproc.config import SamplingParams
from llmproc.monitor.run_recorder import RunRecorder
from llmproc.processes.interrupts import Interrupts
from llmproc.session.conversation import Conversation
from llmproc.session.launch import Launch
from llmproc.session.model_files import ModelFiles

if TYPE_CHECKING:
    from llmproc.telemetry.exporting import SpanExport

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
        files: ModelFiles,
        recorder: RunRecorder,
        display: Display,
        export: SpanExport | None = None,
    ) -> None:
        self.stages, self.stats = Stages(), BatchStats()
        self._display, self._target = display, target
        self._events: EventQueue = EventQueue()
        self._launch = Launch(
            service_config(options, recorder.output_fd),
            recorder,
            recorder.last_output,
            on_progress=display.loading,
            on_notice=display.later,
            on_failure=lambda error: self._events.put(Broken(error)),
        )
        self.service = self._launch.service
        bounds, ends = limits(options), files.model.description.end_tokens

        def new_conversation(sampling: SamplingParams, system: str | None) -> Conversation:
            return Conversation(files.tokenizer, files.template, provenance.context, sampling, system, ends=ends)

        if target.journal is not None:
            self.stats.reused, self.stats.reused_failed = target.journal.index.rows, target.journal.index.failed
        self._reader = Reader(
            source, options.format, provenance.base, options.sampling, options.system, new_conversation, bounds.ahead,
            self._events, self.stages, target.journal,
        )  # fmt: skip
        self._writer = Writer(target.sink, self._events, self.stages)
        self._source, self._provenance = source, provenance
        self._generating = Generating(
            self.service, self._reader, self._writer, self._events, bounds, self.stages, self.stats, display,
            None if export is None else RowSpans(export.put, files.name, options.raw, export.content),
        )  # fmt: skip

    @property
    def rows(self) -> int:
        """Return the rows of the input, once it has been read to its end."""
        return self._generating.total

    def run(self, interrupts: Interrupts) -> bool:
        """Run until every row's result is written; return False when a signal came first. Raises what broke a stage."""
        complete = False
        try:
            with self._launch:
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
