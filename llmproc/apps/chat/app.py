"""The chat app: checks the files, starts the service, runs the prompt loop, and says how the child ended."""

from __future__ import annotations

from collections.abc import Sequence

from llmproc.apps.chat.commands import WORDS
from llmproc.apps.chat.loop import ChatLoop
from llmproc.apps.chat.options import ChatOptions, parse_options
from llmproc.apps.chat.screen import Screen
from llmproc.apps.chat.sources import open_source
from llmproc.apps.exits import exit_code_of
from llmproc.checkpoints.llama2c.header import Header, read_header
from llmproc.config import Environment
from llmproc.errors import LlmprocError, StartError, UsageError
from llmproc.files.streams import OutputLostError, forget_stdout
from llmproc.monitor.run_recorder import RunRecorder
from llmproc.processes.interrupts import Interrupts
from llmproc.processes.slots import WorkerExit
from llmproc.processes.system import describe_status
from llmproc.service.service import Service, ServiceConfig
from llmproc.session.conversation import Conversation
from llmproc.session.session import ServiceSession
from llmproc.text.templates.registry import built_in_template
from llmproc.text.tokenizers.tokenizer import Tokenizer, load_tokenizer

SOME_FAILED = 1  # of piped prompts: a person at a terminal has seen it
_LAST_CHANCE_S = 5.0  # a loop that ends before its worker was ready waits so long, to see it start and end


def main(arguments: Sequence[str], prog: str = "python -m llmproc.main") -> int:
    """Run the prompt loop; returns the exit code. Errors are one line on stderr."""

    def chat() -> int:
        options = parse_options(prog, arguments, Environment.read())
        header = read_header(options.model)
        tokenizer = load_tokenizer(options.tokenizer, header.description.vocab_size)
        return _chat(options, header, tokenizer)

    return exit_code_of(chat)


def _chat(options: ChatOptions, header: Header, tokenizer: Tokenizer) -> int:
    rules = options.rules
    template = rules.template or built_in_template(tokenizer.template_name)
    if options.system and not template.takes_system:
        raise UsageError(f"--system cannot be used: the template {template.name} has no place for a system message")
    screen = Screen()
    recorder = RunRecorder(options.interval_s, options.log, options.course, options.run_dir, screen.later)
    interrupts = Interrupts(first_ends=not rules.cancels, ctrl_c_anyhow=True)
    config = ServiceConfig(
        options.model, engine=options.engine, scheduling=options.scheduling, output_fd=recorder.output_fd
    )
    context = options.engine.positions(header.description.seq_len)
    loop: ChatLoop
    service = Service(
        config,
        recorder,
        on_progress=lambda progress: setattr(loop.view, "loading", progress),
        on_notice=screen.later,
        on_failure=lambda error: interrupts.end_from_thread(),
    )
    conversation = Conversation(tokenizer, template, context, options.sampling, options.system, rules)
    source = open_source(screen.prompt, WORDS if rules.commands else ())
    session = ServiceSession(service, conversation)
    loop = ChatLoop(session, screen, source, interrupts, options.model, options.tokenizer)
    _describe(recorder, options, header)
    if options.seed_drawn:
        screen.notice(f"seed {options.sampling.seed}")
    exits: list[WorkerExit] = []
    failure: LlmprocError | None = None
    try:
        service.start()
        loop.run()
        if not interrupts.ended_by:
            service.wait_ready(_LAST_CHANCE_S)
    except StartError as error:
        reason = recorder.last_output()
        failure = StartError(f"{error}: {reason}" if reason else str(error))
    except LlmprocError as error:
        failure = error
    finally:
        exits = service.close()
        if service.report:
            recorder.describe(checkpoint_hash=service.report.fingerprint)
        source.close()
        recorder.close()
    code = 128 + interrupts.ended_by if interrupts.ended_by else 0
    told = failure is not None and bool(exits) and not isinstance(failure, OutputLostError)
    try:
        if told:
            screen.notice(f"error: {failure}")  # stderr may be the log by now, and takes course lines only
        if failure is None or exits:
            _say_goodbye(screen, exits, recorder, options.course)
    except (OutputLostError, BrokenPipeError):
        if not code:  # else a signal ends us: that its terminal went with it is no news
            raise
        forget_stdout()
    finally:
        interrupts.restore()
    if failure and not (code and isinstance(failure, OutputLostError)):
        if not told:
            raise failure
        return failure.exit_code
    return code or (SOME_FAILED if loop.failed and not source.echoes else 0)


def _describe(recorder: RunRecorder, options: ChatOptions, header: Header) -> None:
    if recorder.folder is None:
        return
    recorder.describe(
        seed=options.sampling.seed,
        checkpoint=str(options.model),
        checkpoint_bytes=header.size,
        course=options.course,
        sampling={"temperature": options.sampling.temperature, "top_p": options.sampling.top_p},
    )


def _say_goodbye(screen: Screen, exits: list[WorkerExit], recorder: RunRecorder, course: bool) -> None:
    screen.flush_notices()
    if exits:
        screen.line(f"Child exited with {describe_status(exits[-1].status)}")
    else:
        screen.line("[INFO] no child had been started")
    if recorder.folder and not course:
        screen.line(f"[INFO] run folder: {recorder.folder.path}")
