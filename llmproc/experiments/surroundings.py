"""What a result says about where and when it was measured: start, command, machine, conditions.

Used by bench and compare-modes, whose documents begin with it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from llmproc.experiments.conditions import Conditions, Snapshot, take
from llmproc.experiments.machine import machine_block


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The machine, and the state it was in when the measurement began."""

    started: str  # local time
    machine: Mapping[str, Any]
    start: Snapshot

    @classmethod
    def now(cls) -> Surroundings:
        """Look at the machine and take the first snapshot."""
        machine = machine_block()
        return cls(time.strftime("%Y-%m-%dT%H:%M:%S%z"), machine, take())

    def as_dict(self, command: str, held: Conditions, warned: list[str]) -> dict[str, Any]:
        """Return the fields of a document. `held`: what went on meanwhile; `warned`: what makes figures doubtful."""
        return {
            "started": self.started,
            "command": command,
            "machine": dict(self.machine),
            "conditions": asdict(held),
            "warnings": warned,
        }
