"""How a mode becomes a service, and how much may be under way. The one place of batch that knows either.

A `service.Service` answers the requests for the rest of batch, which assumes nothing about where workers are.
"""

from __future__ import annotations

from collections.abc import Callable

from llmproc.batch.display import Display
from llmproc.batch.generating import StageLimits
from llmproc.batch.local import LocalBackend, TracedModel
from llmproc.batch.options import BatchOptions
from llmproc.config import SamplingParams
from llmproc.monitor.run_recorder import RunRecorder
from llmproc.service.config import ServiceConfig
from llmproc.session.conversation import Conversation
from llmproc.session.launch import Launch
from llmproc.session.model_files import ModelFiles

_ROUNDS = 4  # requests under way for each that can run, so that no worker ever waits for main
_LONGEST_OF = 1024  # rows among which lpt looks for the longest
_UNWRITTEN = 4096  # results that may wait for one slow row before them, on stdout


def service_config(options: BatchOptions, output_fd: int) -> ServiceConfig:
    """Return the configuration of the service for `options.mode`; `output_fd`: where children's output goes.

    seq is one worker with one sequence. The others differ in how requests reach workers.
    """
    return ServiceConfig(
        options.model,
        workers=options.workers,
        engine=options.engine,
        scheduling=options.scheduling,
        mode=options.mode,
        output_fd=output_fd,
    )


def open_local(
    options: BatchOptions,
    files: ModelFiles,
    recorder: RunRecorder,
    display: Display,
    on_failure: Callable[[BaseException], None],
) -> LocalBackend:
    """Make the workers that answer, not started. `on_failure`: called when they are given up."""
    launch = Launch(
        service_config(options, recorder.output_fd),
        recorder,
        recorder.last_output,
        on_progress=display.loading,
        on_notice=display.later,
        on_failure=on_failure,
    )
    context, ends = files.context(options.engine), files.model.description.end_tokens

    def new_conversation(sampling: SamplingParams, system: str | None) -> Conversation:
        return Conversation(files.tokenizer, files.template, context, sampling, system, ends=ends)

    return LocalBackend(launch, new_conversation, options.engine.sequences, TracedModel(files.name, options.raw))


def limits(options: BatchOptions) -> StageLimits:
    """Return the rows that may be between the stages: they, and nothing else, are what a run holds in memory."""
    in_flight = _ROUNDS * options.slots + 16
    if options.mode == "lpt":
        in_flight = max(in_flight, _LONGEST_OF)
    return StageLimits(in_flight, in_flight, in_flight + _UNWRITTEN)
