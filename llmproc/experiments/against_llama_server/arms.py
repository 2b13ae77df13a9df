"""What takes its turn in a comparison of servers: a server under load, or an engine alone; a sample each time.

Servers run all the while. One whose turn it is not should sleep; what it takes nevertheless is told with the sample.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from llmproc.experiments.against_llama_server.figures import EngineSample, ServerSample
from llmproc.experiments.against_llama_server.options import CompareServersOptions
from llmproc.experiments.http_load.load_client import DrivenLoad
from llmproc.experiments.http_load.prompts import bodies_for
from llmproc.experiments.http_load.server_process import ServerProcess
from llmproc.experiments.http_load.streamed import failure

_SETTLE_S = 0.2  # threads of whatever ran before may still be spinning, and ends are still being told
_SEEDS = 1_000_000  # between the prompts of two repetitions


class Driver(Protocol):
    """The maker of the load."""

    def drive(self, port: int, bodies: Sequence[Sequence[str]]) -> DrivenLoad:
        """Send each client's requests; return when all have ended."""


class TurnTaker(Protocol):
    """One of those that take turns."""

    @property
    def name(self) -> str:
        """Return what samples and progress call it."""

    def run(self, repetition: int, place: int) -> ServerSample | EngineSample:
        """Run once. `place`: in which order the runs of the whole comparison came."""


@dataclass(frozen=True, slots=True)
class ServerUnderLoad:
    """A server, and those beside it that should sleep meanwhile."""

    server: ServerProcess
    others: Sequence[ServerProcess]
    client: Driver
    options: CompareServersOptions

    @property
    def name(self) -> str:
        """Return the server's name."""
        return self.server.plan.name

    def run(self, repetition: int, place: int) -> ServerSample:
        """Have every client send its requests. All servers get the same prompts in a repetition."""
        options = self.options
        bodies = bodies_for(
            options.clients, options.requests, options.prompt_tokens, options.new_tokens, (repetition + 1) * _SEEDS
        )
        time.sleep(_SETTLE_S)
        asleep = [(other, other.read_cpu()) for other in self.others]
        before = self.server.read_cpu()
        load = self.client.drive(self.server.port, bodies)
        cpu = self.server.cpu_between(before, self.server.read_cpu())
        others_s = sum(other.cpu_between(earlier, other.read_cpu()).total_s for other, earlier in asleep)
        failures = [failure(answer, options.prompt_tokens, options.new_tokens) for answer in load.answers]
        return ServerSample(
            server=self.name,
            repetition=repetition,
            place=place,
            seconds=load.seconds,
            answers=[answer for answer, words in zip(load.answers, failures, strict=True) if words is None],
            failures=dict(Counter(words for words in failures if words is not None)),
            client_s=load.client_s,
            cpu=cpu,
            others_s=others_s,
        )


@dataclass(frozen=True, slots=True)
class EngineAlone:
    """An engine without a server. `measure`: runs it once on the prompts of a seed and returns the seconds."""

    name: str
    measure: Callable[[int], float]
    sequences: int

    def run(self, repetition: int, place: int) -> EngineSample:
        """Have as many sequences answered as there are clients, once."""
        time.sleep(_SETTLE_S)
        return EngineSample(self.name, repetition, place, self.measure(repetition + 1), self.sequences)
