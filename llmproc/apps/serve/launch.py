"""One server from its making to its end: logs, service, metrics, gate, application, joined in one place.

    ServerLaunch(options, files, about)     the ports are bound, the service is made
    run(ready)                         starts both; `ready` gets the address once a worker is there
    leaving the `with`                 every process ends; the logs are closed

Used by `app` alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from types import TracebackType
from typing import TYPE_CHECKING

from llmproc.apps.serve.options import OLLAMA_PORT, ServeOptions
from llmproc.apps.telemetry_options import export_lines, maybe_export
from llmproc.errors import LlmprocError
from llmproc.files.folders import user_folder
from llmproc.monitor.events import Event
from llmproc.monitor.run_recorder import RunRecorder
from llmproc.server.admission import Admission
from llmproc.server.answering import Answering
from llmproc.server.app import ServedParts, make_app
from llmproc.server.asking import About
from llmproc.server.batches.course import RowPath
from llmproc.server.batches.runner import BatchRunner, BatchSettings
from llmproc.server.batches.trickle import BatchGate
from llmproc.server.guards import Access
from llmproc.server.limits import HttpLimits
from llmproc.server.memory_watch import watch_memory
from llmproc.server.metrics.loop_lag import measure_loop_lag
from llmproc.server.metrics.server_metrics import ServerMetrics
from llmproc.server.names import ModelNames
from llmproc.server.ollama.card import read_card
from llmproc.server.openai.dialects import openai_dialects
from llmproc.server.request_spans import ServerSpans
from llmproc.server.responding import Endpoint, Responder
from llmproc.server.running import HttpServer, bind, need_connections, url_of
from llmproc.server.slo import Slo
from llmproc.server.wakeups import LoopWakeups
from llmproc.service.config import ServiceConfig
from llmproc.session.launch import Launch
from llmproc.session.model_files import ModelFiles

if TYPE_CHECKING:
    from llmproc.telemetry.exporting import SpanExport


class ServerLaunch:
    """A server and everything it needs, as a context manager."""

    def __init__(self, options: ServeOptions, files: ModelFiles, about: About, notice: Callable[[str], None]) -> None:
        """Bind and make; nothing is started. UsageError for a port that cannot be had. `notice`: tells the user."""
        self._options, self._files, self._about, self._notice = options, files, about, notice
        self.failure: LlmprocError | None = None
        self.ended_by = self.cut = 0
        self._http: HttpServer | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._export: SpanExport | None = None
        slo = None if options.slo is None else Slo.parse(options.slo)
        with ExitStack() as stack:
            self._places = [stack.enter_context(contextlib.closing(place)) for place in _bound(options)]
            self._recorder = RunRecorder(options.interval_s, options.log, False, options.run_dir, notice)
            stack.callback(self._recorder.close)
            stack.enter_context(_mistakes_to(self._recorder.output_fd))
            stack.callback(self._tell_of_spans)
            self._export = stack.enter_context(maybe_export(options.traces, notice))
            self._metrics = ServerMetrics(about)
            launch = Launch(
                self._service_config(), self, self._recorder.last_output, on_notice=notice, on_failure=self._failed
            )
            self._service = stack.enter_context(launch).service
            self._gate = Admission(options.workers * options.engine.sequences, options.queue, slo)
            self._metrics.connect(self._service.workers, self._gate.state)
            if self._export is not None:
                self._metrics.spans = self._export.counts
            self._stack = stack.pop_all()

    def __enter__(self) -> ServerLaunch:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End every process and wait for them; a StartError is raised again with its reason."""
        self._stack.__exit__(kind, error, trace)

    def on_event(self, event: Event) -> None:
        """Let both observers know. Called on the I/O thread."""
        self._metrics.events.on_event(event)
        self._recorder.on_event(event)

    async def run(self, ready: Callable[[str], None]) -> None:
        """Serve until a signal or a failure, and drain."""
        self._loop = asyncio.get_running_loop()
        limits = self._limits()
        options, counted = self._options, self._metrics.http.foreign_model
        names = ModelNames(self._about.model, options.model_names, options.strict_model, self._foreign, counted)
        answering = Answering(self._service, self._files, self._about.context, LoopWakeups())
        export = self._export
        spans = None if export is None else ServerSpans(self._about, export.put, export.content)
        responder = Responder(answering, names, self._gate, self._metrics.http, limits, self._about, spans)
        batches = self._batches(responder)
        card = read_card(self._files, names.listed, self._about.context)
        place = ServedParts(self._files, responder, self._metrics, card, batches, self._access(), self._ready)
        self._http = HttpServer(make_app(place), limits, _AnswersAndBatches(self._gate, batches), responder.cut)
        beside = [
            asyncio.create_task(measure_loop_lag(self._metrics.http.loop_late)),
            asyncio.create_task(watch_memory(self._gate.memory)),
        ]
        self._describe()
        batches.resume(required=options.batch_dir is not None)
        try:
            await self._http.run_on(self._places, lambda: beside.append(asyncio.create_task(self._start(ready))))
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
            await batches.close()
            self.ended_by, self.cut = self._http.ended_by, self._http.cut

    # -- the service ------------------------------------------------------------------------------------------------

    async def _start(self, ready: Callable[[str], None]) -> None:
        """Start the service, and say the address when it can answer."""
        self._service.start()
        try:
            await asyncio.to_thread(self._service.wait_ready)
        except LlmprocError:
            return  # `_failed` has been told
        if self._http is not None and not self._http.ended_by:
            ready(url_of(self._places[0]))

    def _ready(self) -> bool:
        return self._service.error is None and any(worker.state == "ready" for worker in self._service.workers())

    def _failed(self, error: LlmprocError) -> None:
        """End the server: nothing will be answered any more. Called on the I/O thread."""
        self.failure = error
        if self._loop is not None and self._http is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(self._http.leave)

    def _foreign(self, text: str) -> None:
        self._notice(text)

    def _tell_of_spans(self) -> None:
        """Say at the end what became of the spans."""
        if self._export is not None:
            for line in export_lines(self._export.counts()):
                self._notice(line)

    # -- what was asked for -----------------------------------------------------------------------------------------

    def _service_config(self) -> ServiceConfig:
        options = self._options
        return ServiceConfig(
            options.model,
            options.workers,
            options.engine,
            mode=options.mode,
            scheduling=options.scheduling,
            output_fd=self._recorder.output_fd,
        )

    def _batches(self, responder: Responder) -> BatchRunner:
        """Return the batches of this server: their rows are answered as single requests are, behind their own gate."""
        options, about, slots = self._options, self._about, self._gate.slots
        gate = BatchGate(self._gate, slots, lambda: self._gate.under_way)
        behind = Responder(
            responder.answering, responder.names, gate, responder.reporter, responder.limits, responder.about
        )
        paths = {
            path: RowPath(dialect.read, Endpoint(dialect, behind))
            for path, dialect in openai_dialects(self._files.tokenizer).items()
        }
        state = user_folder("state")
        place = options.batch_dir or (state and state / "batches")
        settings = BatchSettings(place, about.model, about.fingerprint, slots, responder.limits.body_bytes)
        return BatchRunner(settings, paths, gate.has_room, time.time, self._notice)

    def _limits(self) -> HttpLimits:
        return HttpLimits(drain_s=self._options.drain_s, connections=need_connections(HttpLimits()))

    def _access(self) -> Access:
        options = self._options
        hosts = (*options.allow_hosts, options.host.lower())  # the address it was told to listen on is its own
        return Access(hosts, options.keys, options.allow_origins)

    def _describe(self) -> None:
        options, about = self._options, self._about
        self._recorder.describe(
            verb="serve",
            checkpoint=str(options.model),
            checkpoint_bytes=self._files.model.size,
            model=about.model,
            system_fingerprint=about.fingerprint,
            context=about.context,
            mode=options.mode,
            workers=options.workers,
            threads=self._service.threads,
            sequences=options.engine.sequences,
            queue=options.queue,
            ports=[place.getsockname()[1] for place in self._places],
        )


