"""The experiments: a table, no logic. Each is imported only when it is called."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Offered:
    """One experiment: a `module` with `add_options(parser)` and `plan_of(given, common)`, or a `verb` that is it."""

    help: str
    module: str = ""
    verb: str = ""


EXPERIMENTS = {
    "baseline": Offered(
        "latency, its percentiles, tokens/s, CPU time and memory, over lengths of prompts and answers",
        "llmproc.apps.experiment.baseline",
    ),
}


def named(word: str) -> str | None:
    """Return the experiment that a word names: its name, or another system's spelling of it; None if it is none."""
    name = word.replace("_", "-")
    return name if name in EXPERIMENTS else None
