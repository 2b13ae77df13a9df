"""The usual arm: for each round a service of its own, so that no round finds another's prefixes or warm threads.

    start template and workers -> all ready -> read /proc -> ask prompts, in turn or together -> read /proc -> end

An experiment says what of its arms differs (`ServiceSetting`); everything else is the frame's options.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace

from llmproc.config import EngineOptions, SamplingParams, Scheduling
from llmproc.errors import StartError
from llmproc.experiments.frame.options import FrameOptions
from llmproc.experiments.frame.plan import ExperimentArm
from llmproc.experiments.frame.rounds import Figure, RequestRun, Round
from llmproc.experiments.frame.task_counters import read_counters
from llmproc.monitor import proc
from llmproc.monitor.events import Event, TemplateStarted, WorkerReady
from llmproc.monitor.observer import Observer
from llmproc.monitor.stderr_tail import stderr_tail
from llmproc.service.config import ServiceConfig
from llmproc.service.service import Service
from llmproc.session.answer import Answer
from llmproc.session.conversation import Conversation
from llmproc.session.launch import Launch
from llmproc.session.model_files import ModelFiles, read_model_files
from llmproc.session.session import send

_START_S = 120.0  # for all workers; the first of them may wait for kernels to be compiled


@dataclass(frozen=True, slots=True)
class ServiceSetting:
    """The processes of one arm, and what they are asked. None: the frame's.

    `beside`: runs around the asking, such as a load; it is given the pids of the workers.
    """

    engine: EngineOptions
    workers: int = 1
    scheduling: Scheduling = field(default_factory=Scheduling)
    mode: str = "ws"
    together: bool = False  # all prompts at once; else one after another
    prompts: Sequence[str] | None = None
    sampling: SamplingParams | None = None
    beside: Callable[[Sequence[int]], AbstractContextManager[object]] = lambda pids: nullcontext()
    observer: Observer | None = None  # sees the events of the service, too


class ServiceRounds:
    """Runs arms on real processes; each round starts a service of its own and ends it."""

    def __init__(
        self, common: FrameOptions, setting_of: Callable[[ExperimentArm, int], ServiceSetting], output: int
    ) -> None:
        """Read the model's files. `setting_of`: of an arm in a repetition; `output`: where children's output goes.

        Raises CheckpointError, TokenizerError, UsageError.
        """
        self._common, self._setting_of, self._output = common, setting_of, output
        self._files = read_model_files(common.model, common.tokenizer)
        self._files.check_system(common.system)

    def run(self, arm: ExperimentArm, repetition: int) -> Round:
        setting = self._setting_of(arm, repetition)
        watcher = _StartWatcher(setting.observer)
        config = ServiceConfig(
            self._common.model, setting.workers, setting.engine, mode=setting.mode, scheduling=setting.scheduling,
            output_fd=self._output,
        )  # fmt: skip
        with Launch(config, watcher, lambda: stderr_tail(self._output)) as launch:
            launch.service.start()
            wait_for_workers(launch.service, watcher, setting.workers)
            pids = [worker.pid for worker in launch.service.workers()]
            with setting.beside(pids):
                return self._asked(launch.service, setting, pids, watcher.template)

    def _asked(self, service: Service, setting: ServiceSetting, pids: Sequence[int], template: int) -> Round:
        prompts = self._common.prompts if setting.prompts is None else setting.prompts
        before = read_counters(pids)
        began = time.monotonic()
        asked = [self._ask(service, setting, prompt) for prompt in prompts] if setting.together else None
        if asked is not None:
            runs = [each.wait(number) for number, each in enumerate(asked)]
        else:
            runs = [self._ask(service, setting, prompt).wait(number) for number, prompt in enumerate(prompts)]
        elapsed = time.monotonic() - began
        figures: dict[str, Figure] = {**read_counters(pids).since(before), **_memory(pids, template)}
        run_s = figures.get("run_s")
        figures["cpu_share"] = None if run_s is None else run_s / elapsed
        return Round(elapsed, runs, figures)

    def _ask(self, service: Service, setting: ServiceSetting, prompt: str) -> AskedPrompt:
        sampling = setting.sampling or self._common.sampling
        conversation = conversation_of(self._files, setting.engine, sampling, self._common.system)
        return AskedPrompt(service, conversation, prompt)


class AskedPrompt:
    """One prompt under way; when its tokens came is noted on the service's I/O thread."""

    def __init__(self, service: Service, conversation: Conversation, prompt: str) -> None:
        """Send it. RequestError: text without tokens, or no room in the context."""
        self._arrivals: list[tuple[float, int]] = []  # moment, tokens so far
        self._answer: Answer | None = None
        prepared = conversation.prepare(prompt)
        self._prompt_tokens = len(prepared.order.ids)
        self._answer = send(service, conversation, prepared, self._note)

    def _note(self) -> None:
        if self._answer is not None:  # else `send` has not returned yet: these tokens are counted with the next
            self._arrivals.append((time.monotonic(), self._answer.ticket.arrived))

    def wait(self, number: int) -> RequestRun:
        """Wait for its end and return its row."""
        answer = self._answer
        assert answer is not None
        ticket = answer.ticket
        ticket.wait()  # a reader that is woken by every token takes time from the workers
        text = "".join(answer)
        assert answer.finish is not None
        ended = ticket.ended or ticket.submitted
        first = ticket.first_token
        failed = answer.finish.reason in ("failed", "cancelled")
        return RequestRun(
            request=number,
            prompt_tokens=self._prompt_tokens,
            output_tokens=len(answer.tokens),
            latency_s=ended - ticket.submitted,
            queue_s=max(0.0, (ticket.dispatched or ended) - ticket.submitted),
            ttft_s=None if first is None else first - ticket.submitted,
            # Its end, too: all of a short answer may have come before `send` returned.
            itl_s=[] if first is None else gaps(first, [*self._arrivals, (ended, ticket.arrived)]),
            text=text,
            reason=answer.finish.reason,
            error=(answer.finish.message or answer.finish.reason) if failed else "",
            kv_bytes=answer.finish.kv_bytes,
        )


