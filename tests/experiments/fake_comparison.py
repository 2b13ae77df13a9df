"""A whole comparison on a fake clock -> its document, as it would stand in a file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from experiments.fake_arm import FakeArm

from llmproc.dispatch.workloads import TOKENS_PER_SENTENCE, workload
from llmproc.experiments.compare_modes.arm import Prompt, PromptArm
from llmproc.experiments.compare_modes.plan import settings
from llmproc.experiments.compare_modes.result import document
from llmproc.experiments.compare_modes.runner import run_all

MACHINE = {"cpu": "A CPU", "kernel": "6.1", "cpus_usable": 2}


def silent(done: int, total: int, what: str) -> None:
    pass


def prompts_of(name: str) -> list[Prompt]:
    found = workload(name)
    return [
        Prompt(text, float(cost), cost * TOKENS_PER_SENTENCE)
        for text, cost in zip(found.prompts, found.costs, strict=True)
    ]


def compare(
    arm: PromptArm | None = None,
    name: str = "system-b",
    modes: Sequence[str] = ("sp", "ws"),
    workers: Sequence[int] = (1, 2),
    repeat: int = 3,
    work: str = "generate",
    threads: int = 1,
    sequences: int = 1,
    warnings: Sequence[str] = (),
) -> Any:
    """With a FakeArm on 2 CPUs unless another is given."""
    prompts, planned = prompts_of(name), settings(modes, workers)
    samples = run_all(arm or FakeArm(), planned, prompts, repeat, silent)
    options = {
        "work": work, "unit_s": 0.05 if work == "wait" else None, "modes": [*modes], "workers": [*workers],
        "repeat": repeat, "threads": threads, "sequences": sequences,
    }  # fmt: skip
    surroundings = {
        "started": "2000-01-01T00:00:00+0000", "command": "compare-modes", "seed": 42, "machine": MACHINE,
        "conditions": {"load_average": 0.1}, "warnings": [*warnings],
    }  # fmt: skip
    about = {"name": name, "about": workload(name).about}
    found = document(samples, planned, about, prompts, options, surroundings)
    return json.loads(json.dumps(found))


def row_of(found: Any, mode: str, workers: int) -> Any:
    return next(row for row in found["results"] if (row["mode"], row["workers"]) == (mode, workers))
