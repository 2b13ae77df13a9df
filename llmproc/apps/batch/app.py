"""`llmproc batch`: the order of things.

check the files -> open the input and the results -> reader, service and writer run side by side -> sort -> summary
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import closing
from functools import partial
from typing import Any

from llmproc.apps.batch.local import LocalRun
from llmproc.apps.batch.options import parse_options
from llmproc.apps.batch.place import BatchPlace, RunRecord
from llmproc.apps.exits import complain, exit_code, exit_code_of
from llmproc.apps.telemetry_options import export_lines, maybe_export
from llmproc.batch import summary
from llmproc.batch.display import Display
from llmproc.batch.options import BatchOptions
from llmproc.batch.pipeline import Pipeline
from llmproc.batch.provenance import Provenance
from llmproc.batch.source import Source, StoppedError
from llmproc.batch.target import ResultTarget, open_target
from llmproc.batch.workload import open_source
from llmproc.config import Environment
from llmproc.errors import LlmprocError, UsageError
from llmproc.files.command_line import shown_command
from llmproc.files.escaping import to_json
from llmproc.files.streams import OutputLostError, forget_stdout, need_stdout, print_result
from llmproc.processes.interrupts import Interrupts
from llmproc.telemetry.queue import SpanCounts


def main(arguments: Sequence[str], prog: str = "python -m llmproc batch") -> int:
    """Run the command; return the exit code. Errors are one line on stderr."""

    def batch() -> int:
        options = parse_options(prog, arguments, Environment.read())
        if options.rows_on_stdout or options.stream or options.json or options.elapsed:
            need_stdout()
        return _batch(_open_place(options), prog)

    return exit_code_of(batch)


def _open_place(options: BatchOptions) -> BatchPlace:
    if options.remote is None:
        return LocalRun.of(options)
    from llmproc.apps.batch.remote import RemoteRun  # here: httpx is an extra, and most runs need none

    return RemoteRun.of(options, options.remote)


def _batch(place: BatchPlace, prog: str) -> int:
    options = place.options
    with closing(open_source(options)) as source:
        provenance = place.provenance(source)
        with closing(open_target(options, provenance, source)) as target:
            return _run(place, source, target, provenance, prog)


def _run(place: BatchPlace, source: Source, target: ResultTarget, provenance: Provenance, prog: str) -> int:
    began, options = time.monotonic(), place.options
    display = _make_display(options, source.size)
    record = place.open_record(display)
    interrupts = Interrupts(first_ends=True)
    found: dict[str, object] | None = None
    try:
        with maybe_export(options.traces, display.later) as export:
            open_backend = partial(place.open_backend, record, display)
            pipeline = Pipeline(options, source, target, provenance, open_backend, display, export)
            about = pipeline.backend.about()
            record.describe(**place.facts(provenance), **_facts(options, provenance), **about)
            _say_first(display, place, target)
            complete = _answer_all(pipeline, target, interrupts)
            worked = time.monotonic()
        if export is not None:
            _tell_of_spans(display, export.counts())
        if complete:
            stats, stages = pipeline.stats, pipeline.stages
            found = summary.document(options, about, stats, stages, pipeline.rows, began, worked)
            record.describe(batch=found)
    except LlmprocError as error:
        return _failed(error, target, options, prog, interrupts.ended_by)
    finally:
        display.end()
        record.close()
        interrupts.restore()
    if found is None:
        complain(f"interrupted{_kept(target, options, prog) or f' after {pipeline.stats.rows} rows'}")
    else:
        _tell(display, found, options, record)
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


def _say_first(display: Display, place: BatchPlace, target: ResultTarget) -> None:
    if place.options.seed_drawn:
        display.notice(f"seed {place.options.sampling.seed}")
    for note in place.notices():
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


def _facts(options: BatchOptions, provenance: Provenance) -> dict[str, Any]:
    """Return what run.json says from the start."""
    return {
        "verb": "batch",
        "seed": options.sampling.seed,
        "input": options.input,
        "output": None if options.output is None else str(options.output),
        "mode": options.mode,
        "sampling": {
            "temperature": provenance.temperature, "top_p": provenance.top_p, "max_tokens": provenance.max_tokens,
            **(provenance.sampling or {}),
        },
    }  # fmt: skip


def _tell(display: Display, found: dict[str, object], options: BatchOptions, record: RunRecord) -> None:
    """Print the summary, or the one thing that was asked for."""
    folder = record.folder
    if options.elapsed:
        print_result(f"{found['elapsed_s']:.3f}\n")
    elif options.json:
        print_result(to_json({**found, "run_folder": str(folder.path) if folder else None}) + "\n")
    else:
        for line in summary.lines(found):
            display.notice(line)
        if folder:
            display.run_folder(str(folder.path), record.log_on_stderr)


def _kept(target: ResultTarget, options: BatchOptions, prog: str) -> str:
    """Return how many results are kept and how to go on with them; "" when there are none."""
    journal = target.journal
    if journal is None or not journal.index.rows:
        return ""
    wanted = [argument for argument in options.arguments if argument not in ("--force", "--resume")]
    command = shown_command([*prog.split(), *wanted, "--resume"])
    return f"; {journal.index.rows} results are kept in {journal.path}; go on with: {command}"
