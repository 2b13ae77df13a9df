"""`llmproc threads <n> <seed> "<prompt>"...`: the order of things.

start a worker with n ranks -> answer every prompt -> read its threads' clocks -> end it -> its own total from wait4
"""

from __future__ import annotations

from collections.abc import Sequence

from llmproc.apps.answer_view import AnswerView
from llmproc.apps.exits import exit_code, exit_code_of
from llmproc.apps.flags import unused_model
from llmproc.apps.screen import Screen
from llmproc.apps.threads.options import ThreadsOptions, parse_options
from llmproc.checkpoints.model_file import ModelFile
from llmproc.config import Environment
from llmproc.errors import RequestError
from llmproc.labs.threads.clocks import ThreadTimes, of_rusage, read_times, report_lines
from llmproc.monitor.run_recorder import RunRecorder
from llmproc.processes.interrupts import Interrupts
from llmproc.processes.slots import WorkerExit
from llmproc.service.config import ServiceConfig
from llmproc.session.conversation import Conversation
from llmproc.session.launch import Launch
from llmproc.session.model_files import ModelFiles, read_model_files
from llmproc.session.option_texts import other_options
from llmproc.session.session import ServiceSession


def main(arguments: Sequence[str], prog: str = "python -m llmproc threads") -> int:
    """Run the command; return the exit code. Errors are one line on stderr."""

    def threads() -> int:
        options = parse_options(prog, arguments, Environment.read())
        files = read_model_files(options.model, options.tokenizer, options.rules.template)
        files.check_system(options.system)
        return _run(options, files)

    return exit_code_of(threads)


def _run(options: ThreadsOptions, files: ModelFiles) -> int:
    screen = Screen()
    recorder = RunRecorder(options.interval_s, options.log, options.course, options.run_dir, screen.later)
    interrupts = Interrupts(first_ends=True)
    launch, session, view = _assemble(options, files, screen, recorder, interrupts)
    _describe(recorder, options, files.model)
    if not options.model_named and (note := unused_model(options.model)):
        screen.notice(note)
    if options.seed_drawn:
        screen.notice(f"seed {options.sampling.seed}")
    for note in files.notices(options.engine, options.sampling):
        screen.notice(note)
    try:
        with launch:
            launch.service.start()
            failed = _answer(options.prompts, session, screen, view, interrupts)
            pid = launch.service.workers()[0].pid
            times = read_times(pid)
    finally:
        recorder.close()
        interrupts.restore()
    _report(screen, times, [ended for ended in launch.exits if ended.pid == pid], options.engine.threads or 0)
    return exit_code(ended_by=interrupts.ended_by, failed=bool(failed))


def _assemble(
    options: ThreadsOptions, files: ModelFiles, screen: Screen, recorder: RunRecorder, interrupts: Interrupts
) -> tuple[Launch, ServiceSession, AnswerView]:
    """Make the service, a conversation over it and its view; nothing is started."""
    view: AnswerView
    launch = Launch(
        ServiceConfig(
            options.model, engine=options.engine, scheduling=options.scheduling, output_fd=recorder.output_fd
        ),
        recorder,
        recorder.last_output,
        on_progress=lambda progress: setattr(view, "loading", progress),
        on_notice=screen.later,
    )
    context = files.context(options.engine)
    conversation = Conversation(
        files.tokenizer, files.template, context, options.sampling, options.system, options.rules,
        files.model.description.end_tokens,
    )  # fmt: skip
    view = AnswerView(conversation, launch.service, screen, interrupts)
    return launch, ServiceSession(launch.service, conversation), view


def _describe(recorder: RunRecorder, options: ThreadsOptions, model: ModelFile) -> None:
    recorder.describe(
        seed=options.sampling.seed,
        checkpoint=str(options.model),
        checkpoint_bytes=model.size,
        course=options.course,
        threads=options.engine.threads,
        sampling={
            "temperature": options.sampling.temperature,
            "top_p": options.sampling.top_p,
            **other_options(options.sampling),
        },
    )


def _answer(
    prompts: Sequence[str], session: ServiceSession, screen: Screen, view: AnswerView, interrupts: Interrupts
) -> int:
    """Show the answer to each prompt; returns how many failed."""
    failed = 0
    for prompt in prompts:
        if interrupts.ended_by:
            break
        try:
            failed += not view.show(session.ask(prompt))
        except RequestError as error:
            screen.notice(f"error: {error}")
            failed += 1
    return failed


def _report(screen: Screen, times: ThreadTimes, exits: list[WorkerExit], threads: int) -> None:
    screen.flush_notices()
    if times.main is not None and len(times.ranks) != threads:
        screen.notice(f"{len(times.ranks)} of {threads} ranks were found")
    for line in report_lines(times, of_rusage(exits[-1].rusage) if exits else None):
        screen.line(line)
