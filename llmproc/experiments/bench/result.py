"""The result of a bench run as one JSON document: everything measured, everything it was measured on. Pure.

    schema        1
    kind          "bench";  simulated: false: every figure was measured
    started       wall clock;  command: as typed
    model         name file version synthetic weights type parameters bytes step_bytes: `step_bytes` are read by a step
    options       threads kv_type batch_tokens prompt generate batched batched_steps repeat peer kernels limits
    machine       see machine.machine_block
    conditions    load_average seconds others stolen throttled_s busiest: see conditions.Conditions
    warnings      [sentence]
    method        warm_up (repetitions not counted), order, ratio, share, settle_s: how figures were got, in words
    arms          [{name, about}]
    selection     [{test, arm, chosen, seconds: {setting: [s]}}] where an arm had settings to choose from
    tests         [{test, kind, tokens, sequences, steps, arm, setting, amount, rate, step_ms, shares, limit, samples}]
                  rate, step_ms   {count, median, minimum, maximum, iqr, mad}; rate in tokens/s
                  shares          [{of, unit, used, share, of_best}] for each limit known: used = the median's rate in
                                  the limit's unit; share = median over repetitions of what was used in one over what
                                  the limit was in it; of_best = used over the limit's best of all repetitions.
                                  Reading: weights, once a step, where a step has one token of a sequence.
                  limit           the greater share's `of`: what the work may run into; null without limits
                  samples         [{repetition, place, seconds, amount, others_cpu_s}] in the order they were taken
    ratios        [{test, own, peer, ratio: {count, median, ...}, samples: {repetition: ratio}}]
    limits        [{limit, kind, threads, unit, best, rate: {...}, samples: [...]}]
    phases        [] without --phases; else of each prefill and decode one more run that left a trace, after all others:
                  [{test, steps, of_steps, seconds, phases, ranks, longest}]
                  steps           that the trace still holds whole, the last ones of `of_steps`; `seconds`: of those,
                                  from a step's first rank that began it to the end of its last phase; all times here
                                  are sums over those steps
                  phases          [{phase, count, seconds, worked_s, share, rates, limit}] in the order of a pass:
                                  `seconds` from the end of the phase before to its own end, over the whole team,
                                  `share` of all; worked_s: of all ranks, by the clock, between CPUs too
                                  rates   [{of, unit, rate, share}]: bytes of weights (in attend: of keys and values)
                                          read or multiply-adds made a second; share: of the median of that limit with
                                          these threads, null if it was not measured; `limit`: the greater share's `of`
                  ranks           [{rank, steps, ended, worked_s, barrier_s, sleeping_s, run_queue_s, late_s,
                                  waited_for_s}]: `steps` in which it was in use; worked to late add up to their time;
                                  what they are, and how run_queue_s is told from the others: engine.trace_sums; null
                                  where the kernel does not count it. `ended`: phases whose last portion it had;
                                  waited_for_s: what other ranks waited in those
                  longest         {seconds, phase, layer, rank, by}: of all waits of a rank for a portion that another
                                  (`by`) held; null with one rank

Times are seconds of CLOCK_MONOTONIC's kind, measured in the arm's process around the work alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from llmproc.experiments.bench.model import BenchModel
from llmproc.experiments.bench.options import BenchOptions
from llmproc.experiments.bench.phases import Traced, phases_block
from llmproc.experiments.bench.runner import SETTLE_S, Measurements, WorkSample
from llmproc.experiments.bench.work import LIMITS, UNITS, Work
from llmproc.experiments.samples import paired_ratios, summarise
from llmproc.experiments.turns import WARM_UP

SCHEMA = 1
OWN, MACHINE = "llmproc", "machine"


def model_block(model: BenchModel) -> dict[str, Any]:
    """Return `model` of the document."""
    return {
        "name": model.name,
        "file": str(model.path),
        "version": model.version,
        "synthetic": model.synthetic,
        "weights": model.kind,
        "type": model.label,
        "parameters": model.parameters,
        "bytes": model.size,
        "step_bytes": model.step_bytes,
    }


def options_block(options: BenchOptions) -> dict[str, Any]:
    """Return `options` of the document; `prompt` and `generate` are a number where there is one size, 0 for none."""
    names = (
        "threads", "fixed_threads", "kv_type", "batch_tokens", "batched", "batched_steps", "repeat", "peer", "kernels",
        "limits", "phases",
    )  # fmt: skip
    sizes = {
        name: found[0] if len(found) == 1 else list(found) or 0
        for name, found in (("prompt", options.prompt), ("generate", options.generate))
    }
    return {**{name: getattr(options, name) for name in names}, **sizes}


def method_block() -> dict[str, Any]:
    """Return `method` of the document."""
    return {
        "warm_up": WARM_UP,
        "order": "repetitions outside, works inside; arms side by side, the first place moving on",
        "ratio": "of the two runs of one repetition; then the median",
        "share": "of the limit measured in the same repetition with the same threads; then the median",
        "settle_s": SETTLE_S,
    }


def tests_block(found: Measurements, model: BenchModel, threads: int) -> list[dict[str, Any]]:
    """Return `tests` of the document, in the order of their first samples."""
    limits = _limit_rates(found, threads)
    rows = []
    for (name, arm), samples in _grouped(found, machine=False).items():
        work = samples[0].work
        rate = summarise([sample.timing.rate for sample in samples])
        shares = _shares(work, found.rates(arm, name), model, limits)
        rows.append(
            {
                "test": name,
                "kind": work.kind,
                "tokens": work.tokens,
                "sequences": work.sequences,
                "steps": work.steps,
                "arm": arm,
                "setting": found.chosen.get((arm, name), ""),
                "amount": work.amount,
                "rate": rate.as_dict(),
                "step_ms": summarise([1e3 * sample.timing.seconds / work.steps for sample in samples]).as_dict(),
                "shares": shares,
                "limit": max(shares, key=lambda share: share["share"])["of"] if shares else None,
                "samples": _samples(samples),
            }
        )
    return rows


Rates = Mapping[int, float]  # repetition -> amount per second


def _limit_rates(found: Measurements, threads: int) -> dict[str, Rates]:
    """Return kind of limit -> its rate in each repetition, with this number of threads."""
    works = {s.work.name: s.work for s in found.samples if s.work.kind in LIMITS and s.work.sequences == threads}
    return {work.kind: found.rates(MACHINE, name) for name, work in works.items()}


def _median_limits(found: Measurements, threads: int) -> dict[str, float]:
    return {kind: summarise(list(rates.values())).median for kind, rates in _limit_rates(found, threads).items()}


def _shares(work: Work, rates: Rates, model: BenchModel, limits: Mapping[str, Rates]) -> list[dict[str, Any]]:
    amounts: dict[str, int] = {model.peak: model.multiply_adds(work)}
    if work.tokens == 1:
        amounts["read"] = work.steps * model.step_bytes
    rows = []
    for limit, amount in amounts.items():
        used = {n: amount / work.amount * rate for n, rate in rates.items()}
        if ratios := paired_ratios(used, limits.get(limit, {})):
            median = summarise(list(used.values())).median
            rows.append(
                {
                    "of": limit,
                    "unit": UNITS[limit],
                    "used": median,
                    "share": summarise(list(ratios.values())).median,
                    "of_best": median / max(limits[limit].values()),
                }
            )
    return rows


def ratios_block(found: Measurements, peers: Sequence[str]) -> list[dict[str, Any]]:
    """Return `ratios` of the document: llmproc over each peer."""
    rows = []
    for name in dict.fromkeys(sample.work.name for sample in found.samples):
        for peer in peers:
            ratios = paired_ratios(found.rates(OWN, name), found.rates(peer, name))
            if ratios:
                ratio = summarise(list(ratios.values())).as_dict()
                samples = {str(repetition): value for repetition, value in ratios.items()}
                rows.append({"test": name, "own": OWN, "peer": peer, "ratio": ratio, "samples": samples})
    return rows


def limits_block(found: Measurements) -> list[dict[str, Any]]:
    """Return `limits` of the document."""
    rows = []
    for (name, _), samples in _grouped(found, machine=True).items():
        work, rates = samples[0].work, [sample.timing.rate for sample in samples]
        rows.append(
            {
                "limit": name,
                "kind": work.kind,
                "threads": work.sequences,
                "unit": UNITS[work.kind],
                "best": max(rates),
                "rate": summarise(rates).as_dict(),
                "samples": _samples(samples),
            }
        )
    return rows


def selection_block(found: Measurements) -> list[dict[str, Any]]:
    """Return `selection` of the document."""
    return [
        {"test": work, "arm": arm, "chosen": found.chosen[arm, work], "seconds": seconds}
        for (arm, work), seconds in found.trials.items()
    ]


def unsteady(found: Measurements) -> dict[str, float]:
    """Return test and arm -> interquartile range over median, where that is above the limit."""
    spreads = {}
    for (name, arm), samples in _grouped(found, machine=False).items():
        summary = summarise([sample.timing.rate for sample in samples])
        if summary.unsteady:
            spreads[f"{name} of {arm}"] = summary.spread
    return spreads


def document(
    found: Measurements,
    model: BenchModel,
    options: BenchOptions,
    arms: Sequence[tuple[str, Mapping[str, Any]]],
    surroundings: Mapping[str, Any],
    traced: Sequence[Traced] = (),
) -> dict[str, Any]:
    """Return the whole document. `surroundings`: its fields started, command, machine, conditions and warnings."""
    peers = [name for name, _ in arms if name not in (OWN, MACHINE)]
    return {
        "schema": SCHEMA,
        "kind": "bench",
        "simulated": False,
        **surroundings,
        "model": model_block(model),
        "options": options_block(options),
        "method": method_block(),
        "arms": [{"name": name, "about": dict(about)} for name, about in arms],
        "selection": selection_block(found),
        "tests": tests_block(found, model, options.threads),
        "ratios": ratios_block(found, peers),
        "limits": limits_block(found),
        "phases": phases_block(traced, model, options.kv_type, _median_limits(found, options.threads)),
    }


def _grouped(found: Measurements, machine: bool) -> dict[tuple[str, str], list[WorkSample]]:
    grouped: dict[tuple[str, str], list[WorkSample]] = {}
    for sample in found.samples:
        if (sample.work.kind in LIMITS) == machine:
            grouped.setdefault((sample.work.name, sample.arm), []).append(sample)
    return grouped


def _samples(samples: Sequence[WorkSample]) -> list[dict[str, Any]]:
    kept = ("repetition", "place", "others_cpu_s")
    return [
        {"seconds": sample.timing.seconds, "amount": sample.timing.amount}
        | {name: value for name, value in asdict(sample).items() if name in kept}
        for sample in samples
    ]
