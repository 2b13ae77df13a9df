"""One comparison of modes: prompts, the plan, every run in turn on one arm, conditions. Returns the document.

Used by `apps.compare_modes`. The arm, which starts real processes, is named by ARM and imported only when it is opened.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict
from typing import Any

from llmproc.errors import UsageError
from llmproc.experiments import conditions
from llmproc.experiments.compare_modes.arm import PromptArm
from llmproc.experiments.compare_modes.options import CompareOptions
from llmproc.experiments.compare_modes.plan import settings
from llmproc.experiments.compare_modes.prompts import NamedPrompts, prompts_from, shipped_prompts
from llmproc.experiments.compare_modes.result import document
from llmproc.experiments.compare_modes.runner import run_all
from llmproc.experiments.own_children import children_cpu_s, without_children
from llmproc.experiments.surroundings import Surroundings
from llmproc.experiments.turns import Progress
from llmproc.files.escaping import escape_bytes
from llmproc.hardware.cpus import usable_cpus

REMOTE_ARM = "llmproc.experiments.compare_modes.remote_arm:open_arm"
ARM = "llmproc.experiments.compare_modes.service_arm:open_arm"  # (CompareOptions) -> context manager of a PromptArm


def compare(options: CompareOptions, command: str, progress: Progress) -> dict[str, Any]:
    """Run the whole comparison and return the document of `result`. `command`: as typed.

    Raises LlmprocError for prompts that cannot be read, and what the arm raises.
    """
    asked = named_prompts(options)
    planned = settings(options.modes, options.workers)
    before, surroundings = children_cpu_s(), Surroundings.now()
    machine = surroundings.machine
    with _open_arm(options) as arm:
        samples = run_all(arm, planned, asked.prompts, options.repeat, progress)
    held = conditions.between(surroundings.start, conditions.take(), {os.getpid()})
    held = without_children(held, children_cpu_s() - before)
    warned = conditions.warnings(held, 1, len(machine["cpus_allowed"]), machine["quota_cpus"], {}, {})
    found = surroundings.as_dict(command, held, warned)
    found["machine"]["cpus_usable"] = usable_cpus().threads
    found["seed"] = options.sampling.seed
    about = {"name": escape_bytes(asked.name), "about": escape_bytes(asked.about)}
    return document(samples, planned, about, asked.prompts, options_block(options), found)


def named_prompts(options: CompareOptions) -> NamedPrompts:
    """Return what is asked. UsageError for waits without costs."""
    if options.prompts is None:
        return shipped_prompts(options.workload)
    found = prompts_from(options.prompts)
    if options.work == "wait" and any(prompt.cost is None for prompt in found.prompts):
        raise UsageError(f"--work is wait: {options.prompts} must be JSONL with a cost in every row, or use --workload")
    return found


def options_block(options: CompareOptions) -> dict[str, Any]:
    """Return `options` of the document."""
    found: dict[str, Any] = {
        "work": options.work,
        "unit_s": options.unit_s if options.work == "wait" else None,
        "modes": list(options.modes),
        "workers": list(options.workers),
        "repeat": options.repeat,
        "threads": 0 if options.remote else options.threads,
        "sequences": options.engine.sequences,
    }
    if options.remote is not None:
        remote = options.remote
        found |= {"urls": list(remote.urls), "model": remote.model, "system": options.system}
        found |= {"timeout_s": remote.timeout_s, "retries": remote.retries, "sampling": asdict(options.sampling)}
    elif options.work == "generate":
        found |= {"model": str(options.model), "tokenizer": str(options.tokenizer), "system": options.system}
        found |= {"engine": asdict(options.engine), "sampling": asdict(options.sampling)}
    return found


def _open_arm(options: CompareOptions) -> AbstractContextManager[PromptArm]:
    module, _, function = (ARM if options.remote is None else REMOTE_ARM).partition(":")
    opened: Callable[[CompareOptions], AbstractContextManager[PromptArm]]
    opened = getattr(importlib.import_module(module), function)
    return opened(options)
