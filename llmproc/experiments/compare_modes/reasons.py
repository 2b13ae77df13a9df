"""Why a measured time is not the ideal one: sentences, for the table and under the picture. Pure."""

from __future__ import annotations

from llmproc.experiments.compare_modes.figures import Figures

NOTABLE = 0.05  # more, or less, than there should be
WAITING = 0.02  # share of the workers' time
ORDER = 0.02


def exceeds(workers: int, threads: int, cpus: int) -> bool:
    """Return whether the workers have more threads than there are usable CPUs."""
    return workers * threads > cpus


def reasons(found: Figures, threads: int, cpus: int, waits_only: bool) -> list[str]:
    """Return the reasons as parts of a sentence; [] when the ideal was met. `waits_only`: requests need no CPU.

    time / ideal = (what the mode's own order of requests makes of it) x (how much longer a request takes) x (the rest)
    """
    setting, why = found.setting, []
    if exceeds(setting.workers, threads, cpus) and not waits_only:
        tasks = f"{setting.workers} workers" if threads == 1 else f"{setting.workers} x {threads} threads"
        why.append(f"{tasks} on {cpus} CPU{'s' * (cpus != 1)}")
    if found.worker_time is not None and found.worker_time.waiting >= WAITING:
        why.append(f"{found.worker_time.waiting:.0%} of the workers' time was waiting for a CPU")
    slowdown = found.slowdown.mean if found.slowdown is not None else 1.0
    if abs(slowdown - 1) >= NOTABLE:
        why.append(f"a request took {slowdown:.2f} times its time alone")
    order = found.own_order or 1.0
    if abs(order - 1) >= ORDER:
        why.append(f"stealing's order of requests takes {_more(order)} time than a shared queue's (simulated)")
    rest = 1.0 if found.above_ideal is None else found.above_ideal.mean / (order * slowdown)
    if abs(rest - 1) >= NOTABLE:
        why.append(f"dispatch, chance and other programs: {_more(rest)} time")
    return why


def _more(factor: float) -> str:
    return f"{abs(factor - 1):.0%} {'more' if factor > 1 else 'less'}"
