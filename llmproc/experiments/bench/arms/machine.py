"""The machine itself as an arm: its memory and its multipliers at their best, between the other arms' runs.

What comes out are the limits that results are compared with, measured in the same minutes as the results.
"""

from __future__ import annotations

from typing import Any

from llmproc.errors import UsageError
from llmproc.experiments.bench.arms.arm import ArmOptions
from llmproc.experiments.bench.work import Work
from llmproc.hardware.memory import usable_memory

_AT_LEAST, _AT_MOST = 128 << 20, 512 << 20


class MachineArm:
    """The machine as an arm; `sequences` of a piece of work is the number of threads."""

    name = "machine"

    def __init__(self, threads: int, nbytes: int, rounds: float = 1.0) -> None:
        from llmproc.engine.limits import Limits

        self._limits: Any = Limits(threads, nbytes, rounds)
        self._nbytes = nbytes

    def about(self) -> dict[str, Any]:
        return {
            "read": f"{self._nbytes} bytes, each thread its own part once, 4 streams of 64-byte loads",
            "integer": "the int8 dot product of the kernels, operands in the first-level cache",
            "float": "fp32 multiply-adds, operands in the first-level cache",
        }

    def settings(self, work: Work) -> list[str]:
        """Return one setting: there is nothing to choose."""
        return [""]

    def prepare(self, work: Work, setting: str) -> None:
        """Do nothing: every work can be run at once."""

    def run(self, work: Work) -> float:
        """Run the work; return bytes read, or multiply-adds made."""
        measured = {"read": self._limits.read, "integer": self._limits.integer, "float": self._limits.float}
        if work.kind not in measured:
            raise UsageError(f"the machine cannot run {work.name}")
        return float(measured[work.kind](work.sequences))

    def close(self) -> None:
        """Free the buffers."""
        self._limits = None


def buffer_bytes(available: int | None) -> int:
    """Return how much to read: 512 MiB, or an eighth of the available memory if that is less."""
    return max(_AT_LEAST, min(_AT_MOST, (available or 0) // 8))


def open_arm(options: ArmOptions) -> MachineArm:
    """Open the arm: compile the kernels and fill the memory."""
    return MachineArm(options.threads, buffer_bytes(usable_memory().available))
