"""`llmproc batch`: the order of things.

check the files -> open the input and the results -> reader, service and writer run side by side -> sort -> summary
"""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace

import msgspec

from llmproc.apps.batch.options import parse_options
from llmproc.apps.exits import complain, exit_code, exit_code_of
from llmproc.apps.telemetry_options import export_lines, maybe_export
from llmproc.batch import summary
from llmproc.batch.display import Display
from llmproc.batch.journal import origin_of
from llmproc.batch.options import BatchOptions
from llmproc.batch.pipeline import Pipeline
from llmproc.batch.provenance import Provenance, tokenizer_digest
from llmproc.batch.source import Source, StoppedError
from llmproc.batch.target import ResultTarget, open_target, part_file
from llmproc.checkpoints.model_file import ModelFile
from llmproc.config import Environment
from llmproc.errors import LlmprocError, UsageError
from llmproc.files.escaping import escape_bytes, to_json
from llmproc.files.streams import OutputLostError, forget_stdout, need_stdout, print_result
from llmproc.hardware.isa import choose
from llmproc.monitor.run_recorder import RunRecorder
from llmproc.processes.interrupts import Interrupts
from llmproc.session.model_files import ModelFiles, read_model_files
from llmproc.session.option_texts import other_options
from llmproc.telemetry.queue import SpanCounts
from llmproc.text.templates.registry import built_in_template


def main(arguments: Sequence[str], prog: str = "python -m llmproc batch") -> int:
    """Run the command; return the exit code. Errors are one line on stderr."""

    def batch() -> int:
        options = parse_options(prog, arguments, Environment.read())
        if options.rows_on_stdout or options.stream or options.json or options.elapsed:
            need_stdout()
        template = built_in_template("plain") if options.raw else None
        files = read_model_files(options.model, options.tokenizer, template, options.template_options)
        files.check_system(options.system)
        return _batch(_with_seed_of_the_first_run(options), files, prog)

    return exit_code_of(batch)


def _batch(options: BatchOptions, files: ModelFiles, prog: str) -> int:
    with closing(Source(options.input)) as source:
        provenance = _provenance(options, files, source)
        with closing(open_target(options, provenance, source)) as target:
            return _run(options, files, source, target, provenance, prog)


def _with_seed_of_the_first_run(options: BatchOptions) -> BatchOptions:
    """Return the options with the seed of the first run: a drawn seed is drawn once, a resume goes on with it."""
    if not (options.seed_drawn and options.resume and options.output):
        return options
    found = origin_of(part_file(options.output))
    return options if found is None else replace(options, sampling=options.sampling.changed(seed=found.seed))


def _provenance(options: BatchOptions, files: ModelFiles, source: Source) -> Provenance:
    engine, sampling = options.engine, options.sampling
    return Provenance(
        input=source.digest_of_all() if options.output else None,
        format=options.format,
        model=files.model.fingerprint(),
        tokenizer=tokenizer_digest(files.tokenizer_path),
        template=files.template.name,
        weights=engine.weights or "as stored",
        kv_type=engine.kv_type,
        context=files.context(engine),
        instructions=choose(Environment.read().isa).name,
        temperature=float(sampling.temperature),
        top_p=float(sampling.top_p),
        max_tokens=sampling.max_tokens,
        seed=sampling.seed,
        system=None if options.system is None else escape_bytes(options.system),
        sampling=other_options(sampling) or msgspec.UNSET,
    )


