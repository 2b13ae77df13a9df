"""Samples -> figures: speedup over the baseline, the ideal for the measured costs, balance, where workers' time went.

Everything is paired within a repetition: a run is divided by the baseline's run of the same repetition, and by the
ideal for the service times which that baseline run measured. A run in which a request failed did other work and counts
nowhere. Pure.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from llmproc.dispatch import CLIENT_POLICIES
from llmproc.dispatch.schedule import Span, busy_times, imbalance
from llmproc.dispatch.simulation import simulate
from llmproc.experiments.compare_modes.arm import ArmRun
from llmproc.experiments.compare_modes.plan import BASELINE, ModeSetting
from llmproc.experiments.compare_modes.runner import RunSample
from llmproc.experiments.intervals import Ratio, ratio_of
from llmproc.experiments.samples import Summary, paired_ratios, summarise

_TINY_S = 1e-9  # no run takes less: a ratio needs something to divide by


@dataclass(frozen=True, slots=True)
class WorkerTime:
    """Shares of the time of all workers during a run; they add up to 1."""

    computing: float  # what the requests take alone
    slower: float  # what they take more beside others: caches, memory, a batch
    waiting: float  # runnable, but no CPU free
    idle: float  # nothing to do


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of one setting over its usable repetitions. None: unknown."""

    setting: ModeSetting
    count: int  # repetitions used
    failed: int  # requests, over all repetitions
    elapsed: Summary | None
    speedup: Ratio | None  # baseline's time over its time
    ideal_s: float | None  # for the median costs
    ideal_speedup: float | None
    own_order: float | None  # simulated time of this very mode over the ideal's: what stealing's order costs or gains
    above_ideal: Ratio | None  # its time over the ideal's for the costs of the same repetition: 1.1 is 10 % above
    above_own: Summary | None  # its time over the ideal's for the costs of the very run: what dispatch itself adds
    slowdown: Ratio | None  # service time of all requests over the baseline's
    imbalance: Summary | None  # busiest worker over the mean
    steals: Summary | None
    wait_s: Summary | None
    pss_bytes: int | None  # the most
    worker_time: WorkerTime | None


def service_times(run: ArmRun) -> list[float]:
    """Return the seconds of service of each request."""
    return [row.service_s for row in run.in_order()]


def usable(samples: Iterable[RunSample], setting: ModeSetting) -> dict[int, ArmRun]:
    """Return repetition -> run, for runs without a failed request."""
    return {s.repetition: s.run for s in samples if s.setting == setting and not s.run.failed}


def costs_of(samples: Iterable[RunSample]) -> list[float] | None:
    """Return the median seconds of service of each request in the baseline; None when no run was usable."""
    runs = usable(samples, BASELINE)
    columns = zip(*(service_times(run) for run in runs.values()), strict=True)
    return [statistics.median(column) for column in columns] if runs else None


def slowness_of(samples: Sequence[RunSample], servers: int) -> tuple[float, ...]:
    """Return how many times as long each server took as the first one, measured in these runs; (1.0,) for one.

    The median over requests of their time there over the baseline's, which the first one alone had. Worker w is a
    connection to server w % servers.
    """
    costs = costs_of(samples)
    if servers == 1 or costs is None:
        return (1.0,) * servers
    ratios: list[list[float]] = [[] for _ in range(servers)]
    for sample in samples:
        if sample.setting != BASELINE and not sample.run.failed:
            for row in sample.run.rows:
                ratios[row.worker % servers].append(row.service_s / max(costs[row.request], _TINY_S))
    middle = [statistics.median(found) if found else 1.0 for found in ratios]
    return tuple(max(found, _TINY_S) / max(middle[0], _TINY_S) for found in middle)


