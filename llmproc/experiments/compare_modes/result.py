"""The result of a comparison of modes as one JSON document: everything measured, everything it was measured on. Pure.

    schema        1
    kind          "compare-modes"
    simulated     true when requests were timed waits: nothing was generated, and no figure is about a model
    started       wall clock;  command: as typed;  seed: of token sampling
    machine       as in bench's document;  cpus_usable: by affinity and control groups
    conditions    load_average seconds others stolen throttled_s busiest: what else went on
    warnings      [sentence]
    workload      {name, about, prompts: [{text, cost, tokens}]}     cost in sentences or null; tokens: forced length
    options       work, unit_s, modes, workers, repeat, threads, sequences, and what the arm was opened with
    method        {order, warm_up, elapsed, speedup, ideal, interval, worker_time}: how figures were got, in words
    servers       [{url, slowness}] of --url, else []: workers are connections then, worker w to server w % servers;
                  slowness: its time over the first server's, median over requests; ideals are for servers of these
    costs         {seconds: [s by request], sum_s}: service time in the baseline, median over repetitions; null: none
    results       [{mode, workers, simulated, exceeds_cpus, repetitions, failed, elapsed_s, speedup, ideal_s,
                  ideal_speedup, own_order, above_ideal, above_own, slowdown, imbalance, steals, run_queue_wait_s,
                  pss_bytes, worker_time, why: [words]}]: the baseline first.
                  elapsed_s, above_own, imbalance, steals, run_queue_wait_s   {count, median, minimum, maximum, iqr,
                                mad} or null
                  speedup, above_ideal, slowdown   {count, mean, low, high, median, minimum, maximum} or null
                  above_own     its time over the ideal's for the service times of the same run
                  own_order     this mode's time over its ideal's, both simulated: 1 but for ws
                  worker_time   {computing, slower, waiting, idle}, shares, or null
    faster        [{workers, mode, than, simulated, ratio: {count, mean, ...}, samples: {repetition: ratio}}]
    curves        [{ideal: static, queue or longest, simulated: true, points: [{workers, ideal_s, speedup}]}]: computed
                  for `costs`, never measured
    same_answers  whether every run gave every request the same ids; null when nothing is generated
    runs          [{mode, workers, repetition, place, simulated, elapsed_s, steals, wait_s, pss_bytes, rows: [{request,
                  worker, queue_s, service_s, started_s, ended_s, tokens, digest, error}]}] in running order

Figures are explained in `figures`, rows in `arm`. Times are seconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from llmproc.dispatch.simulation import simulate
from llmproc.experiments.compare_modes.arm import Prompt
from llmproc.experiments.compare_modes.figures import (
    Figures,
    costs_of,
    faster,
    figures_of,
    slowness_by_worker,
    slowness_of,
)
from llmproc.experiments.compare_modes.plan import BASELINE, ModeSetting
from llmproc.experiments.compare_modes.reasons import exceeds, reasons
from llmproc.experiments.compare_modes.runner import RunSample
from llmproc.experiments.intervals import LEVEL, ratio_of

SCHEMA = 1
KIND = "compare-modes"
CURVES = {"static": "sp", "queue": "queue", "longest": "lpt"}
METHOD = {
    "order": "repetitions outside, settings inside, the first place moving on with every repetition",
    "warm_up": "every setting once with its cheapest prompts, not counted",
    "elapsed": "from the submission of all prompts to the last terminal event; workers were ready before",
    "speedup": "the baseline's time (seq: every prompt once, one worker) over the setting's, in the same repetition",
    "ideal": "computed, on workers that lose nothing, for the service times of the baseline: sp static, ws one shared "
    "queue in order of arrival, lpt longest first",
    "interval": f"{LEVEL:.0%}: Student's t on the logarithms of paired ratios, around their geometric mean",
    "worker_time": "computing: what requests take alone; slower: what they take more; waiting: for a CPU; idle: rest",
}


def document(
    samples: Sequence[RunSample],
    planned: Sequence[ModeSetting],
    workload: Mapping[str, Any],
    prompts: Sequence[Prompt],
    options: Mapping[str, Any],
    surroundings: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the whole document.

    `planned`: as `plan.settings` gave them. `workload`: name and about. `options`: as they are to stand in it, with at
    least work, threads and sequences.
    `surroundings`: started, command, seed, machine (with cpus_usable), conditions, warnings.
    """
    simulated = options["work"] == "wait"
    cpus = int(surroundings["machine"]["cpus_usable"])
    urls = options.get("urls")
    slowness = slowness_of(samples, len(urls) if urls else 1)
    found = [figures_of(samples, setting, options["sequences"], slowness) for setting in planned]
    same = same_answers(samples)
    costs = costs_of(samples)
    return {
        "schema": SCHEMA,
        "kind": KIND,
        "simulated": simulated,
        **surroundings,
        "warnings": [*surroundings["warnings"], *warnings(found, options["threads"], cpus, same, simulated)],
        "workload": {**workload, "prompts": [asdict(prompt) for prompt in prompts]},
        "options": dict(options),
        "method": METHOD,
        "servers": [{"url": url, "slowness": slow} for url, slow in zip(urls or (), slowness, strict=False)],
        "costs": None if costs is None else {"seconds": costs, "sum_s": sum(costs)},
        "results": [_result(figures, options["threads"], cpus, simulated) for figures in found],
        "faster": _faster(samples, planned, simulated),
        "curves": _curves(costs, found, options["sequences"], slowness),
        "same_answers": same,
        "runs": [_run(sample, simulated) for sample in samples],
    }


