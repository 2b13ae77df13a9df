"""What an experiment hands to the frame. Data, and one function that opens what runs its arms."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from llmproc.experiments.frame.rounds import CountedRound, Round


@dataclass(frozen=True, slots=True)
class ExperimentArm:
    """One setting. `settings` stand in the document as they are; `skipped`: why it cannot be run here, "" if it can.

    `simulated`: its figures are computed, not measured. Arms of the same `asks` are asked the same: their texts are
    compared.
    """

    name: str
    settings: Mapping[str, Any]
    skipped: str = ""
    simulated: bool = False
    asks: str = ""
    doubtful: str = ""  # why its figures mean less than those of others, such as more threads than CPUs


class RoundRunner(Protocol):
    """The one thing that runs arms."""

    def run(self, arm: ExperimentArm, repetition: int) -> Round:
        """Run one arm once; repetitions below 0 are the warm-up."""


def _nothing(rounds: Sequence[CountedRound]) -> dict[str, Any]:
    return {}


def _no_findings(document: Mapping[str, Any]) -> list[str]:
    return []


@dataclass(frozen=True, slots=True)
class ExperimentPlan:
    """An experiment, ready to be measured.

    `open`: a context manager of what runs its arms. `pairs`: (arm, arm it is compared with); `compared`: names of a
    round's figures, of `elapsed_s` or `tokens_per_second`, of which paired ratios are made. `details`: more blocks of
    the document, from all rounds. `findings`: sentences that the finished document carries. `pictures`:
    `module:function`, called with the document and a folder; returns [(file name, caption)]; "": the usual ones.
    """

    arms: Sequence[ExperimentArm]
    options: Mapping[str, Any]
    open: Callable[[], AbstractContextManager[RoundRunner]]
    pairs: Sequence[tuple[str, str]] = ()
    compared: Sequence[str] = ("tokens_per_second",)
    details: Callable[[Sequence[CountedRound]], Mapping[str, Any]] = _nothing
    findings: Callable[[Mapping[str, Any]], Sequence[str]] = _no_findings
    pictures: str = ""
    about: str = ""  # what is measured and what the words mean: a paragraph of the report
    notes: Sequence[str] = field(default_factory=tuple)  # what could not be done here, and why