def _run(
    options: BatchOptions, files: ModelFiles, source: Source, target: ResultTarget, provenance: Provenance, prog: str
) -> int:
    began = time.monotonic()
    display = _make_display(options, source.size)
    recorder = RunRecorder(options.interval_s, _log_of(options), False, options.run_dir, display.later)
    interrupts = Interrupts(first_ends=True)
    found: dict[str, object] | None = None
    try:
        with maybe_export(options.traces, display.later) as export:
            pipeline = Pipeline(options, source, target, provenance, files, recorder, display, export)
            threads = pipeline.service.threads
            _describe(recorder, options, files.model, provenance, threads)
            _say_first(display, options, target, files)
            complete = _answer_all(pipeline, target, interrupts)
            worked = time.monotonic()
        if export is not None:
            _tell_of_spans(display, export.counts())
        if complete:
            found = summary.document(options, pipeline.stats, pipeline.stages, threads, pipeline.rows, began, worked)
            recorder.describe(batch=found)
    except LlmprocError as error:
        return _failed(error, target, options, prog, interrupts.ended_by)
    finally:
        display.end()
        recorder.close()
        interrupts.restore()
    if found is None:
        complain(f"interrupted{_kept(target, options, prog) or f' after {pipeline.stats.rows} rows'}")
    else:
        _tell(display, found, options, recorder)
    return exit_code(ended_by=interrupts.ended_by, failed=pipeline.stats.any_failed)


def _tell_of_spans(display: Display, counts: SpanCounts) -> None:
    for line in export_lines(counts):
        display.notice(line)


def _make_display(options: BatchOptions, size: int | None) -> Display:
    summary_on_stdout = not options.rows_on_stdout and not (options.elapsed or options.json)
    return Display(
        options.elapsed,
        summary_on_stdout,
        options.stream,
        options.slots,
        options.engine.sequences,
        options.rows_on_stdout,
        size,
    )


def _log_of(options: BatchOptions) -> str | None:
    """Return where samples go: to /dev/null by default when one figure or object is all that was asked for."""
    return options.log or (os.devnull if options.elapsed or options.json else None)


def _say_first(display: Display, options: BatchOptions, target: ResultTarget, files: ModelFiles) -> None:
    if options.seed_drawn:
        display.notice(f"seed {options.sampling.seed}")
    for note in files.notices(options.engine, options.sampling):
        display.notice(note)
    if target.journal is not None and target.journal.unreadable:
        display.notice(f"{target.journal.path}: {target.journal.unreadable} lines are not results and are ignored")


def _answer_all(pipeline: Pipeline, target: ResultTarget, interrupts: Interrupts) -> bool:
    """Answer every row and finish the result file; False when a signal came first."""
    try:
        complete = pipeline.run(interrupts)
        if complete:
            target.finish(pipeline.rows, lambda: bool(interrupts.ended_by))
        return complete
    except StoppedError:
        return False


def _failed(error: LlmprocError, target: ResultTarget, options: BatchOptions, prog: str, ended_by: int) -> int:
    """Say what ended the run and what is kept of it; returns the exit code. A UsageError is raised again."""
    if isinstance(error, UsageError) and target.journal is not None:
        target.journal.take_back()  # it was made from another input: nothing of this one belongs into it
        raise error
    complain(f"{error}{_kept(target, options, prog)}")
    if isinstance(error, OutputLostError):
        forget_stdout()
    return exit_code(error, ended_by)


def _describe(
    recorder: RunRecorder, options: BatchOptions, model: ModelFile, provenance: Provenance, threads: int
) -> None:
    """Write what is known from the start into the run folder."""
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
            **(provenance.sampling or {}),
        },
    )  # fmt: skip


def _tell(display: Display, found: dict[str, object], options: BatchOptions, recorder: RunRecorder) -> None:
    """Print the summary, or the one thing that was asked for."""
    folder = recorder.folder
    if options.elapsed:
        print_result(f"{found['elapsed_s']:.3f}\n")
    elif options.json:
        print_result(to_json({**found, "run_folder": str(folder.path) if folder else None}) + "\n")
    else:
        for line in summary.lines(found):
            display.notice(line)
        if folder:
            display.run_folder(str(folder.path), recorder.log_on_stderr)


def _kept(target: ResultTarget, options: BatchOptions, prog: str) -> str:
    """Return how many results are kept and how to go on with them; "" when there are none."""
    journal = target.journal
    if journal is None or not journal.index.rows:
        return ""
    wanted = [argument for argument in options.arguments if argument not in ("--force", "--resume")]
    command = shlex.join([*prog.split(), *wanted, "--resume"])
    return f"; {journal.index.rows} results are kept in {journal.path}; go on with: {command}"
