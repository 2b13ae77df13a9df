"""`llmproc threads <n> <seed> "<prompt>"...`: the order of things.

start a worker with n ranks -> answer every prompt -> read its threads' clocks -> end it -> its own total from wait4
"""

from __future__ import annotations

from collections.abc import Sequence

from llmproc.apps.chat.answer_view import AnswerView
from llmproc.apps.chat.screen import Screen
from llmproc.apps.exits import exit_code_of
from llmproc.apps.threads.options import ThreadsOptions, parse_options
from llmproc.checkpoints.llama2c.header import Header, read_header
from llmproc.config import Environment
from llmproc.errors import RequestError, StartError, UsageError
from llmproc.labs.threads.clocks import ThreadTimes, of_rusage, read_times, report_lines
from llmproc.monitor.run_recorder import RunRecorder
from llmproc.processes.interrupts import Interrupts
from llmproc.processes.slots import WorkerExit
from llmproc.service.service import Service, ServiceConfig
from llmproc.session.conversation import Conversation
from llmproc.session.session import ServiceSession
from llmproc.text.templates.registry import built_in_template
from llmproc.text.tokenizers.tokenizer import Tokenizer, load_tokenizer

SOME_FAILED = 1


def main(arguments: Sequence[str], prog: str = "python -m llmproc threads") -> int:
    """Returns the exit code. Errors are one line on stderr."""

    def threads() -> int:
        options = parse_options(prog, arguments, Environment.read())
        header = read_header(options.model)
        tokenizer = load_tokenizer(options.tokenizer, header.description.vocab_size)
        return _run(options, header, tokenizer)

    return exit_code_of(threads)


def _run(options: ThreadsOptions, header: Header, tokenizer: Tokenizer) -> int:
    rules = options.rules
    template = rules.template or built_in_template(tokenizer.template_name)
    if options.system and not template.takes_system:
        raise UsageError(f"--system cannot be used: the template {template.name} has no place for a system message")
    screen = Screen()
    recorder = RunRecorder(options.interval_s, options.log, options.course, options.run_dir, screen.later)
    interrupts = Interrupts(first_ends=True)
    view: AnswerView
    service = Service(
        ServiceConfig(
            options.model, engine=options.engine, scheduling=options.scheduling, output_fd=recorder.output_fd
        ),
        recorder,
        on_progress=lambda progress: setattr(view, "loading", progress),
        on_notice=screen.later,
    )
    context = options.engine.positions(header.description.seq_len)
    conversation = Conversation(tokenizer, template, context, options.sampling, options.system, rules)
    session = ServiceSession(service, conversation)
    view = AnswerView(conversation, service, screen, interrupts)
    recorder.describe(
        seed=options.sampling.seed,
        checkpoint=str(options.model),
        checkpoint_bytes=header.size,
        course=options.course,
        threads=options.engine.threads,
        sampling={"temperature": options.sampling.temperature, "top_p": options.sampling.top_p},
    )
    if options.seed_drawn:
        screen.notice(f"seed {options.sampling.seed}")
    exits: list[WorkerExit] = []
    times, pid, failed = ThreadTimes({}, None), 0, 0
    try:
        service.start()
        failed = _answer(options.prompts, session, screen, view, interrupts)
        pid = service.workers()[0].pid
        times = read_times(pid)
    except StartError as error:
        reason = recorder.last_output()
        raise StartError(f"{error}: {reason}" if reason else str(error)) from None
    finally:
        exits = service.close()
        recorder.close()
        interrupts.restore()
    _report(screen, times, [ended for ended in exits if ended.pid == pid], options.engine.threads or 0)
    if interrupts.ended_by:
        return 128 + interrupts.ended_by
    return SOME_FAILED if failed else 0


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