def gaps(first: float, arrivals: Sequence[tuple[float, int]]) -> list[float]:
    """Return the time before each token but the first, which came at `first`; `arrivals`: moment, tokens so far.

    Tokens that came together share the time since those before them evenly.
    """
    found: list[float] = []
    before, had = first, 1
    for moment, count in arrivals:
        new = count - had
        if new > 0:
            found += [max(0.0, moment - before) / new] * new
            before, had = moment, count
    return found


class _StartWatcher:
    """An observer that knows the template's pid and which workers are ready."""

    def __init__(self, further: Observer | None) -> None:
        self.template = 0
        self.ready: set[int] = set()
        self.changed = threading.Condition()
        self._further = further

    def on_event(self, event: Event) -> None:
        """Note it; called by the service, on its I/O thread."""
        with self.changed:
            if isinstance(event, TemplateStarted):
                self.template = event.pid
            elif isinstance(event, WorkerReady):
                self.ready.add(event.worker)
            self.changed.notify_all()
        if self._further is not None:
            self._further.on_event(event)


def wait_for_workers(service: Service, watcher: _StartWatcher, workers: int) -> None:
    """Wait for every worker. Raises what the service has given up with, StartError when it takes too long."""
    service.wait_ready(_START_S)
    with watcher.changed:
        if not watcher.changed.wait_for(lambda: len(watcher.ready) >= workers or service.error, _START_S):
            raise StartError(f"{len(watcher.ready)} of {workers} workers are ready after {_START_S:g} s")
    if service.error:
        raise service.error


def conversation_of(
    files: ModelFiles, engine: EngineOptions, sampling: SamplingParams, system: str | None
) -> Conversation:
    """Return a new conversation for one prompt."""
    ends = files.model.description.end_tokens
    return Conversation(files.tokenizer, files.template, files.context(engine), sampling, system, ends=ends)


@contextmanager
def service_rounds(
    common: FrameOptions, setting_of: Callable[[ExperimentArm, int], ServiceSetting]
) -> Iterator[ServiceRounds]:
    """Give what runs arms; nothing is started yet. Raises as `ServiceRounds`."""
    output = os.memfd_create("llmproc-stderr", os.MFD_CLOEXEC)
    try:
        yield ServiceRounds(common, setting_of, output)
    finally:
        os.close(output)


def same_engine(common: FrameOptions, **changed: int | None) -> EngineOptions:
    """Return the frame's engine options with others in their place."""
    return replace(common.engine, **changed)  # type: ignore[arg-type]


def _memory(pids: Sequence[int], template: int) -> Mapping[str, Figure]:
    """Return what the processes hold: PSS may be added up, as pages that are shared count once."""
    workers = [proc.read_pss(pid) for pid in pids]
    held = proc.read_pss(template) if template else None
    known = [size for size in workers if size is not None]
    return {
        "workers_pss_bytes": float(sum(known)) if len(known) == len(workers) else None,
        "template_pss_bytes": None if held is None else float(held),
    }
