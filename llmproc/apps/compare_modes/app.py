"""`llmproc compare-modes`: the order of things. What is compared and how is `experiments.compare_modes`'.

    options -> prompts -> open the arm (real workers) -> run everything in turn -> document -> JSON, table, picture

The arm is named by ARM and imported only when it is opened: --help and --from need no engine.
"""

from __future__ import annotations

import importlib
import os
import resource
import shlex
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from llmproc.apps.compare_modes.options import parse_options
from llmproc.apps.exits import exit_code_of, interruptible
from llmproc.apps.progress import ProgressBar
from llmproc.config import Environment
from llmproc.errors import LogError, UsageError
from llmproc.experiments.bench import conditions
from llmproc.experiments.bench.machine import machine_block
from llmproc.experiments.compare_modes.arm import Arm
from llmproc.experiments.compare_modes.options import CompareOptions
from llmproc.experiments.compare_modes.plan import settings
from llmproc.experiments.compare_modes.prompts import NamedPrompts, prompts_from, shipped_prompts
from llmproc.experiments.compare_modes.result import document
from llmproc.experiments.compare_modes.runner import run_all
from llmproc.files.escaping import escape_bytes, to_json
from llmproc.files.streams import need_stdout, print_result
from llmproc.hardware.cpus import usable_cpus
from llmproc.monitor.runfolder import NO_FOLDER, RunFolder
from llmproc.report import modes_table
from llmproc.report.modes_file import read_comparison

ARM = "llmproc.experiments.compare_modes.service_arm:open_arm"  # (CompareOptions) -> context manager that gives an Arm
SOME_FAILED = 1
JSON_FILE, TABLE_FILE, CHART_FILE = "compare-modes.json", "compare-modes.md", "compare-modes.png"


def main(arguments: Sequence[str], prog: str = "python -m llmproc compare-modes") -> int:
    """Returns the exit code."""

    def compared() -> int:
        interruptible()
        options = parse_options(prog, arguments, Environment.read())
        refuse_early(options)
        if options.source is not None:
            failed = _show_again(read_comparison(options.source), options)
        else:
            found = compare(options, shlex.join([*prog.split(), *arguments]))
            _write(found, options)
            failed = _any_failed(found)
        return SOME_FAILED if failed else 0

    return exit_code_of(compared)


def refuse_early(options: CompareOptions) -> None:
    """What can be known before any work. Raises UsageError, OutputLostError."""
    if options.json:
        need_stdout()
    for option, path in (("--out", options.out), ("--chart", options.chart)):
        if path is not None and not path.parent.is_dir():
            raise UsageError(f"{option} is {path}: must lie in a folder that exists")
    if options.out is not None and options.out.exists() and not options.out.is_dir():
        raise UsageError(f"--out is {options.out}: must be a folder")
    if options.chart is not None and options.chart.is_dir():
        raise UsageError(f"--chart is {options.chart}: must be a file")


def compare(options: CompareOptions, command: str) -> dict[str, Any]:
    """The whole comparison; returns the document of `experiments.compare_modes.result`."""
    asked = named_prompts(options)
    planned = settings(options.modes, options.workers)
    machine = {**machine_block(), "cpus_usable": usable_cpus().threads}
    started, start, before = time.strftime("%Y-%m-%dT%H:%M:%S%z"), conditions.take(), _children_s()
    with _open_arm(options) as arm:
        samples = run_all(arm, planned, asked.prompts, options.repeat, ProgressBar())
    held = conditions.between(start, conditions.take(), {os.getpid()})
    held = without_workers(held, _children_s() - before)
    surroundings = {
        "started": started,
        "command": command,
        "seed": options.sampling.seed,
        "machine": machine,
        "conditions": asdict(held),
        "warnings": conditions.warnings(held, 1, len(machine["cpus_allowed"]), machine["quota_cpus"], {}, {}),
    }
    about = {"name": escape_bytes(asked.name), "about": escape_bytes(asked.about)}
    return document(samples, planned, about, asked.prompts, options_block(options), surroundings)


