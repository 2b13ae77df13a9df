"""`bench serve` as a whole: servers in turn, repetitions, a ramp; what was done is kept when a signal ends it.

Used by `apps/bench`. It installs handlers for SIGINT and SIGTERM while it runs: the first one stops sending, the second
one ends the program at once.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any

from llmproc.client.asking import open_client
from llmproc.client.endpoint import RemoteEndpoint
from llmproc.client.models import with_model
from llmproc.experiments import conditions
from llmproc.experiments.serve_load.driving import LoadDriver
from llmproc.experiments.serve_load.figures import figures_of
from llmproc.experiments.serve_load.options import ServeLoadOptions
from llmproc.experiments.serve_load.questions import QuestionSet, question_set, requests_for
from llmproc.experiments.serve_load.ramp import gave_way, goodput_of, has_fallen, ramp_loads
from llmproc.experiments.serve_load.recording import Finished, ignore_finished
from llmproc.experiments.serve_load.result import (
    KIND,
    SCHEMA,
    MeasuredRun,
    comparison_of,
    options_block,
    prompts_block,
    run_block,
    server_block,
)
from llmproc.experiments.serve_load.server_state import ServerWatch
from llmproc.experiments.surroundings import Surroundings
from llmproc.experiments.turns import Progress, rotated
from llmproc.hardware.cpus import usable_cpus

_BUSY, _LATE_S = 0.9, 0.05
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def measure(
    options: ServeLoadOptions,
    endpoints: Sequence[RemoteEndpoint],
    command: str,
    progress: Progress,
    also: Finished = ignore_finished,
) -> tuple[dict[str, Any], int]:
    """Return the document of `result`, and the signal that ended it early, 0 for none. `also`: see LoadRecorder.

    RemoteServerError when a server cannot be asked before the first run; UsageError for prompts that cannot be read.
    """
    return asyncio.run(ServeLoad(options, question_set(options), progress, also).measure(endpoints, command))


def doubts(figures: Mapping[str, Any]) -> list[str]:
    """Return what makes the figures of a run doubtful: this program itself was too slow."""
    found = []
    if figures["client_cpu_share"] > _BUSY:
        share = f"{figures['client_cpu_share']:.0%}"
        found.append(f"this program took {share} of a core: times may be its own, not the server's")
    late = figures["late_s"]
    if late is not None and late["median"] > _LATE_S:
        found.append(
            f"requests were sent {late['median']:.2f} s late (median): this program got no CPU, or waited for room"
        )
    return found


class ServeLoad:
    """One measurement."""

    def __init__(self, options: ServeLoadOptions, found: QuestionSet, progress: Progress, also: Finished) -> None:
        self._options, self._questions, self._progress, self._also = options, found, progress, also
        self._stop = asyncio.Event()
        self._signal = 0
        self._runs: list[MeasuredRun] = []
        self._asked = 0  # requests of earlier runs of a server: later ones ask others
        self._finished = self._planned = 0
        self._ramps: list[dict[str, Any]] = []

    async def measure(self, endpoints: Sequence[RemoteEndpoint], command: str) -> tuple[dict[str, Any], int]:
        """Run everything; return the document and the signal."""
        surroundings = Surroundings.now()
        loop = asyncio.get_running_loop()
        async with AsyncExitStack() as stack:
            clients = [await stack.enter_async_context(open_client(endpoint)) for endpoint in endpoints]
            named = [await with_model(*pair) for pair in zip(clients, endpoints, strict=True)]
            for number in _SIGNALS:
                loop.add_signal_handler(number, self._on_signal, number)
            stack.callback(lambda: [loop.remove_signal_handler(number) for number in _SIGNALS])
            await self._run_all([*zip(clients, named, strict=True)])
        self._progress(1, 1, "")
        return self._document(named, surroundings, command), self._signal

    def _on_signal(self, number: int) -> None:
        self._signal = number
        self._stop.set()
        for each in _SIGNALS:  # the next one is not ours
            asyncio.get_running_loop().remove_signal_handler(each)
            signal.signal(each, signal.SIG_DFL)

    async def _run_all(self, servers: Sequence[tuple[Any, RemoteEndpoint]]) -> None:
        numbered = list(enumerate(servers))
        if self._options.ramp:
            for number, (client, endpoint) in numbered:
                await self._ramp(number, client, endpoint)
            return
        self._planned = self._options.requests * self._options.repeat * len(servers)
        for repetition in range(self._options.repeat):
            for number, (client, endpoint) in rotated(numbered, repetition):
                if self._stop.is_set():
                    return
                driver = LoadDriver(client, endpoint, self._options, self._count)
                if repetition == 0 and self._options.warm_up:
                    await driver.warm_up(requests_for(self._questions, self._options)[: self._options.warm_up])
                await self._run(driver, self._options, number, repetition, None, endpoint)
            self._asked += self._options.requests

    async def _run(
        self,
        driver: LoadDriver,
        options: ServeLoadOptions,
        server: int,
        repetition: int,
        load: float | None,
        endpoint: RemoteEndpoint,
    ) -> MeasuredRun:
        requests = requests_for(self._questions, options, self._asked)
        if options.mode == "stress":
            async with ServerWatch(endpoint) as watch:
                run = await driver.run(requests, self._stop)
            gauges = watch.gauges
        else:
            run, gauges = await driver.run(requests, self._stop), []
        found = MeasuredRun(server, repetition, load, run, figures_of(run, options.goals), gauges)
        self._runs.append(found)
        return found

    async def _ramp(self, server: int, client: Any, endpoint: RemoteEndpoint) -> None:
        options = self._options
        first, most = (
            (1.0, float(options.concurrency or 1)) if options.rate is None else (options.rate, 1024 * options.rate)
        )
        steps: list[MeasuredRun] = []
        for load in ramp_loads(first, most):
            step = options.at_load(load)
            self._planned = self._finished + step.requests
            steps.append(
                await self._run(LoadDriver(client, endpoint, step, self._count), step, server, 0, load, endpoint)
            )
            self._asked += step.requests
            if self._stop.is_set() or has_fallen([each.figures for each in steps]):
                break
        best = max(steps, key=lambda each: goodput_of(each.figures))
        fallen, last = has_fallen([each.figures for each in steps]), steps[-1]
        causes = gave_way(
            last.figures, last.gauges, any(g.waiting is not None for g in last.gauges), usable_cpus().threads
        )
        self._ramps.append(
            {
                "server": server,
                "best_load": best.load,
                "best_goodput_per_s": goodput_of(best.figures),
                "fell_at": last.load if fallen else None,
                "most": most,
                "gave_way": causes,
            }
        )

    def _count(self, request: Any, answer: Any) -> None:
        self._finished += 1
        self._progress(min(self._finished, self._planned - 1), self._planned, "requests")
        self._also(request, answer)

    def _document(self, named: Sequence[RemoteEndpoint], surroundings: Surroundings, command: str) -> dict[str, Any]:
        held = conditions.between(surroundings.start, conditions.take(), {os.getpid()})
        warned = [words for run in self._runs for words in doubts(run.figures)]
        return {
            "schema": SCHEMA,
            "kind": KIND,
            **surroundings.as_dict(command, held, list(dict.fromkeys(warned))),
            "options": options_block(self._options),
            "prompts": prompts_block(self._questions),
            "servers": [server_block(endpoint) for endpoint in named],
            "runs": [run_block(run) for run in self._runs],
            "comparison": comparison_of(self._runs),
            "ramp": self._ramps or None,
        }
