"""One comparison of servers: model written, servers started, everything in turn, again and again: the document.

schema        1
kind          "against-llama-server";  simulated: false
started, command, machine, conditions, warnings    as in bench's document
model         {file, shape, weights, bytes};  versions: [{name, version}] of the peers
options       as in CompareServersOptions;  method: how it was measured, in words
servers       [{name, command, requests_per_s, wait_s, gap_s, client_s, serving_s, computing_s, total_s, others_s,
                failed, samples}]
              wait_s, gap_s      of a run: median time to first text; 95th percentile between two texts of an answer
              *_s of CPU         in a run: of the clients; serving, computing and all of the server; of idle servers
              summaries          {count, median, minimum, maximum, iqr, mad} over runs; null: cannot be told
              samples            [{repetition, place, seconds, ..., failures: {why: how many}, answers}]
engines       [{name, requests_per_s, samples: [{repetition, place, seconds, sequences}]}]: the same without servers
ratios        {name of a peer: {requests_per_s, wait_s, gap_s: {count, mean, low, high, median, ...}}};
engine_ratio  the same of the engines alone, or null;  bars: [{what, value, at_least, at_most, kept}]
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from llmproc.checkpoints.synth import write_synthetic_model
from llmproc.experiments import conditions
from llmproc.experiments.against_llama_server import peer_engine
from llmproc.experiments.against_llama_server.arms import EngineAlone, ServerUnderLoad, TurnTaker
from llmproc.experiments.against_llama_server.figures import (
    EngineSample,
    Sample,
    ServerSample,
    bars_of,
    engine_row,
    ratio_of_engines,
    ratios_of_servers,
    server_row,
    serving_share,
)
from llmproc.experiments.against_llama_server.options import CompareServersOptions
from llmproc.experiments.against_llama_server.sides import OWN, PEER, plans_of
from llmproc.experiments.http_load.line_process import LineProcess
from llmproc.experiments.http_load.load_client import LoadClient
from llmproc.experiments.http_load.server_process import ServerPlan, ServerProcess
from llmproc.experiments.samples import summarise
from llmproc.experiments.surroundings import Surroundings
from llmproc.experiments.turns import Progress, in_turn

SCHEMA = 1
KIND = "against-llama-server"
OWN_ENGINE = "llmproc, engine alone"
METHOD = (
    "one process holds all clients, each with one connection and one request at a time; every server gets the same "
    "prompts of digits in a repetition, others in the next; runs in turn, the first place moving on, the first "
    "repetition not counted; servers that are not measured stay and sleep; an engine alone answers as many sequences "
    "as there are clients once, llama.cpp's with random ids and no choice of the next one; serving is all of our first "
    "process, and of llama-server whatever its busiest threads (as many as compute) did not take"
)
_READY_S = 600.0


def compare_servers(options: CompareServersOptions, command: str, progress: Progress) -> dict[str, Any]:
    """Compare and return the document. StartError when a server or an engine does not start."""
    surroundings = Surroundings.now()
    with tempfile.TemporaryDirectory(prefix="llmproc-servers-") as name:
        folder = Path(name)
        model = options.model.resolve() if options.model else _random_model(options, folder)
        plans = plans_of(options, model, folder)
        found, held = _measured(options, model, folder, plans, surroundings, progress)
        size = model.stat().st_size
    shape = {"shape": None, "weights": None} if options.model else {"shape": options.shape, "weights": options.weights}
    return {
        "schema": SCHEMA,
        "kind": KIND,
        "simulated": False,
        **surroundings.as_dict(command, held, _warnings(options, surroundings, held, found)),
        "model": {"file": str(model), **shape, "bytes": size},
        "versions": [{"name": PEER, "version": version_of(options.llama_server)}],
        "options": {name: str(v) if isinstance(v, Path) else v for name, v in asdict(options).items()},
        "method": METHOD,
        **results_of(found, {plan.name: list(plan.words) for plan in plans}),
    }


def results_of(found: Sequence[Sample], commands: dict[str, list[str]]) -> dict[str, Any]:
    """Return servers, engines, ratios and bars of the document, from all counted samples."""
    servers: dict[str, list[ServerSample]] = {}
    engines: dict[str, list[EngineSample]] = {}
    for sample in sorted(found, key=lambda one: one.repetition):
        if isinstance(sample, ServerSample):
            servers.setdefault(sample.server, []).append(sample)
        else:
            engines.setdefault(sample.engine, []).append(sample)
    ratios = {name: ratios_of_servers(servers[OWN], peer) for name, peer in servers.items() if name != OWN}
    alone = ratio_of_engines(engines.get(OWN_ENGINE, ()), engines.get(peer_engine.NAME, ()))
    failed = sum(sum(sample.failures.values()) for name in (OWN, PEER) for sample in servers[name])
    return {
        "servers": [{"command": commands[name], **server_row(samples)} for name, samples in servers.items()],
        "engines": [engine_row(samples) for samples in engines.values()],
        "ratios": {
            name: {what: None if ratio is None else ratio.as_dict() for what, ratio in of_peer.items()}
            for name, of_peer in ratios.items()
        },
        "engine_ratio": None if alone is None else alone.as_dict(),
        "bars": [bar.as_dict() for bar in bars_of(ratios[PEER], alone, failed, serving_share(servers[OWN]))],
    }


def version_of(llama_server: Path) -> str:
    """Return the first line of what it says of its version."""
    done = subprocess.run([llama_server.resolve(), "--version"], capture_output=True, text=True, check=False)
    lines = (done.stdout + done.stderr).strip().splitlines()
    return next((line for line in lines if "version" in line), lines[0] if lines else "unknown")


def _random_model(options: CompareServersOptions, folder: Path) -> Path:
    path = folder / f"{options.shape}-{options.weights}.gguf"
    write_synthetic_model(path, options.shape, None, True, options.weights, 42, lambda done, total: None)
    return path


def _measured(
    options: CompareServersOptions,
    model: Path,
    folder: Path,
    plans: Sequence[ServerPlan],
    surroundings: Surroundings,
    progress: Progress,
) -> tuple[list[Sample], conditions.Conditions]:
    """Start everything, take all turns; return the samples that count, and what else went on."""
    with ExitStack() as stack:
        client = stack.enter_context(LoadClient())
        servers = []
        for plan in plans:  # one after the other: they would load on the same CPUs
            servers.append(stack.enter_context(ServerProcess(plan, folder)))
            servers[-1].wait_ready(_READY_S)
        arms: list[TurnTaker] = [
            ServerUnderLoad(server, [other for other in servers if other is not server], client, options)
            for server in servers
        ]
        own_engine = stack.enter_context(LineProcess("llmproc.experiments.against_llama_server.own_engine"))
        arms += _engines(options, model, own_engine)
        found = _in_turn(arms, options.repeat, progress)
        pids = {key[0] for server in servers for key in server.read_cpu()}
        return found, _held(surroundings, {os.getpid(), client.pid, own_engine.pid, *pids})


def _in_turn(arms: Sequence[TurnTaker], repeat: int, progress: Progress) -> list[Sample]:
    runs, found = list(in_turn([("load", arms)], repeat)), list[Sample]()
    for place, (repetition, _, arm) in enumerate(runs):
        progress(place, len(runs), arm.name)
        sample = arm.run(repetition, place)
        found += [sample] if repetition >= 0 else []
    progress(len(runs), len(runs), "")
    return found


def _held(surroundings: Surroundings, pids: set[int]) -> conditions.Conditions:
    """Return what went on; programs of ours that have ended, llama-batched-bench's runs, are not others."""
    held, times = conditions.between(surroundings.start, conditions.take(), pids), os.times()
    ended = (times.children_user + times.children_system) / held.seconds
    return replace(held, others=max(0.0, held.others - ended))


