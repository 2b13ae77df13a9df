"""Configuration: frozen dataclasses that check themselves when made, and the one place that reads the environment.

Every value that breaks its rule is a UsageError naming the option. No other I/O than looking for the shipped files.
"""

from __future__ import annotations

import math
import operator
import os
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

from llmproc.errors import UsageError

# what can be set, with the numbers of the kernel (sched(7))
POLICIES = {"other": 0, "batch": 3, "idle": 5, "fifo": 1, "rr": 2}
_PACKAGE = Path(__file__).resolve().parent
_Config = TypeVar("_Config")


def _require(holds: bool, option: str, value: object, rule: str) -> None:
    if not holds:
        raise UsageError(f"{option} is {value}: {rule}")


def _whole(option: str, value: Any) -> int:
    """Return a whole number as Python's own, also one of NumPy or pandas: they go over a pipe as they are."""
    try:
        if not isinstance(value, bool):
            return operator.index(value)
    except TypeError:
        pass
    raise UsageError(f"{option} is {value!r}: must be a whole number")


def _number(option: str, value: Any, lowest: float, highest: float) -> float:
    """Return a number in the range as Python's own, also one of NumPy or pandas."""
    found = value
    if type(value) not in (int, float) and not isinstance(value, (str, bytes, bytearray, bool)):
        try:
            found = float(value)
        except (TypeError, ValueError):
            found = None
    real = isinstance(found, (int, float)) and math.isfinite(found)
    _require(real and lowest <= found <= highest, option, value, f"must be from {lowest} to {highest}")
    return found


def from_mapping(kind: type[_Config], values: Mapping[str, Any]) -> _Config:
    """Return a config of `kind` from names and values; an unknown name is a UsageError."""
    known = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    for name in values:
        _require(name in known, name, values[name], f"unknown; known are {', '.join(sorted(known))}")
    return kind(**values)


@dataclass(frozen=True, slots=True)
class SamplingParams:
    """Options of choosing tokens. `seed` is taken modulo 2**64; `max_tokens` counts the answer's tokens."""

    temperature: float = 0.6
    top_p: float = 0.9
    max_tokens: int = 512
    seed: int = 42

    def __post_init__(self) -> None:
        max_tokens, seed = _whole("max_tokens", self.max_tokens), _whole("seed", self.seed)
        _require(1 <= max_tokens <= 1 << 20, "max_tokens", max_tokens, "must be from 1 to 1048576")
        if not -(1 << 63) <= seed < 1 << 64:  # the stream takes any seed modulo 2**64; a message holds 64 bits
            seed %= 1 << 64
        for name, value in (
            ("temperature", _number("temperature", self.temperature, 0, 100)),
            ("top_p", _number("top_p", self.top_p, 0, 1)),
            ("max_tokens", max_tokens),
            ("seed", seed),
        ):
            object.__setattr__(self, name, value)

    def changed(self, **values: Any) -> SamplingParams:
        """Return a checked copy with other values."""
        return replace(self, **values)


@dataclass(frozen=True, slots=True)
class Scheduling:
    """Scheduling of every task of a worker; None leaves a setting as it is."""

    policy: str | None = None
    nice: int | None = None
    rt_priority: int = 1
    cpus: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        _require(self.policy in (None, *POLICIES), "policy", self.policy, f"must be one of {', '.join(POLICIES)}")
        _require(self.nice is None or -20 <= self.nice <= 19, "nice", self.nice, "must be from -20 to 19")
        _require(1 <= self.rt_priority <= 99, "rt-priority", self.rt_priority, "must be from 1 to 99")
        if self.cpus is not None:
            allowed = os.sched_getaffinity(0)
            _require(bool(self.cpus), "cpus", "empty", "must name at least one core")
            for cpu in self.cpus:
                _require(cpu in allowed, "cpus", cpu, f"must be among the allowed cores {format_cpus(allowed)}")

    @property
    def empty(self) -> bool:
        """Return whether there is nothing to set."""
        return self.policy is None and self.nice is None and self.cpus is None


