"""How many threads the workers of a service take: by option, else what the machine grants and other instances leave.

    lock --> others' announcements --> default_threads --> ThreadsChosen, which the observer announces --> unlock

Used by `service.service`. The arithmetic is `hardware.sharing`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from llmproc.config import EngineOptions
from llmproc.hardware.cpus import CpuBudget, usable_cpus
from llmproc.hardware.sharing import default_threads, threads_left
from llmproc.monitor import claiming, instances
from llmproc.monitor.events import ThreadsChosen
from llmproc.monitor.instances import Instance
from llmproc.monitor.observer import OnEvent


def choose_threads(
    engine: EngineOptions,
    workers: int,
    on_event: OnEvent,
    on_notice: Callable[[str], None],
    budget: Callable[[], CpuBudget] = usable_cpus,
    running: Callable[[], list[Instance]] = instances.running,
) -> EngineOptions:
    """Return the options with a number of threads. `budget` and `running` are for tests.

    `on_event` must have announced the choice when it returns. `on_notice` gets a line where the number is lower than
    it would be without other instances, or where all threads are more than the CPUs.
    """
    found = budget()
    with claiming.alone():
        others = running()
        claims = [other.claim for other in others]
        threads = default_threads(workers, found, claims) if engine.threads is None else engine.threads
        on_event(
            ThreadsChosen(
                workers=workers,
                threads=max(1, threads),
                asked=engine.threads is not None,
                granted=found.threads,
                others=found.threads - threads_left(found, claims),
                cpus=found.allowed,
                limits=tuple(limit.group for limit in found.limits),
            )
        )
    if note := _note(engine, workers, threads, found, [other.pid for other in others if other.threads]):
        on_notice(note)
    return replace(engine, threads=threads)


def _note(engine: EngineOptions, workers: int, threads: int, budget: CpuBudget, others: Sequence[int]) -> str:
    each = f"{threads} thread{'' if threads == 1 else 's'}" + ("" if workers == 1 else " per worker")
    alone = default_threads(workers, budget)
    if engine.threads is None and threads < alone:
        pids = ", ".join(map(str, others))
        return (
            f"{each} instead of {alone}: instances of llmproc run beside this one (pid {pids}); --threads N overrides"
        )
    if engine.threads is None and threads == 1 and not engine.adapt:
        return "--fixed-threads has no effect: there is one thread"
    if max(1, threads) * workers > budget.threads:
        adapt = ", and fewer threads run while CPUs are short" if engine.adapt and threads > 1 else ""
        many = f"{workers} workers with {each}" if workers > 1 else each
        return f"{many} for {budget.threads} CPU{'' if budget.threads == 1 else 's'}: they take turns{adapt}"
    return ""
