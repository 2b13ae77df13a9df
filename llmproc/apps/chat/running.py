"""One run of the prompt loop: launch the service, run the loop, say how the child ended. Used by `app`."""

from __future__ import annotations

import os
import signal
import time

from llmproc.apps.chat.commands import WORDS
from llmproc.apps.chat.loop import ChatLoop
from llmproc.apps.chat.options import ChatOptions
from llmproc.apps.chat.sources import LineSource, open_source
from llmproc.apps.exits import exit_code
from llmproc.apps.flags import unused_model
from llmproc.apps.screen import Screen
from llmproc.checkpoints.model_file import ModelFile
from llmproc.errors import LlmprocError
from llmproc.files.streams import OutputLostError, forget_stdout
from llmproc.monitor.run_recorder import RunRecorder
from llmproc.processes.interrupts import Interrupts
from llmproc.processes.slots import WorkerExit
from llmproc.processes.spawn import SpawnedTemplate
from llmproc.processes.system import describe_status
from llmproc.service.config import ServiceConfig
from llmproc.service.service import Service
from llmproc.session.conversation import Conversation
from llmproc.session.launch import Launch
from llmproc.session.model_files import ModelFiles
from llmproc.session.option_texts import other_options
from llmproc.session.rules import ChatRules
from llmproc.session.session import ServiceSession

_LOOK_S = 0.05  # between two looks whether another signal ends the wait for a worker


def run_chat(options: ChatOptions, files: ModelFiles, early: SpawnedTemplate | None) -> int:
    """Chat until the end of input, /bye or a signal; returns the exit code. `early`: a template that starts already."""
    screen = Screen()
    recorder = RunRecorder(options.interval_s, options.log, options.course, options.run_dir, screen.later)
    interrupts = Interrupts(first_ends=not options.rules.cancels, ctrl_c_anyhow=True)
    source = open_source(screen.prompt, WORDS if options.rules.commands else (), interrupts)
    launch, loop = _assemble(options, files, screen, recorder, source, interrupts, early)
    _describe(recorder, options, files.model)
    if not options.model_named and (note := unused_model(options.model)):
        screen.notice(note)
    if options.seed_drawn:
        screen.notice(f"seed {options.sampling.seed}")
    for note in files.notices(options.engine, options.sampling):
        screen.notice(note)
    try:
        failure = _run(launch, loop, interrupts)
    finally:
        _close(launch.service, source, recorder)
    try:
        _say_end(screen, failure, launch.exits, recorder, options.rules, interrupts.ended_by)
    finally:
        interrupts.restore()
    in_vain = bool(loop.failed) and not source.echoes  # a person at a terminal has seen it
    return exit_code(failure, interrupts.ended_by, in_vain)


def _assemble(
    options: ChatOptions,
    files: ModelFiles,
    screen: Screen,
    recorder: RunRecorder,
    source: LineSource,
    interrupts: Interrupts,
    early: SpawnedTemplate | None,
) -> tuple[Launch, ChatLoop]:
    """Make the service and the loop over it; nothing is started."""
    loop: ChatLoop
    launch = Launch(
        ServiceConfig(
            options.model,
            engine=options.engine,
            scheduling=options.scheduling,
            output_fd=recorder.output_fd,
            early=early,
        ),
        recorder,
        recorder.last_output,
        on_progress=lambda progress: setattr(loop.view, "loading", progress),
        on_notice=screen.later,
        on_failure=lambda error: interrupts.end_from_thread(),
    )
    context = files.context(options.engine)
    conversation = Conversation(
        files.tokenizer, files.template, context, options.sampling, options.system, options.rules,
        files.model.description.end_tokens,
    )  # fmt: skip
    session = ServiceSession(launch.service, conversation)
    loop = ChatLoop(session, screen, source, interrupts, files, options.hide_reasoning)
    return launch, loop


def _run(launch: Launch, loop: ChatLoop, interrupts: Interrupts) -> LlmprocError | None:
    """Run the loop to its end and end the service; returns the error that ended it, None for none."""
    try:
        with launch:
            launch.service.start()
            loop.run()
            _await_worker(launch.service, loop, interrupts)
    except LlmprocError as error:
        return error
    return None


def _await_worker(service: Service, loop: ChatLoop, interrupts: Interrupts) -> None:
    """Wait for a worker that is on its way, so that there is an end to tell; another signal ends the wait.

    It does not wait under SIGTERM and SIGHUP, which leave too little time, nor before the first prompt sign.
    """
    if not loop.prompted or interrupts.ended_by not in (0, signal.SIGINT):
        return
    ended_by, end = interrupts.ended_by, time.monotonic() + loop.conversation.rules.last_chance_s
    while not interrupts.again and interrupts.ended_by == ended_by and time.monotonic() < end:
        if service.wait_ready(_LOOK_S):
            return


def _close(service: Service, source: LineSource, recorder: RunRecorder) -> None:
    if service.report:
        recorder.describe(checkpoint_hash=service.report.fingerprint, kernels_fallback=service.report.fallback)
    source.close()
    recorder.close()


def _describe(recorder: RunRecorder, options: ChatOptions, model: ModelFile) -> None:
    if recorder.folder is None:
        return
    recorder.describe(
        seed=options.sampling.seed,
        checkpoint=str(options.model),
        checkpoint_bytes=model.size,
        course=options.course,
        sampling={
            "temperature": options.sampling.temperature,
            "top_p": options.sampling.top_p,
            **other_options(options.sampling),
        },
    )


def _say_end(
    screen: Screen,
    failure: LlmprocError | None,
    exits: list[WorkerExit],
    recorder: RunRecorder,
    rules: ChatRules,
    ended_by: int,
) -> None:
    """Say on the screen what failed and how the child ended. Raises a failure that the screen is not the place for."""
    lost = isinstance(failure, OutputLostError)
    try:
        if failure is not None and exits and not lost:
            screen.notice(f"error: {failure}")  # stderr may be the log by now, and takes course lines only
        if failure is None or exits:
            _say_goodbye(screen, exits, recorder, rules)
    except (OutputLostError, BrokenPipeError):
        if not ended_by:  # else a signal ends us: that its terminal went with it is expected
            raise
        forget_stdout()
    if failure is not None and not (ended_by if lost else exits):
        raise failure


def _say_goodbye(screen: Screen, exits: list[WorkerExit], recorder: RunRecorder, rules: ChatRules) -> None:
    screen.flush_notices()
    if exits:
        died = [end for end in exits if end.replaced and end.status is not None and os.WIFSIGNALED(end.status)]
        told = died[0] if died and rules.first_death else exits[-1]
        if told is not exits[-1]:
            screen.notice(f"its replacement exited with {describe_status(exits[-1].status)}")
        screen.line(f"Child exited with {describe_status(told.status)}")
    else:
        screen.line("[INFO] no worker had been started yet")
    if recorder.folder and not rules.quiet:
        screen.line(f"[INFO] run folder: {recorder.folder.path}")