def same_answers(samples: Sequence[RunSample]) -> bool | None:
    """Return whether each request that did not fail got the same answer in all runs; None without answers."""
    digests: dict[int, set[str]] = {}
    for sample in samples:
        for row in sample.run.rows:
            if row.digest and not row.error:
                digests.setdefault(row.request, set()).add(row.digest)
    return all(len(found) == 1 for found in digests.values()) if digests else None


def warnings(
    found: Sequence[Figures], threads: int, cpus: int, same: bool | None, waits_only: bool = False
) -> list[str]:
    """Return what makes the figures doubtful, in sentences."""
    said = []
    if same is False:
        said.append("answers differ between runs: the same seed must give the same ids")
    said += [f"{f.setting}: {f.failed} requests failed, those runs count nowhere" for f in found if f.failed]
    too_many = [f.setting.workers for f in found if exceeds(f.setting.workers, threads, cpus)]
    if too_many:
        each = "" if threads == 1 else f" of {threads} threads"
        rule = ", which waits do not need" if waits_only else ": they share them"
        said.append(f"from {min(too_many)} workers{each} on there are more threads than CPUs ({cpus}){rule}")
    said += [
        f"{f.setting} varies: the interquartile range of its times is {f.elapsed.spread:.0%} of the median"
        for f in found
        if f.elapsed is not None and f.elapsed.unsteady
    ]
    return said


def _result(found: Figures, threads: int, cpus: int, simulated: bool) -> dict[str, Any]:
    def plain(value: Any) -> Any:
        return None if value is None else asdict(value)

    return {
        "mode": found.setting.mode,
        "workers": found.setting.workers,
        "simulated": simulated,
        "exceeds_cpus": exceeds(found.setting.workers, threads, cpus),
        "repetitions": found.count,
        "failed": found.failed,
        "elapsed_s": plain(found.elapsed),
        "speedup": plain(found.speedup),
        "ideal_s": found.ideal_s,
        "ideal_speedup": found.ideal_speedup,
        "own_order": found.own_order,
        "above_ideal": plain(found.above_ideal),
        "above_own": plain(found.above_own),
        "slowdown": plain(found.slowdown),
        "imbalance": plain(found.imbalance),
        "steals": plain(found.steals),
        "run_queue_wait_s": plain(found.wait_s),
        "pss_bytes": found.pss_bytes,
        "worker_time": plain(found.worker_time),
        "why": reasons(found, threads, cpus, simulated),
    }


def _faster(samples: Sequence[RunSample], found: Sequence[ModeSetting], simulated: bool) -> list[dict[str, Any]]:
    """Compare every later mode with every earlier one on the same number of workers."""
    rows = []
    for workers in sorted({setting.workers for setting in found if setting != BASELINE}):
        modes = [setting.mode for setting in found if setting.workers == workers and setting != BASELINE]
        for place, mode in enumerate(modes):
            for than in modes[:place]:
                values = faster(samples, mode, than, workers)
                ratio = ratio_of(list(values.values()))
                if ratio is not None:
                    pair = {"workers": workers, "mode": mode, "than": than, "simulated": simulated}
                    rows.append({**pair, "ratio": asdict(ratio), "samples": {str(n): v for n, v in values.items()}})
    return rows


def _curves(
    costs: Sequence[float] | None, found: Sequence[Figures], sequences: int, slowness: Sequence[float]
) -> list[dict[str, Any]]:
    """Compute the ideal curves for 1 worker up to the largest number measured."""
    if costs is None or not sum(costs):
        return []
    counts = range(1, max(figures.setting.workers for figures in found) + 1)
    curves = []
    for name, policy in CURVES.items():
        times = [
            simulate(policy, costs, n, sequences, slowness=slowness_by_worker(slowness, n)).makespan for n in counts
        ]
        points = [
            {"workers": workers, "ideal_s": seconds, "speedup": sum(costs) / seconds}
            for workers, seconds in zip(counts, times, strict=True)
        ]
        curves.append({"ideal": name, "simulated": True, "points": points})
    return curves


def _run(sample: RunSample, simulated: bool) -> dict[str, Any]:
    run = sample.run
    return {
        "mode": sample.setting.mode,
        "workers": sample.setting.workers,
        "repetition": sample.repetition,
        "place": sample.place,
        "simulated": simulated,
        "elapsed_s": run.elapsed_s,
        "steals": run.steals,
        "wait_s": run.wait_s,
        "pss_bytes": run.pss_bytes,
        "rows": [asdict(row) for row in run.in_order()],
    }
