"""One line of the doctor's report, and how a check is made that must not end the report."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from llmproc.errors import LlmprocError

State = Literal["ok", "warn", "fail"]
INSTALL = "install what is missing: pip install -e ."


@dataclass(frozen=True, slots=True)
class Check:
    """One finding. warn: it works, with a loss that `hint` names; fail: llmproc cannot run like this."""

    name: str
    value: str
    state: State = "ok"
    hint: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)  # for --json

    def line(self) -> str:
        """Return `ok    cpus   2 of 4` and, below it, the hint if there is one."""
        text = f"{self.state:<5} {self.name:<16} {self.value}"
        return f"{text}\n{'':<23}{self.hint}" if self.hint else text

    def as_json(self) -> dict[str, Any]:
        """Return the check as --json prints it."""
        return {"name": self.name, "state": self.state, "value": self.value, "hint": self.hint, **self.facts}


def attempt(name: str, look: Callable[[], Check]) -> Check:
    """Make one check. Whatever keeps it from looking becomes its finding: doctor is for machines where things fail."""
    try:
        return look()
    except LlmprocError as error:
        return Check(name, str(error), "fail")
    except ImportError as error:
        package = (error.name or str(error)).partition(".")[0]
        return Check(name, f"the package {package} is missing or broken", "fail", INSTALL)
    except PermissionError as error:
        return Check(name, f"not permitted: {_cause(error)}", "warn", "this part of the report is missing")
    except OSError as error:
        return Check(name, f"cannot be read: {_cause(error)}", "warn", "this part of the report is missing")
    except Exception as error:  # a file of a form never seen, for instance
        return Check(name, f"{type(error).__name__}: {error}", "warn", "this part of the report is missing")


def _cause(error: OSError) -> str:
    reason = error.strerror or str(error)
    return f"{error.filename}: {reason}" if error.filename else reason


def human_bytes(count: int | None) -> str:
    """Return `1.5 GB`, in powers of 1000; `unknown` for None."""
    if count is None:
        return "unknown"
    value, units = float(count), ("bytes", "kB", "MB", "GB", "TB", "PB")
    for unit in units:
        if value < 1000 or unit == units[-1]:
            break
        value /= 1000
    return f"{value:.0f} {unit}" if unit == "bytes" else f"{value:.1f} {unit}"
