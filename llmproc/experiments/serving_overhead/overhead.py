"""One measurement of what serving costs: a server, one with clocks, and the prompt loop in turn: the document.

schema        1
kind          "serving-overhead";  simulated: false
started, command, machine, conditions, warnings    as in bench's document
model         {file, bytes};  options: as in ServingOptions;  method: in words
streams       [{streams, tokens_per_s, main_us, share, client_us, clocked_us, stages_us, over_chat, failed, samples}]
              main_us      CPU microseconds of the first process a token;  share: of the whole tree's CPU time
              clocked_us   the same of the server with clocks;  stages_us: {stage: of those}, see `stages`
              over_chat    main_us over the prompt loop's: {count, mean, low, high, median, ...}
chat          {tokens_per_s, main_us, samples};  bars: [{what, value, at_most, kept}]
"""

from __future__ import annotations

import os
import tempfile
import time
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

from llmproc.checkpoints.synth import write_synthetic_model
from llmproc.experiments import conditions
from llmproc.experiments.against_llama_server.sides import own_plan
from llmproc.experiments.http_load.load_client import LoadClient
from llmproc.experiments.http_load.prompts import bodies_for
from llmproc.experiments.http_load.server_process import ServerProcess
from llmproc.experiments.http_load.streamed import failure
from llmproc.experiments.serving_overhead.chat_turn import chat_command, measured_turn
from llmproc.experiments.serving_overhead.figures import ChatSample, ServedSample, bars_of, chat_row, streams_row
from llmproc.experiments.serving_overhead.options import ServingOptions
from llmproc.experiments.serving_overhead.staged import read_stages, seconds_between, staged_plan
from llmproc.experiments.surroundings import Surroundings
from llmproc.experiments.turns import Progress, rounds

SCHEMA = 1
KIND = "serving-overhead"
METHOD = (
    "in every repetition: for each number of streams the load on the server, then on one that has a clock at every "
    "stage, then a turn of the prompt loop; the first repetition is not counted; main is the first process with all "
    "of its threads, by /proc; prompts are read by the worker, and counted with the tokens of their answers"
)
_READY_S = 600.0
_SETTLE_S = 0.2
_SEEDS = 1_000_000


def measure_serving(options: ServingOptions, command: str, progress: Progress) -> dict[str, Any]:
    """Measure and return the document. StartError when a program does not start."""
    surroundings = Surroundings.now()
    with tempfile.TemporaryDirectory(prefix="llmproc-serving-") as name:
        folder = Path(name)
        model = options.model.resolve() if options.model else _random_model(options, folder)
        with ExitStack() as stack:
            rig = _Rig(options, model, folder, stack)
            for repetition in rounds(options.repeat):
                rig.measure(repetition, progress)
            held = conditions.between(surroundings.start, conditions.take(), rig.pids())
        size = model.stat().st_size
    progress(1, 1, "")
    rows = [streams_row(n, rig.plain[n], rig.clocked[n], rig.chat) for n in options.streams]
    quota, allowed = surroundings.machine["quota_cpus"], len(os.sched_getaffinity(0))
    warned = conditions.warnings(held, options.threads, allowed, quota, {}, {})
    return {
        "schema": SCHEMA,
        "kind": KIND,
        "simulated": False,
        **surroundings.as_dict(command, held, warned),
        "model": {"file": str(model), "bytes": size},
        "options": {name: str(v) if isinstance(v, Path) else v for name, v in asdict(options).items()},
        "method": METHOD,
        "streams": rows,
        "chat": chat_row(rig.chat),
        "bars": bars_of(rows),
    }


def _random_model(options: ServingOptions, folder: Path) -> Path:
    path = folder / f"{options.shape}-{options.weights}.gguf"
    write_synthetic_model(path, options.shape, None, True, options.weights, 42, lambda done, total: None)
    return path


class _Rig:
    """Both servers and the clients, while they run; and all samples that count."""

    def __init__(self, options: ServingOptions, model: Path, folder: Path, stack: ExitStack) -> None:
        self._options, self._model, self._folder = options, model, folder
        self.plain: dict[int, list[ServedSample]] = {n: [] for n in options.streams}
        self.clocked: dict[int, list[ServedSample]] = {n: [] for n in options.streams}
        self.chat: list[ChatSample] = []
        plan = own_plan(model, folder, max(options.streams), options.threads, options.context, False)
        self._client = stack.enter_context(LoadClient())
        self._servers = [
            stack.enter_context(ServerProcess(one, folder)) for one in (plan, staged_plan(plan, folder / "told.json"))
        ]
        for server in self._servers:
            server.wait_ready(_READY_S)

    def pids(self) -> set[int]:
        """Return the processes that take part."""
        return {os.getpid(), self._client.pid, *(key[0] for server in self._servers for key in server.read_cpu())}

    def measure(self, repetition: int, progress: Progress) -> None:
        """Take every sample of a repetition once."""
        options, counts = self._options, repetition >= 0
        total = len(rounds(options.repeat))
        for streams in options.streams:
            progress(repetition + 1, total, f"{streams} streams")
            plain, clocked = (self._served(server, streams, repetition) for server in self._servers)
            if counts:
                self.plain[streams].append(plain)
                self.clocked[streams].append(clocked)
        progress(repetition + 1, total, "chat")
        if counts:
            self.chat.append(self._chatted(repetition))

    def _served(self, server: ServerProcess, streams: int, repetition: int) -> ServedSample:
        options, clocks = self._options, server is self._servers[1]
        prompt, new, each = options.prompt_tokens, options.new_tokens, options.requests(streams)
        bodies = bodies_for(streams, each, prompt, new, (repetition + 1) * _SEEDS + streams * _SEEDS // 2000)
        time.sleep(_SETTLE_S)
        began = read_stages(server) if clocks else None
        before = server.read_cpu()
        load = self._client.drive(server.port, bodies)
        used = server.cpu_between(before, server.read_cpu())
        stages = {} if began is None else seconds_between(began, read_stages(server))
        failed = sum(failure(answer, prompt, new) is not None for answer in load.answers)
        tokens = sum(answer.new_tokens for answer in load.answers)
        return ServedSample(
            streams,
            repetition,
            load.seconds,
            tokens,
            failed,
            load.client_s,
            used.serving_s or 0.0,
            used.total_s,
            stages,
        )

    def _chatted(self, repetition: int) -> ChatSample:
        options, tokens = self._options, max(self._options.new_tokens, 2)
        command = chat_command(self._model, options.threads, options.context, tokens)
        seconds, used = measured_turn(command, self._folder, options.prompt_tokens, repetition)
        return ChatSample(repetition, seconds, tokens, used.serving_s or 0.0, used.total_s)