def _engines(options: CompareServersOptions, model: Path, process: LineProcess) -> list[EngineAlone]:
    order = {
        "model": str(model), "threads": options.threads, "sequences": options.clients, "context": options.context,
        "prompt_tokens": options.prompt_tokens, "new_tokens": options.new_tokens, "fixed": options.fixed_threads,
    }  # fmt: skip

    def own(seed: int) -> float:
        seconds: float = process.ask({**order, "seed": seed})["seconds"]
        return seconds

    found = [EngineAlone(OWN_ENGINE, own, options.clients)]
    if (program := peer_engine.beside(options.llama_server)) is not None:
        command = peer_engine.command_of(program, options, model)

        def peer(seed: int) -> float:  # it draws ids of its own
            return peer_engine.run(command)

        found.append(EngineAlone(peer_engine.NAME, peer, options.clients))
    return found


def _warnings(
    options: CompareServersOptions, surroundings: Surroundings, held: conditions.Conditions, found: Sequence[Sample]
) -> list[str]:
    quota, allowed = surroundings.machine["quota_cpus"], len(os.sched_getaffinity(0))
    rates: dict[str, list[float]] = {}
    for sample in found:
        name = sample.server if isinstance(sample, ServerSample) else sample.engine
        rates.setdefault(name, []).append(sample.requests_per_s)
    spreads = {name: summary.spread for name, r in rates.items() if (summary := summarise(r)).unsteady}
    idle = {s.server: s.others_s / s.seconds for s in found if isinstance(s, ServerSample)}
    return conditions.warnings(held, options.threads, allowed, quota, spreads, idle)
