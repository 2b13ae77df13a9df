"""Configuration: frozen dataclasses that check themselves when made, and the one place that reads the environment.

Every value that breaks its rule is a UsageError naming the option. No other I/O than looking for the shipped files.
"""

from __future__ import annotations

import operator
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

from llmproc.errors import UsageError
from llmproc.files.compact_json import compact_object

# what can be set, with the numbers of the kernel (sched(7))
POLICIES = {"other": 0, "batch": 3, "idle": 5, "fifo": 1, "rr": 2}
_PACKAGE = Path(__file__).resolve().parent
_Config = TypeVar("_Config")
MAX_CHOICES, MAX_BIASES, MAX_STOPS, MAX_STOP_LENGTH, MAX_LOGPROBS = 128, 1024, 16, 512, 20
_SHAPING = (
    "top_k", "min_p", "presence_penalty", "frequency_penalty", "repetition_penalty", "logit_bias", "logprobs",
    "min_tokens",
)  # fmt: skip


def _require(holds: bool, option: str, value: object, rule: str) -> None:
    if not holds:
        long = isinstance(value, int) and value.bit_length() > 64  # Python refuses to write thousands of digits
        raise UsageError(f"{option} is {'a number of too many digits' if long else value}: {rule}")


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
        except (TypeError, ValueError, OverflowError):
            found = None
    real = isinstance(found, (int, float)) and not isinstance(found, bool)
    _require(real and lowest <= found <= highest, option, value, f"must be from {lowest} to {highest}")
    return found


def _biases(given: Any) -> tuple[tuple[int, float], ...]:
    try:
        pairs = list(given.items() if isinstance(given, Mapping) else given)
        found = {_whole("logit_bias", token): value for token, value in pairs}
    except (TypeError, ValueError):
        raise UsageError(f"logit_bias is {given!r:.80}: must map tokens to numbers") from None
    _require(len(found) == len(pairs), "logit_bias", f"{given!r:.80}", "must have each token once")
    _require(len(found) <= MAX_BIASES, "logit_bias", f"{len(found)} tokens", f"must have {MAX_BIASES} at most")
    for token in found:
        _require(0 <= token < 1 << 31, "logit_bias", token, "must be a token's number")
    return tuple(sorted((token, float(_number("logit_bias", value, -100, 100))) for token, value in found.items()))


def _stops(given: Any) -> tuple[str, ...]:
    found = (given,) if isinstance(given, str) else tuple(given) if isinstance(given, (list, tuple)) else (None,)
    rule = "must be a text or a list of texts"
    _require(all(isinstance(text, str) for text in found), "stop", repr(given)[:80], rule)
    _require(len(found) <= MAX_STOPS, "stop", f"{len(found)} texts", f"must be {MAX_STOPS} at most")
    rule = f"must have from 1 to {MAX_STOP_LENGTH} characters"
    for text in found:
        _require(1 <= len(text) <= MAX_STOP_LENGTH, "stop", repr(text)[:80], rule)
        _require(not any("\ud800" <= c <= "\udfff" for c in text), "stop", repr(text)[:80], "must be Unicode text")
    return tuple(dict.fromkeys(found))


def _logprobs(given: Any) -> int | None:
    if given is None:
        return None
    found = _whole("logprobs", given)
    _require(0 <= found <= MAX_LOGPROBS, "logprobs", found, f"must be from 0 to {MAX_LOGPROBS}")
    return found


def from_mapping(kind: type[_Config], values: Mapping[str, Any]) -> _Config:
    """Return a config of `kind` from names and values; an unknown name is a UsageError."""
    known = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    for name in values:
        _require(name in known, name, values[name], f"unknown; known are {', '.join(sorted(known))}")
    return kind(**values)