WeightType = Literal["int8", "q4", "f16", "f32"]  # checkpoints.weight_types says what each of them is
WEIGHT_TYPES: tuple[WeightType, ...] = get_args(WeightType)
KV_TYPES = ("f16", "f32")


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """Settings of a worker's engine. None: the checkpoint's own type and context, and a share of CPUs and memory."""

    threads: int | None = None  # ranks of the team; 0: the worker's own thread alone
    sequences: int = 1  # requests computed at the same time, at most
    weights: str | None = None  # quantise an fp32 checkpoint to this type at load
    kv_type: str = "f16"
    context: int | None = None  # positions per sequence
    kv_memory: int | None = None  # bytes, one pool shared by all sequences
    batch_tokens: int = 128  # computed in one step at most
    c_order: bool = False  # every sum and exp as the C engine makes it, for the course's ids
    traced: bool = False  # ranks note when each phase ends (kernels.trace)
    leads: bool = True  # the worker's own thread is rank 0; else it only starts steps and samples
    adapt: bool = True  # fewer threads take part while other programs hold the CPUs

    def __post_init__(self) -> None:
        for name in ("sequences", "batch_tokens", "threads", "context", "kv_memory"):
            value = getattr(self, name)
            if value is not None or name in ("sequences", "batch_tokens"):
                object.__setattr__(self, name, _whole(name.replace("_", "-"), value))
        _require(self.threads is None or 0 <= self.threads <= 256, "threads", self.threads, "must be from 0 to 256")
        _require(1 <= self.sequences <= 1024, "sequences", self.sequences, "must be from 1 to 1024")
        rule = f"must be one of {', '.join(WEIGHT_TYPES)}"
        _require(self.weights in (None, *WEIGHT_TYPES), "weights", self.weights, rule)
        _require(self.kv_type in KV_TYPES, "kv-type", self.kv_type, f"must be one of {', '.join(KV_TYPES)}")
        _require(self.context is None or 2 <= self.context <= 1 << 20, "context", self.context, "must be 2 to 1048576")
        _require(self.kv_memory is None or self.kv_memory > 0, "kv-memory", self.kv_memory, "must be positive")
        _require(1 <= self.batch_tokens <= 4096, "batch-tokens", self.batch_tokens, "must be from 1 to 4096")
        _require(not self.c_order or self.kv_type == "f32", "kv-type", self.kv_type, "must be f32 for the C order")

    def positions(self, seq_len: int) -> int:
        """Return the most positions of a sequence, in a checkpoint that was made for `seq_len`."""
        return seq_len if self.context is None else min(self.context, seq_len)


def check_fixed_threads(fixed: bool, threads: int | None) -> bool:
    """Return a choice of `fixed_threads` that makes a difference. UsageError where one thread is all there is."""
    _require(not fixed or threads not in (0, 1), "fixed-threads", "given", f"has no effect with threads {threads}")
    return fixed


MAX_WORKERS = 64


def check_workers(workers: int) -> int:
    """Return a number of worker processes as Python's own. UsageError for one that is out of range."""
    found = _whole("workers", workers)
    _require(1 <= found <= MAX_WORKERS, "workers", found, f"must be from 1 to {MAX_WORKERS}")
    return found


def parse_cpus(text: str, name: str = "cpus") -> tuple[int, ...]:
    """Return the cores in a text: `0,2-3` -> (0, 2, 3). UsageError for anything else."""
    cpus: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        last = last if dash else first
        _require(first.isdecimal() and last.isdecimal(), name, text, "must look like 0,2-3")
        _require(int(first) <= int(last) < 4096, name, text, "ranges must rise and stay below 4096")
        cpus |= set(range(int(first), int(last) + 1))
    return tuple(sorted(cpus))


def format_cpus(cpus: set[int] | tuple[int, ...]) -> str:
    """Return the cores in order, as `0,2,3`."""
    return ",".join(map(str, sorted(cpus)))


def shipped_file(folder: str, name: str) -> Path:
    """Return a file that ships with the project: beside the package (a checkout), else inside it (a wheel)."""
    beside = _PACKAGE.parent / folder / name
    return beside if beside.is_file() else _PACKAGE / f"shipped_{folder}" / name


@dataclass(frozen=True, slots=True)
class Environment:
    """The LLMPROC_* variables, read once."""

    model: Path | None = None
    tokenizer: Path | None = None
    run_dir: str | None = None
    isa: str | None = None
    runtime_dir: Path | None = None  # where instances announce themselves

    @classmethod
    def read(cls, variables: Mapping[str, str] | None = None) -> Environment:
        """Read the variables, from `os.environ` unless given."""
        found = os.environ if variables is None else variables
        model, tokenizer = found.get("LLMPROC_MODEL"), found.get("LLMPROC_TOKENIZER")
        return cls(
            Path(model) if model else None,
            Path(tokenizer) if tokenizer else None,
            found.get("LLMPROC_RUN_DIR") or None,
            found.get("LLMPROC_ISA") or None,
            Path(runtime) if (runtime := found.get("LLMPROC_RUNTIME_DIR")) else None,
        )
