"""One run of bench: make the model, open the arms, run the plan, judge the conditions. Returns the document.

Used by `apps.bench`. Each step is another file's: `model`, `remote`, `runner`, `result`, and `conditions` one room up.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from llmproc.errors import UsageError
from llmproc.experiments import conditions
from llmproc.experiments.bench import result
from llmproc.experiments.bench.arms.arm import ArmOptions
from llmproc.experiments.bench.model import BenchModel, given_model, peer_file, refuse_peer, synthetic_model
from llmproc.experiments.bench.options import BenchOptions
from llmproc.experiments.bench.phases import Traced
from llmproc.experiments.bench.remote import LLAMA_CPP, MACHINE, OWN, TRACED, RemoteArm
from llmproc.experiments.bench.runner import BenchRunner, Runnable, idle_cpu_share
from llmproc.experiments.bench.work import Work, limit_work, planned_work
from llmproc.experiments.surroundings import Surroundings
from llmproc.experiments.turns import Progress

_INSTALL = "the package llama-cpp-python is not installed: pip install llama-cpp-python compiles it in ten minutes"
Written = Callable[[int, int], None]  # bytes of a synthetic checkpoint written, bytes in all


def benchmark(options: BenchOptions, command: str, progress: Progress, written: Written) -> dict[str, Any]:
    """Run bench and return the document of `result`. `command`: as typed.

    Raises UsageError for options that do not fit the model or the peer, CheckpointError, and what an arm died of.
    """
    refuse_missing_peer(options.peer)
    with tempfile.TemporaryDirectory(prefix="llmproc-bench-") as temporary:
        model = make_model(options, written)
        works = planned_work(options.prompt, options.generate, options.batched, options.batched_steps, options.kernels)
        refuse_work(works, model)
        surroundings = Surroundings.now()
        opening = arm_options(options, model, Path(temporary), works)
        with opened_arms(wanted_arms(options), opening, progress) as arms:
            measured = BenchRunner(progress).run(plan(works, arms, options), options.repeat)
            end = conditions.take()
            about = [(arm.name, arm.about()) for arm in arms.values()]
            ours = {os.getpid(), *(arm.pid for arm in arms.values())}
        traced = trace(works, opening, progress) if options.phases else []
    held = conditions.between(surroundings.start, end, ours)
    warned = conditions.warnings(
        held,
        options.threads,
        len(surroundings.machine["cpus_allowed"]),
        surroundings.machine["quota_cpus"],
        result.unsteady(measured),
        idle_cpu_share(measured.samples),
    )
    return result.document(measured, model, options, about, surroundings.as_dict(command, held, warned), traced)


def refuse_missing_peer(peer: str | None) -> None:
    """Raise UsageError for a peer that is not installed, before any work."""
    if peer is not None:
        from llmproc.experiments.bench.arms.llama_cpp import installed

        if installed() is None:
            raise UsageError(f"--peer is {peer}: {_INSTALL}")


def make_model(options: BenchOptions, written: Written) -> BenchModel:
    """Open the checkpoint or write a synthetic one. UsageError when the peer cannot be given the same weights."""
    if options.model is not None:
        model = given_model(options.model, options.weights)
    else:
        model = synthetic_model(options.shape, options.weights or "int8", written)
    if options.peer is not None:
        refuse_peer(model, options.peer)
    return model


def refuse_work(works: Sequence[Work], model: BenchModel) -> None:
    """Raise UsageError for work that needs more positions than the checkpoint has."""
    for work in works:
        if work.kind in ("prefill", "decode") and work.positions > model.description.seq_len:
            option = {"prefill": "--prompt", "decode": "--batched-steps" if work.batched else "--generate"}[work.kind]
            rule = f"{model.name} has {model.description.seq_len} positions"
            raise UsageError(f"{option} is {work.positions}: {rule}")


def arm_options(options: BenchOptions, model: BenchModel, temporary: Path, works: Sequence[Work]) -> ArmOptions:
    """Return the options of every arm."""
    return ArmOptions(
        model=str(model.path),
        weights=model.weights,
        threads=options.threads,
        kv_type=options.kv_type,
        sequences=options.sequences,
        context=max((2, *(work.positions for work in works if work.kind in ("prefill", "decode")))),
        batch_tokens=options.batch_tokens,
        adapt=not options.fixed_threads,
        peer_file=str(peer_file(model, temporary)),
    )


def wanted_arms(options: BenchOptions) -> dict[str, str]:
    """Return role (own, peer, machine) -> what opens the arm."""
    wanted = {"own": OWN}
    if options.peer is not None:
        wanted["peer"] = LLAMA_CPP
    if options.limits:
        wanted["machine"] = MACHINE
    return wanted


@contextmanager
def opened_arms(wanted: Mapping[str, str], opening: ArmOptions, progress: Progress) -> Iterator[dict[str, RemoteArm]]:
    """Give role -> arm, each in its own process; all of them end with the block. `wanted`: role -> what opens it."""
    with ExitStack() as stack:
        arms = {}
        for number, (role, target) in enumerate(wanted.items()):
            progress(number, len(wanted) + 1, f"opening {role}")
            arms[role] = RemoteArm(target, opening)
            stack.callback(arms[role].close)
        try:
            yield arms
        except BaseException:
            for arm in arms.values():
                arm.kill()
            raise


def trace(works: Sequence[Work], opening: ArmOptions, progress: Progress) -> list[Traced]:
    """Run each prefill and decode once more, traced: after the measuring, in an arm of its own, which it ends."""
    found: list[Traced] = []
    wanted = [work for work in works if work.kind in ("prefill", "decode")]
    if wanted:
        with opened_arms({"traced": TRACED}, opening, progress) as arms:
            for number, work in enumerate(wanted):
                progress(number, len(wanted), f"{work.name} traced")
                found.append((work, arms["traced"].trace(work)))
        progress(len(wanted), len(wanted), "")
    return found


def plan(
    works: Sequence[Work], arms: Mapping[str, RemoteArm], options: BenchOptions
) -> list[tuple[Work, list[Runnable]]]:
    """Return each work with its arms: limits by the machine, matrix products alone by llmproc, the rest by all."""
    models: list[Runnable] = [arms[role] for role in ("own", "peer") if role in arms]
    found: list[tuple[Work, list[Runnable]]] = [
        (work, models[:1] if work.kind == "matmuls" else models) for work in works
    ]
    if "machine" in arms:
        found += [(work, [arms["machine"]]) for work in limit_work(options.threads)]
    return found