@dataclass(frozen=True, slots=True)
class SamplingParams:
    """Options of choosing tokens. `seed` is taken modulo 2**64; `max_tokens` counts the answer's tokens.

    They act in this order: logit_bias, min_tokens, penalties, temperature, top_k, top_p, min_p. With vLLM min_p comes
    before top_k and top_p. `logit_bias` and `stop` may be given as a mapping and as one text.
    """

    temperature: float = 0.6
    top_p: float = 0.9
    max_tokens: int = 512
    seed: int = 42
    top_k: int = 0  # only the k likeliest tokens; 0 or -1: all
    min_p: float = 0.0  # only tokens with this share of the likeliest one's probability
    presence_penalty: float = 0.0  # subtracted from the logits of tokens that the answer has
    frequency_penalty: float = 0.0  # the same, once for each time
    repetition_penalty: float = 1.0  # logits of tokens in prompt or answer are divided by it, negative ones multiplied
    logit_bias: tuple[tuple[int, float], ...] = ()  # token, what is added to its logit
    stop: Sequence[str] = ()  # texts that end the answer and are not part of it; a tuple, once it is checked
    logprobs: int | None = None  # tell each token's log probability, and those of this number of the likeliest
    ignore_eos: bool = False  # go on to max_tokens
    min_tokens: int = 0  # before the model may end its answer
    n: int = 1  # answers to one prompt; answer i has the seed `seed + i`
    json_schema: Any = ""  # that the answer keeps, as a mapping or as JSON; a text, once it is checked; "": any answer

    def __post_init__(self) -> None:
        max_tokens, seed = _whole("max_tokens", self.max_tokens), _whole("seed", self.seed)
        _require(1 <= max_tokens <= 1 << 20, "max_tokens", max_tokens, "must be from 1 to 1048576")
        if not -(1 << 63) <= seed < 1 << 64:  # the stream takes any seed modulo 2**64; a message holds 64 bits
            seed %= 1 << 64
        top_k, min_tokens, n = _whole("top_k", self.top_k), _whole("min_tokens", self.min_tokens), _whole("n", self.n)
        _require(-1 <= top_k <= 1 << 20, "top_k", top_k, "must be from 1 to 1048576, or 0 for all tokens")
        _require(0 <= min_tokens <= max_tokens, "min_tokens", min_tokens, f"must be from 0 to max_tokens, {max_tokens}")
        _require(1 <= n <= MAX_CHOICES, "n", n, f"must be from 1 to {MAX_CHOICES}")
        _require(isinstance(self.ignore_eos, bool), "ignore_eos", self.ignore_eos, "must be true or false")
        repetition = _number("repetition_penalty", self.repetition_penalty, 0, 100)
        _require(repetition > 0, "repetition_penalty", repetition, "must be above 0")
        schema = "" if self.json_schema in (None, "") else compact_object(self.json_schema)
        _require(schema is not None, "json_schema", f"{self.json_schema!r:.80}", "must be a JSON object")
        for name, value in (
            ("temperature", _number("temperature", self.temperature, 0, 100)),
            ("top_p", _number("top_p", self.top_p, 0, 1)),
            ("max_tokens", max_tokens),
            ("seed", seed),
            ("top_k", max(0, top_k)),
            ("min_p", _number("min_p", self.min_p, 0, 1)),
            ("presence_penalty", _number("presence_penalty", self.presence_penalty, -2, 2)),
            ("frequency_penalty", _number("frequency_penalty", self.frequency_penalty, -2, 2)),
            ("repetition_penalty", repetition),
            ("logit_bias", _biases(self.logit_bias)),
            ("stop", _stops(self.stop)),
            ("logprobs", _logprobs(self.logprobs)),
            ("min_tokens", min_tokens),
            ("n", n),
            ("json_schema", schema),
        ):
            object.__setattr__(self, name, value)

    @property
    def shapes(self) -> bool:
        """Return whether logits are changed, or told, in another way than by temperature and top_p."""
        plain = SamplingParams.__dataclass_fields__
        return any(getattr(self, name) != plain[name].default for name in _SHAPING)

    def choice(self, index: int) -> SamplingParams:
        """Return the options of answer `index` of `n` alone."""
        return replace(self, seed=self.seed + index, n=1)

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
