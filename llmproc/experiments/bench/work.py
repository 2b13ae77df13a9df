"""One measured piece of work: what is run, how many tokens that is, what it reads and computes. Data only.

Names are llama-bench's: pp512 is a prefill of 512 tokens, tg128 is 128 tokens generated one after the other; `tg32 b4`
is 32 steps of 4 sequences together; mm512 and `mm1 b4` are the matrix products of such passes alone. Every sequence
starts empty.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, get_args

Kind = Literal["prefill", "decode", "matmuls", "read", "integer", "float"]
LIMITS: tuple[Kind, ...] = ("read", "integer", "float")  # of the machine; `sequences` is then the number of threads
UNITS = {"read": "bytes/s", "integer": "multiply-adds/s", "float": "multiply-adds/s"}


@dataclass(frozen=True, slots=True)
class Work:
    """`steps` forward passes of `sequences` sequences, `tokens` of each in every pass."""

    name: str
    kind: Kind
    tokens: int
    sequences: int = 1
    steps: int = 1

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind) or min(self.tokens, self.sequences, self.steps) < 1:
            raise ValueError(f"no such work: {self}")

    @property
    def amount(self) -> int:
        """Return how many tokens are computed."""
        return self.tokens * self.sequences * self.steps

    @property
    def outputs(self) -> int:
        """Return the rows of logits: one for each sequence and step."""
        return self.sequences * self.steps

    @property
    def positions(self) -> int:
        """Return the length of one sequence at the end."""
        return self.tokens * self.steps

    @property
    def batched(self) -> bool:
        """Return whether this belongs in the table over numbers of sequences."""
        return self.kind == "decode" and " b" in self.name

    def shortened(self, steps: int) -> Work:
        """Return the same work with at most `steps` steps."""
        return replace(self, steps=min(self.steps, steps))

    def as_dict(self) -> dict[str, Any]:
        """Return the fields for a message or a report; `Work(**fields)` is the way back."""
        return asdict(self)


def planned_work(
    prompt: Sequence[int], generate: Sequence[int], batched: Sequence[int], batched_steps: int, kernels: bool
) -> list[Work]:
    """Return the work of a bench run in its order; no size leaves a test out."""
    found = [Work(f"pp{size}", "prefill", size) for size in prompt]
    found += [Work(f"tg{size}", "decode", 1, 1, size) for size in generate]
    found += [Work(f"tg{batched_steps} b{count}", "decode", 1, count, batched_steps) for count in batched]
    if kernels:
        found += [Work(f"mm{size}", "matmuls", size) for size in prompt]
        found += [Work(f"mm1 b{count}", "matmuls", 1, count, batched_steps) for count in batched or (1,)]
    return found


def limit_work(threads: int) -> list[Work]:
    """Return the work that finds the machine's limits: reading with 1 to `threads` threads, and both peaks."""
    found = [Work(f"read, {n} thread{'s' * (n > 1)}", "read", 1, n) for n in _counts(threads)]
    found += [Work(f"int8 peak, {n} thread{'s' * (n > 1)}", "integer", 1, n) for n in sorted({1, threads})]
    return found + [Work(f"fp32 peak, {n} thread{'s' * (n > 1)}", "float", 1, n) for n in sorted({1, threads})]


def _counts(threads: int) -> list[int]:
    """Return all of 1 to 8, then doublings: a machine with 64 cores does not need 64 rows."""
    found = {n for n in range(1, threads + 1) if n <= 8 or n & (n - 1) == 0}
    return sorted(found | {threads})