def figures_of(
    samples: Sequence[RunSample], setting: ModeSetting, sequences: int, slowness: Sequence[float] = (1.0,)
) -> Figures:
    """Compute all figures of one setting. `slowness`: of each server, see `slowness_of`."""
    base, runs = usable(samples, BASELINE), usable(samples, setting)
    costs = costs_of(samples)
    ideal_s = None if costs is None else ideal_time(setting, costs, sequences, slowness)
    pairs = sorted(set(base) & set(runs))
    ideals = {n: ideal_time(setting, service_times(base[n]), sequences, slowness) for n in pairs}
    elapsed = {n: max(run.elapsed_s, _TINY_S) for n, run in runs.items()}
    serving = {n: _served(run, slowness) for n, run in runs.items()}
    waits = [run.wait_s for run in runs.values() if run.wait_s is not None]
    sizes = [run.pss_bytes for run in runs.values() if run.pss_bytes is not None]
    return Figures(
        setting=setting,
        count=len(runs),
        failed=sum(sample.run.failed for sample in samples if sample.setting == setting),
        elapsed=_summary([run.elapsed_s for run in runs.values()]),
        speedup=_ratio({n: max(run.elapsed_s, _TINY_S) for n, run in base.items()}, elapsed),
        ideal_s=ideal_s,
        ideal_speedup=None if costs is None or not ideal_s else sum(costs) / ideal_s,
        own_order=None if costs is None or not ideal_s else _simulated(setting, costs, sequences, slowness) / ideal_s,
        above_ideal=_ratio(elapsed, {n: max(seconds, _TINY_S) for n, seconds in ideals.items()}),
        above_own=_summary([_above_own(setting, run, sequences, slowness) for run in runs.values()]),
        slowdown=_ratio(serving, {n: _served(run) for n, run in base.items()}),
        imbalance=_summary([imbalance(busy(run, setting.workers)) for run in runs.values()]),
        steals=_summary([run.steals for run in runs.values()]),
        wait_s=_summary(waits),
        pss_bytes=max(sizes, default=None),
        worker_time=_mean_time([worker_time(runs[n], base[n], setting.workers, slowness) for n in pairs]),
    )


def faster(samples: Sequence[RunSample], mode: str, than: str, workers: int) -> dict[int, float]:
    """Return repetition -> how many times as fast `mode` was as `than` on the same number of workers."""
    runs, others = usable(samples, ModeSetting(mode, workers)), usable(samples, ModeSetting(than, workers))
    return paired_ratios(
        {n: max(run.elapsed_s, _TINY_S) for n, run in others.items()},
        {n: max(run.elapsed_s, _TINY_S) for n, run in runs.items()},
    )


def ideal_time(
    setting: ModeSetting, costs: Sequence[float], sequences: int, slowness: Sequence[float] = (1.0,)
) -> float:
    """Return the shortest possible seconds of this mode: workers without overhead, and for ws one shared queue."""
    ideal, each = CLIENT_POLICIES[setting.mode].ideal, slowness_by_worker(slowness, setting.workers)
    return simulate(ideal, costs, setting.workers, sequences, slowness=each).makespan


def slowness_by_worker(slowness: Sequence[float], workers: int) -> list[float]:
    """Return that of each worker's server."""
    return [slowness[worker % len(slowness)] for worker in range(workers)]


def _above_own(setting: ModeSetting, run: ArmRun, sequences: int, slowness: Sequence[float]) -> float:
    costs = [row.service_s / slowness[row.worker % len(slowness)] for row in run.in_order()]
    return run.elapsed_s / max(ideal_time(setting, costs, sequences, slowness), _TINY_S)


def _simulated(setting: ModeSetting, costs: Sequence[float], sequences: int, slowness: Sequence[float]) -> float:
    each = slowness_by_worker(slowness, setting.workers)
    return simulate(setting.mode, costs, setting.workers, sequences, slowness=each).makespan


def busy(run: ArmRun, workers: int) -> tuple[float, ...]:
    """Return for how many seconds each worker ran at least one request."""
    return busy_times((Span(r.request, r.worker, r.started_s, r.ended_s) for r in run.rows), workers)


def worker_time(run: ArmRun, base: ArmRun, workers: int, slowness: Sequence[float] = (1.0,)) -> WorkerTime:
    """Return where the time of the workers went; `base`: a run of the same requests one at a time."""
    total = max(workers * run.elapsed_s, _TINY_S)
    in_use = min(sum(busy(run, workers)), total)
    waiting = min(run.wait_s or 0.0, in_use)
    longer = in_use * max(0.0, 1 - _served(base) / _served(run, slowness))
    slower = max(0.0, longer - waiting)
    return WorkerTime((in_use - waiting - slower) / total, slower / total, waiting / total, 1 - in_use / total)


def _served(run: ArmRun, slowness: Sequence[float] = (1.0,)) -> float:
    """Return the seconds of service, on servers as fast as the first."""
    return max(sum(row.service_s / slowness[row.worker % len(slowness)] for row in run.rows), _TINY_S)


def _ratio(upper: Mapping[int, float], lower: Mapping[int, float]) -> Ratio | None:
    return ratio_of(list(paired_ratios(upper, lower).values()))


def _summary(values: Sequence[float]) -> Summary | None:
    return summarise(values) if values else None


def _mean_time(found: Sequence[WorkerTime]) -> WorkerTime | None:
    if not found:
        return None
    names = ("computing", "slower", "waiting", "idle")
    return WorkerTime(*(statistics.fmean(getattr(one, name) for one in found) for name in names))