def named_prompts(options: CompareOptions) -> NamedPrompts:
    """What is asked. UsageError for waits without costs."""
    if options.prompts is None:
        return shipped_prompts(options.workload)
    found = prompts_from(options.prompts)
    if options.work == "wait" and any(prompt.cost is None for prompt in found.prompts):
        raise UsageError(f"--work is wait: {options.prompts} must be JSONL with a cost in every row, or use --workload")
    return found


def options_block(options: CompareOptions) -> dict[str, Any]:
    """`options` of the document."""
    found: dict[str, Any] = {
        "work": options.work,
        "unit_s": options.unit_s if options.work == "wait" else None,
        "modes": list(options.modes),
        "workers": list(options.workers),
        "repeat": options.repeat,
        "threads": options.threads,
        "sequences": options.engine.sequences,
    }
    if options.work == "generate":
        found |= {"model": str(options.model), "tokenizer": str(options.tokenizer), "system": options.system}
        found |= {"engine": asdict(options.engine), "sampling": asdict(options.sampling)}
    return found


def _open_arm(options: CompareOptions) -> AbstractContextManager[Arm]:
    module, _, function = ARM.partition(":")
    opener: Callable[[CompareOptions], AbstractContextManager[Arm]] = getattr(importlib.import_module(module), function)
    return opener(options)


def without_workers(held: conditions.Conditions, children_s: float) -> conditions.Conditions:
    """What others took, less the CPU seconds of our own children: they are gone by now, and in no list of processes."""
    return replace(held, others=max(0.0, held.others - children_s / held.seconds))


def _children_s() -> float:
    """CPU seconds of the children that were waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _write(found: Mapping[str, Any], options: CompareOptions) -> None:
    """Into the folder, or a run folder; to stdout; the picture also where it was asked for."""
    text = to_json(found) + "\n"
    if options.out is not None:
        _keep(found, text, _made(options.out))
    elif options.run_dir != NO_FOLDER:
        folder = RunFolder.create(Path(options.run_dir) if options.run_dir else None)
        try:
            _keep(found, text, folder.path)
            folder.describe({"verb": "compare-modes", "result": JSON_FILE, "simulated": found["simulated"]})
        finally:
            folder.close()
        if not options.json:
            print(f"run folder: {folder.path}", file=sys.stderr)
    _show(found, text, options)


def _keep(found: Mapping[str, Any], text: str, folder: Path) -> None:
    """The three files."""
    try:
        # First: whatever goes wrong with the picture, what was measured is kept.
        (folder / JSON_FILE).write_text(text, encoding="utf-8")
        (folder / TABLE_FILE).write_text(escape_bytes(modes_table.render(found)), encoding="utf-8")
    except OSError as error:
        raise LogError(f"{folder}: cannot be written: {error.strerror}") from None
    _draw(found, folder / CHART_FILE)


def _made(folder: Path) -> Path:
    """UsageError when it cannot be."""
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise UsageError(f"--out is {folder}: cannot be made: {error.strerror}") from None
    return folder


def _any_failed(found: Mapping[str, Any]) -> bool:
    return any(row["failed"] for row in found["results"])


def _show_again(found: Mapping[str, Any], options: CompareOptions) -> bool:
    """A result that was read from a file; whether requests failed in it. LogError when it breaks its schema."""
    try:
        failed = _any_failed(found)  # first: a file that breaks its schema shows nothing
        text = to_json(found) + "\n"
        if options.out is not None:
            _keep(found, text, _made(options.out))
        _show(found, text, options)
        return failed
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise LogError(f"{options.source}: breaks its schema: {type(error).__name__}: {error}") from None


def _show(found: Mapping[str, Any], text: str, options: CompareOptions) -> None:
    print_result(text if options.json else modes_table.render(found))
    if options.chart is not None:
        _draw(found, options.chart)


def _draw(found: Mapping[str, Any], path: Path) -> None:
    from llmproc.report.figure import save  # matplotlib: only once there is something to draw
    from llmproc.report.modes_chart import plot_modes

    save(plot_modes(found), path)
