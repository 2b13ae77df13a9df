"""`llmproc bench serve`: options in; text, JSON and picture out. The measuring is `experiments.serve_load`'s."""

from __future__ import annotations

import resource
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llmproc.apps.bench import serve_table
from llmproc.apps.bench.serve_options import BenchServeOptions, parse_serve_options
from llmproc.apps.exits import exit_code, interruptible
from llmproc.apps.progress import ProgressBar
from llmproc.apps.telemetry_options import export_lines, maybe_export
from llmproc.config import Environment
from llmproc.errors import UsageError, require_package
from llmproc.files.command_line import shown_command
from llmproc.files.escaping import to_json
from llmproc.files.replacing import replace_file
from llmproc.files.streams import print_result, put
from llmproc.monitor.runfolder import NO_FOLDER, RunFolder

if TYPE_CHECKING:
    from llmproc.experiments.serve_load.recording import Finished
    from llmproc.telemetry.exporting import SpanExport

JSON_FILE = "bench-serve.json"
_SPARE_DESCRIPTORS = 64


def bench_serve(arguments: Sequence[str], prog: str) -> int:
    """Run it and return the exit code. Raises LlmprocError."""
    interruptible()
    options = parse_serve_options(prog, arguments, Environment.read(), Path())
    require_package("httpx")
    _refuse_output(options)
    _allow_descriptors(options.load.concurrency, options.load.requests)
    for endpoint in options.endpoints:
        for note in endpoint.notes:
            _notice(note)
    from llmproc.experiments.serve_load.measuring import measure  # here: it needs the package that was looked for
    from llmproc.experiments.serve_load.recording import ignore_finished

    bar = ProgressBar()
    try:
        with maybe_export(options.traces, _notice) as export:
            also = ignore_finished if export is None else _to_spans(export)
            found, ended_by = measure(
                options.load, options.endpoints, shown_command([*prog.split(), *arguments]), bar, also
            )
    finally:
        bar.wipe()
    for line in [] if export is None else export_lines(export.counts()):
        _notice(line)
    _write(found, options)
    return exit_code(ended_by=ended_by, failed=_failed(found, options.load.ramp))


def _notice(line: str) -> None:
    put(sys.stderr, f"[INFO] {line}\n")


def _to_spans(export: SpanExport) -> Finished:
    """Return what exports a span of each finished request."""
    from llmproc.telemetry.client_record import client_record

    return lambda request, answer: export.put(client_record(request, [answer], export.content))


def _refuse_output(options: BenchServeOptions) -> None:
    """Raise UsageError for a file that cannot be written, before any work."""
    for option, path in (("--json", options.json), ("--chart", options.chart)):
        if path is not None and (path.is_dir() or not path.parent.is_dir()):
            raise UsageError(f"{option} is {path}: must be a file in a folder that exists")


def _allow_descriptors(at_once: int | None, requests: int) -> None:
    """Raise the soft limit of open files to what these connections need. UsageError when the hard one is lower.

    `at_once` None: as many as there will be, which is not known before: as far as the hard limit allows.
    """
    wanted = (requests if at_once is None else min(at_once, requests)) + _SPARE_DESCRIPTORS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    if hard != resource.RLIM_INFINITY and hard < wanted:
        if at_once is None:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            return
        raise UsageError(f"{at_once} requests at once need {wanted} open files, and `ulimit -Hn` is {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _failed(found: Mapping[str, Any], ramp: bool) -> bool:
    """Return whether requests failed, or none succeeded. A ramp goes on until some fail: that is not a failed run."""
    figures = [run["figures"] for run in found["runs"]]
    if not sum(each["succeeded"] for each in figures):
        return True
    return not ramp and any(each["failed"] or each["not_sent"] for each in figures)


def _write(found: Mapping[str, Any], options: BenchServeOptions) -> None:
    """Keep the document first, then show it, then draw it: whatever goes wrong later, what was measured is there."""
    text = to_json(found) + "\n"
    if options.json is not None:
        try:
            replace_file(options.json, text.encode())
        except OSError as error:
            raise UsageError(f"--json is {options.json}: cannot be written: {error.strerror}") from None
    if options.run_dir != NO_FOLDER:
        folder = RunFolder.create(Path(options.run_dir) if options.run_dir else None)
        try:
            (folder.path / JSON_FILE).write_text(text, encoding="utf-8")
            folder.describe({"verb": "bench serve", "result": JSON_FILE})
        finally:
            folder.close()
        put(sys.stderr, f"run folder: {folder.path}\n")
    print_result(serve_table.render(found))
    if options.chart is not None:
        from llmproc.report.figure import save  # matplotlib: only once there is something to draw
        from llmproc.report.serve_chart import plot_serve

        save(plot_serve(found), options.chart)
