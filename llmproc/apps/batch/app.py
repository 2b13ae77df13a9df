"""`llmproc batch`: the order of things.

check the files -> open the input and the results -> reader, service and writer run side by side -> sort -> summary
"""

from __future__ import annotations

import json
import os
import shlex
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace

from llmproc.apps.batch.options import parse_options
from llmproc.apps.exits import complain, exit_code_of
from llmproc.batch import summary
from llmproc.batch.display import Display
from llmproc.batch.journal import origin_of
from llmproc.batch.options import BatchOptions
from llmproc.batch.pipeline import Pipeline
from llmproc.batch.provenance import Provenance, tokenizer_digest
from llmproc.batch.source import Source, StoppedError
from llmproc.batch.target import ResultTarget, open_target, part_file
from llmproc.checkpoints.model_file import ModelFile, open_model
from llmproc.config import Environment
from llmproc.errors import LlmprocError, UsageError
from llmproc.files.streams import OutputLostError, forget_stdout, need_stdout, print_result
from llmproc.hardware.isa import choose
from llmproc.monitor.run_recorder import RunRecorder
from llmproc.processes.interrupts import Interrupts
from llmproc.service.service import with_threads
from llmproc.text.templates.template import ChatTemplate
from llmproc.text.tokenizers.tokenizer import Tokenizer

SOME_FAILED = 1


def main(arguments: Sequence[str], prog: str = "python -m llmproc batch") -> int:
    """Returns the exit code. Errors are one line on stderr."""

    def batch() -> int:
        options = parse_options(prog, arguments, Environment.read())
        if options.rows_on_stdout or options.stream or options.json or options.elapsed:
            need_stdout()
        model = open_model(options.model)
        tokenizer = model.load_tokenizer(options.tokenizer)
        return _batch(options, model, tokenizer, prog)

    return exit_code_of(batch)


def _batch(options: BatchOptions, model: ModelFile, tokenizer: Tokenizer, prog: str) -> int:
    template = ChatTemplate("plain" if options.raw else tokenizer.template_name)
    if options.system and not template.takes_system:
        raise UsageError(f"--system cannot be used: the template {template.name} has no place for a system message")
    options = _with_seed_of_the_first_run(options)
    with closing(Source(options.input)) as source:
        provenance = _provenance(options, model, template, source)
        target = open_target(options, provenance, source)
        try:
            return _run(options, model, tokenizer, source, target, provenance, prog)
        finally:
            target.close()


def _with_seed_of_the_first_run(options: BatchOptions) -> BatchOptions:
    """A drawn seed is drawn once: a resume goes on with it."""
    if not (options.seed_drawn and options.resume and options.output):
        return options
    found = origin_of(part_file(options.output))
    return options if found is None else replace(options, sampling=options.sampling.changed(seed=found.seed))


def _provenance(options: BatchOptions, model: ModelFile, template: ChatTemplate, source: Source) -> Provenance:
    engine, sampling = options.engine, options.sampling
    return Provenance(
        input=source.digest_of_all() if options.output else None,
        format=options.format,
        model=model.fingerprint(),
        tokenizer=tokenizer_digest(options.tokenizer),
        template=template.name,
        weights=engine.weights or "as stored",
        kv_type=engine.kv_type,
        context=engine.positions(model.description.seq_len),
        instructions=choose(Environment.read().isa).name,
        temperature=float(sampling.temperature),
        top_p=float(sampling.top_p),
        max_tokens=sampling.max_tokens,
        seed=sampling.seed,
        system=options.system,
    )


def _run(
    options: BatchOptions,
    model: ModelFile,
    tokenizer: Tokenizer,
    source: Source,
    target: ResultTarget,
    provenance: Provenance,
    prog: str,
) -> int:
    began, data_only = time.monotonic(), options.elapsed or options.json
    threads = with_threads(options.engine, options.workers).threads or 0
    stdout_free = not options.rows_on_stdout and not data_only
    display = Display(
        options.elapsed, stdout_free, options.stream, options.slots, options.engine.sequences, options.rows_on_stdout
    )
    log = options.log or (os.devnull if data_only else None)
    recorder = RunRecorder(options.interval_s, log, False, options.run_dir, display.later)
    interrupts = Interrupts(first_ends=True)
    try:
        _describe(recorder, options, model, provenance, threads)
        pipeline = Pipeline(options, source, target, provenance, tokenizer, recorder, display)
        if options.seed_drawn:
            display.notice(f"seed {options.sampling.seed}")
        if target.journal is not None and target.journal.unreadable:
            display.notice(f"{target.journal.path}: {target.journal.unreadable} lines are no results, and are ignored")
        complete = pipeline.run(interrupts)
        if complete:
            target.finish(pipeline.rows, lambda: bool(interrupts.ended_by))
            found = summary.document(
                options, pipeline.stats, pipeline.stages, threads, pipeline.rows, began, time.monotonic()
            )
            recorder.describe(batch=found)
    except StoppedError:
        complete = False
    except LlmprocError as error:
        if isinstance(error, UsageError) and target.journal is not None:
            target.journal.take_back()  # it was made from another input: what came of this one is none of it
            raise
        complain(f"{error}{_kept(target, options, prog)}")
        if isinstance(error, OutputLostError):
            forget_stdout()
        return error.exit_code
    finally:
        display.end()
        recorder.close()
        interrupts.restore()
    if not complete:
        complain(f"interrupted{_kept(target, options, prog) or f' after {pipeline.stats.rows} rows'}")
        return 128 + interrupts.ended_by
    _tell(display, found, options, recorder)
    if interrupts.ended_by:
        return 128 + interrupts.ended_by
    return SOME_FAILED if pipeline.stats.any_failed else 0


def _describe(
    recorder: RunRecorder, options: BatchOptions, model: ModelFile, provenance: Provenance, threads: int
) -> None:
    """What a run folder says from the start."""
    recorder.describe(
        verb="batch",
        seed=options.sampling.seed,
        checkpoint=str(options.model),
        checkpoint_bytes=model.size,
        checkpoint_hash=provenance.model,
        input=options.input,
        output=None if options.output is None else str(options.output),
        mode=options.mode,
        workers=options.workers,
        threads=threads,
        sequences=options.engine.sequences,
        sampling={
            "temperature": provenance.temperature, "top_p": provenance.top_p, "max_tokens": provenance.max_tokens,
        },
    )  # fmt: skip


def _tell(display: Display, found: dict[str, object], options: BatchOptions, recorder: RunRecorder) -> None:
    """The last words: the summary, or the one thing that was asked for."""
    folder = recorder.folder
    if options.elapsed:
        print_result(f"{found['elapsed_s']:.3f}\n")
    elif options.json:
        print_result(json.dumps({**found, "run_folder": str(folder.path) if folder else None}) + "\n")
    else:
        for line in summary.lines(found):
            display.notice(line)
        if folder:
            print(f"run folder: {folder.path}", file=sys.stderr, flush=True)


def _kept(target: ResultTarget, options: BatchOptions, prog: str) -> str:
    """What is there, and how to go on with it; nothing when there is nothing."""
    journal = target.journal
    if journal is None or not journal.index.rows:
        return ""
    wanted = [argument for argument in options.arguments if argument not in ("--force", "--resume")]
    command = shlex.join([*prog.split(), *wanted, "--resume"])
    return f"; {journal.index.rows} results are kept in {journal.path}; go on with: {command}"
