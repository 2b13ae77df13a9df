"""What a check found, and the report of all checks as lines or as one JSON document. Used by the verb `lab`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of a check: passed or not, or None where it could not be checked and does not count."""

    passed: bool | None
    seen: str  # in words


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One row of the report."""

    name: str
    points: int  # what it is worth
    promise: str
    finding: Finding

    @property
    def earned(self) -> int:
        """Points that it brings."""
        return self.points if self.finding.passed else 0


def possible(results: Sequence[CheckResult]) -> int:
    """Points of all checks that count."""
    return sum(result.points for result in results if result.finding.passed is not None)


def earned(results: Sequence[CheckResult]) -> int:
    """Points of all checks that passed."""
    return sum(result.earned for result in results)


def as_lines(results: Sequence[CheckResult]) -> list[str]:
    """Return the report for a person: two lines for each check, then the sum."""
    lines = []
    for result in results:
        word = {True: "pass", False: "FAIL", None: "skip"}[result.finding.passed]
        of = "" if result.finding.passed is None else f"{result.earned}/{result.points}"
        lines += [f"{word}  {result.name:<15} {of:>5}  {result.promise}", f"      seen: {result.finding.seen}"]
    return [*lines, f"points: {earned(results)} of {possible(results)}"]


def as_json(lab: str, command: str, results: Sequence[CheckResult]) -> str:
    """Return the same as one JSON document."""
    rows = [
        {
            "name": result.name,
            "passed": result.finding.passed,
            "points": result.earned,
            "of": result.points,
            "promise": result.promise,
            "seen": result.finding.seen,
        }
        for result in results
    ]
    document = {"lab": lab, "program": command, "points": earned(results), "of": possible(results), "checks": rows}
    return json.dumps(document, ensure_ascii=False)