class _AnswersAndBatches:
    """The work that has to end before the server may: answers. Batches stop at once; they go on at the next start."""

    def __init__(self, gate: Admission, batches: BatchRunner) -> None:
        self._gate, self._batches = gate, batches

    def close(self) -> None:
        """Let nothing more in."""
        self._gate.close()
        self._batches.stop()

    @property
    def under_way(self) -> int:
        """Return how many answers are open."""
        return self._gate.under_way


@contextlib.contextmanager
def _mistakes_to(fd: int) -> Iterator[None]:
    """Write what the server and asyncio log, tracebacks with it, where children's output goes: stderr is a log."""
    logs = [logging.getLogger(name) for name in ("llmproc.server", "asyncio")]
    with os.fdopen(os.dup(fd), "a") as stream:
        handler = logging.StreamHandler(stream)
        for log in logs:
            log.addHandler(handler)
            log.propagate = False
        try:
            yield
        finally:
            for log in logs:
                log.removeHandler(handler)
                log.propagate = True


def _bound(options: ServeOptions) -> list[socket.socket]:
    """Return the sockets, all of them or none."""
    with ExitStack() as stack:
        ports = [options.port, *([OLLAMA_PORT] if options.ollama else [])]
        places = [stack.enter_context(contextlib.closing(bind(options.host, port))) for port in ports]
        stack.pop_all()
    return places
