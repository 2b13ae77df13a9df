"""What a load on a server is to be: one frozen, checked object."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeAlias

from llmproc.client.body import LIMIT_FIELDS, Interface
from llmproc.errors import UsageError
from llmproc.experiments.serve_load.goals import GoodputGoals

LoadMode: TypeAlias = Literal["single", "parallel", "stress"]
DEFAULTS = {"single": (10, 1), "parallel": (64, 16), "stress": (5000, 256)}  # requests, at once
RAMP_REQUESTS = 64  # of each step, unless -n says otherwise


@dataclass(frozen=True, slots=True)
class ServeLoadOptions:
    """All options of a run. `rate`: arrivals per second, open loop; None: closed loop, `concurrency` at once."""

    mode: LoadMode
    requests: int
    concurrency: int | None  # None: no limit, with a rate
    rate: float | None = None
    ramp: bool = False
    prompts: Path | None = None  # None: the set that ships
    repeat_prompts: bool = False
    shared_prefix: str = ""  # a text, or a number of tokens
    interface: Interface = "chat"
    stream: bool = True
    max_tokens: int = 128
    limit_fields: Sequence[str] = LIMIT_FIELDS
    temperature: float | None = None
    ignore_eos: bool = False
    retries: int = 0
    timeout_s: float = 600.0
    seed: int = 42
    repeat: int = 1  # runs for each server, in turn
    warm_up: int = 0  # requests before the first run of a server, not counted
    goals: GoodputGoals = GoodputGoals()  # noqa: RUF009  # frozen

    def __post_init__(self) -> None:
        _within("-n", self.requests, 1, 1_000_000)
        if self.concurrency is not None:
            _within("--concurrency", self.concurrency, 1, 100_000)
        _within("--max-tokens", self.max_tokens, 1, 1 << 20)
        _within("--timeout", self.timeout_s, 0.001, 86400)
        _within("--retries", self.retries, 0, 100)
        _within("--repeat", self.repeat, 1, 1000)
        _within("--warm-up", self.warm_up, 0, 1000)
        if self.rate is not None:
            _within("--rate", self.rate, 0.001, 100_000)
        if self.temperature is not None:
            _within("--temperature", self.temperature, 0, 100)
        if self.mode == "single" and (self.rate is not None or self.concurrency != 1):
            raise UsageError("--mode single asks one request after the other: --rate and --concurrency cannot be used")
        if self.ramp and self.mode != "stress":
            raise UsageError("--ramp is for --mode stress")

    def at_load(self, load: float) -> ServeLoadOptions:
        """Return the options of one step of a ramp: this number at once, or this rate."""
        if self.rate is not None:
            return replace(self, rate=load, ramp=False)
        return replace(self, concurrency=int(load), requests=max(self.requests, 2 * int(load)), ramp=False)


def _within(option: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise UsageError(f"{option} is {value:g}: must be from {low:g} to {high:g}")
