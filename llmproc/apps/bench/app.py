"""`llmproc bench`: the order of things. What is measured and how is the other files'."""

from __future__ import annotations

import os
import shlex
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from llmproc.apps.bench import rows, table
from llmproc.apps.bench.options import parse_options
from llmproc.apps.exits import exit_code_of, interruptible
from llmproc.apps.progress import ProgressBar
from llmproc.config import Environment
from llmproc.errors import UsageError
from llmproc.experiments.bench import conditions, result
from llmproc.experiments.bench.arms.arm import ArmOptions
from llmproc.experiments.bench.machine import machine_block
from llmproc.experiments.bench.model import Model, given_model, peer_file, refuse_peer, synthetic_model
from llmproc.experiments.bench.options import BenchOptions
from llmproc.experiments.bench.remote import LLAMA_CPP, MACHINE, OWN, RemoteArm
from llmproc.experiments.bench.runner import Runnable, Runner, idle_cpu_share
from llmproc.experiments.bench.work import Work, limit_work, planned_work
from llmproc.files.escaping import escape_bytes, to_json
from llmproc.files.streams import print_result
from llmproc.monitor.runfolder import NO_FOLDER, RunFolder

_INSTALL = "the package llama-cpp-python is not installed: pip install llama-cpp-python compiles it in ten minutes"


def main(arguments: Sequence[str], prog: str = "python -m llmproc bench") -> int:
    """Returns the exit code."""

    def measure() -> int:
        interruptible()
        options = parse_options(prog, arguments, Environment.read())
        _write(bench(options, shlex.join([*prog.split(), *arguments])), options)
        return 0

    return exit_code_of(measure)


def bench(options: BenchOptions, command: str) -> dict[str, Any]:
    """The whole run; returns the document of `result`."""
    bar = ProgressBar()
    refuse_early(options)
    with tempfile.TemporaryDirectory(prefix="llmproc-bench-") as temporary:
        model = open_model(options, bar)
        works = planned_work(options.prompt, options.generate, options.batched, options.batched_steps, options.kernels)
        refuse_work(works, model)
        machine, start = machine_block(), conditions.take()
        with opened_arms(options, model, Path(temporary), works, bar) as arms:
            measured = Runner(bar).run(plan(works, arms, options), options.repeat)
            end = conditions.take()
            about = [(arm.name, arm.about()) for arm in arms.values()]
            ours = {os.getpid(), *(arm.pid for arm in arms.values())}
    held = conditions.between(start, end, ours)
    warned = conditions.warnings(
        held,
        options.threads,
        len(machine["cpus_allowed"]),
        machine["quota_cpus"],
        result.unsteady(measured),
        idle_cpu_share(measured.samples),
    )
    started = time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(time.time() - (time.monotonic() - start.t)))
    surroundings = {
        "started": started,
        "command": command,
        "machine": machine,
        "conditions": asdict(held),
        "warnings": warned,
    }
    return result.document(measured, model, options, about, surroundings)


def refuse_early(options: BenchOptions) -> None:
    """What can be known before any work. Raises UsageError."""
    if options.peer is not None:
        from llmproc.experiments.bench.arms.llama_cpp import installed

        if installed() is None:
            raise UsageError(f"--peer is {options.peer}: {_INSTALL}")
    if options.output is not None and (options.output.is_dir() or not options.output.parent.is_dir()):
        raise UsageError(f"--output is {options.output}: must be a file in a folder that exists")


def open_model(options: BenchOptions, bar: ProgressBar) -> Model:
    """The checkpoint; what the peer cannot have is refused."""
    if options.model is not None:
        model = given_model(options.model, options.weights)
    else:
        model = synthetic_model(options.shape, options.weights or "int8", bar.megabytes)
    if options.peer is not None:
        refuse_peer(model, options.peer)
    return model


def refuse_work(works: Sequence[Work], model: Model) -> None:
    """UsageError for work that needs more positions than the checkpoint has."""
    for work in works:
        if work.kind in ("prefill", "decode") and work.positions > model.description.seq_len:
            option = {"prefill": "--prompt", "decode": "--batched-steps" if work.batched else "--generate"}[work.kind]
            rule = f"{model.name} has {model.description.seq_len} positions"
            raise UsageError(f"{option} is {work.positions}: {rule}")


@contextmanager
def opened_arms(
    options: BenchOptions, model: Model, temporary: Path, works: Sequence[Work], bar: ProgressBar
) -> Iterator[dict[str, RemoteArm]]:
    """Role (own, peer, machine) -> arm, each in its own process; all of them end with the block."""
    wanted = {"own": OWN}
    if options.peer is not None:
        wanted["peer"] = LLAMA_CPP
    if options.limits:
        wanted["machine"] = MACHINE
    arm_options = ArmOptions(
        model=str(model.path),
        weights=model.weights,
        threads=options.threads,
        kv_type=options.kv_type,
        sequences=options.sequences,
        context=max((2, *(work.positions for work in works if work.kind in ("prefill", "decode")))),
        batch_tokens=options.batch_tokens,
        peer_file=str(peer_file(model, temporary)),
    )
    with ExitStack() as stack:
        arms = {}
        for number, (role, target) in enumerate(wanted.items()):
            bar(number, len(wanted) + 1, f"opening {role}")
            arms[role] = RemoteArm(target, arm_options)
            stack.callback(arms[role].close)
        try:
            yield arms
        except BaseException:
            for arm in arms.values():
                arm.kill()
            raise


def plan(
    works: Sequence[Work], arms: Mapping[str, RemoteArm], options: BenchOptions
) -> list[tuple[Work, list[Runnable]]]:
    """Each work with the arms that do it: limits by the machine, matrix products alone by llmproc, the rest by all."""
    models: list[Runnable] = [arms[role] for role in ("own", "peer") if role in arms]
    found: list[tuple[Work, list[Runnable]]] = [
        (work, models[:1] if work.kind == "matmuls" else models) for work in works
    ]
    if "machine" in arms:
        found += [(work, [arms["machine"]]) for work in limit_work(options.threads)]
    return found


def _write(found: Mapping[str, Any], options: BenchOptions) -> None:
    """To stdout or the file, and into a run folder."""
    data = to_json(found, indent=1) + "\n"
    text = {"md": table.render, "csv": rows.render, "json": lambda _: data}[options.format](found)
    if options.output is None:
        print_result(text)
    else:
        try:
            options.output.write_text(escape_bytes(text), encoding="utf-8")
        except OSError as error:
            raise UsageError(f"--output is {options.output}: cannot be written: {error.strerror}") from None
    if options.run_dir != NO_FOLDER:
        folder = RunFolder.create(Path(options.run_dir) if options.run_dir else None)
        try:
            (folder.path / "bench.json").write_text(data, encoding="utf-8")
            folder.describe({"verb": "bench", "result": "bench.json"})
        finally:
            folder.close()
        if options.format != "json":
            print(f"run folder: {folder.path}", file=sys.stderr)
