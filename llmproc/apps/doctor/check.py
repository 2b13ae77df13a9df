"""One line of the doctor's report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

State = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Check:
    """What was looked at and found. warn: works, with a loss that `hint` names; fail: llmproc cannot run like this."""

    name: str
    value: str
    state: State = "ok"
    hint: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)  # for --json

    def line(self) -> str:
        """`ok    cpus   2 of 4` and, where there is one, the hint."""
        text = f"{self.state:<5} {self.name:<16} {self.value}"
        return f"{text}\n{'':<23}{self.hint}" if self.hint else text

    def as_json(self) -> dict[str, Any]:
        """For --json."""
        return {"name": self.name, "state": self.state, "value": self.value, "hint": self.hint, **self.facts}


def human_bytes(count: int | None) -> str:
    """`1.5 GB`, in powers of 1000; `unknown` for None."""
    if count is None:
        return "unknown"
    value, units = float(count), ("bytes", "kB", "MB", "GB", "TB", "PB")
    for unit in units:
        if value < 1000 or unit == units[-1]:
            break
        value /= 1000
    return f"{value:.0f} {unit}" if unit == "bytes" else f"{value:.1f} {unit}"
