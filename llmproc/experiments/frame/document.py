"""Rounds -> the document of `schema`. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from llmproc.experiments.frame.options import FrameOptions
from llmproc.experiments.frame.plan import ExperimentArm, ExperimentPlan
from llmproc.experiments.frame.rounds import CountedRound, RequestRun
from llmproc.experiments.frame.schema import (
    KIND,
    SCHEMA,
    ArmBlock,
    ArmSummary,
    ExperimentDocument,
    RatioBlock,
    RoundBlock,
    RunBlock,
    SummaryBlock,
    SystemBlock,
)
from llmproc.experiments.frame.statistics import summary_of
from llmproc.experiments.intervals import ratio_of
from llmproc.experiments.samples import paired_ratios

OTHERS_NAMES = ("mean_latency_s", "std_latency_s", "p95_latency_s", "mean_tokens_per_sec")


def document_of(
    plan: ExperimentPlan,
    common: FrameOptions,
    rounds: Sequence[CountedRound],
    surroundings: Mapping[str, Any],
    complete: bool = True,
) -> dict[str, Any]:
    """Return the document. `surroundings`: its started, command, machine, conditions and warnings."""
    arms = {arm.name: arm for arm in plan.arms}
    summary = _summary(plan.arms, rounds)
    found = ExperimentDocument(
        schema=SCHEMA,
        kind=KIND,
        experiment=common.experiment,
        simulated=bool(plan.arms) and all(arm.simulated for arm in plan.arms),
        complete=complete,
        started=surroundings["started"],
        command=surroundings["command"],
        config=common.as_config(plan.options),
        system=SystemBlock(
            dict(surroundings["machine"]), dict(surroundings["conditions"]), list(surroundings["warnings"])
        ),
        arms=[ArmBlock(a.name, dict(a.settings), a.skipped, a.doubtful, a.simulated) for a in plan.arms],
        runs=[_run(each, run, arms[each.arm].simulated) for each in rounds for run in each.round.runs],
        rounds=[_round(each, arms[each.arm].simulated) for each in rounds],
        summary=summary,
        comparisons=list(_comparisons(plan, rounds, arms)),
        same_texts=same_texts(rounds, {arm.name: arm.asks for arm in plan.arms}),
        about=plan.about,
        notes=list(plan.notes),
        findings=[],
        details=dict(plan.details(rounds)),
    )
    built: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(found))  # as a reader of the file gets it
    built["findings"] = list(plan.findings(built))
    return built


def same_texts(rounds: Sequence[CountedRound], asks: Mapping[str, str]) -> bool | None:
    """Return whether each request that did not fail got one text in all rounds; None if none was made twice.

    `asks`: arm -> what it is asked; arms of which that is the same are compared.
    """
    texts: dict[tuple[str, int], list[str]] = {}
    for each in rounds:
        for run in each.round.runs:
            if not run.error:
                texts.setdefault((asks[each.arm], run.request), []).append(run.text)
    if not any(len(found) > 1 for found in texts.values()):
        return None
    return all(len(set(found)) == 1 for found in texts.values())


def _run(each: CountedRound, run: RequestRun, simulated: bool) -> RunBlock:
    return RunBlock(
        arm=each.arm,
        repetition=each.repetition,
        request=run.request,
        simulated=simulated,
        latency_s=run.latency_s,
        queue_s=run.queue_s,
        ttft_s=run.ttft_s,
        tpot_s=run.tpot_s,
        itl_s=[round(gap, 7) for gap in run.itl_s],
        prompt_tokens=run.prompt_tokens,
        output_tokens=run.output_tokens,
        tokens_per_second=run.tokens_per_second,
        reason=run.reason,
        text=run.text,
        error=run.error,
        kv_bytes=run.kv_bytes,
    )


def _round(each: CountedRound, simulated: bool) -> RoundBlock:
    found = each.round
    return RoundBlock(
        arm=each.arm,
        repetition=each.repetition,
        place=each.place,
        simulated=simulated,
        elapsed_s=found.elapsed_s,
        output_tokens=sum(run.output_tokens for run in found.runs),
        tokens_per_second=found.tokens_per_second,
        failed=sum(bool(run.error) for run in found.runs),
        figures=dict(found.figures),
    )


def _summary(arms: Sequence[ExperimentArm], rounds: Sequence[CountedRound]) -> SummaryBlock:
    found = [_arm_summary(arm, mine) for arm in arms if (mine := [each for each in rounds if each.arm == arm.name])]
    first = {name: getattr(found[0], name) if found else None for name in OTHERS_NAMES}
    return SummaryBlock(arms=found, **first)


def _arm_summary(arm: ExperimentArm, rounds: Sequence[CountedRound]) -> ArmSummary:
    def over(values: Callable[[RequestRun], Sequence[float | None]]) -> Any:
        return summary_of(
            {
                each.repetition: [v for run in each.round.runs if not run.error for v in values(run) if v is not None]
                for each in rounds
            }
        )

    latency, speed = over(lambda run: [run.latency_s]), over(lambda run: [run.tokens_per_second])
    return ArmSummary(
        arm=arm.name,
        simulated=arm.simulated,
        doubtful=arm.doubtful,
        failed=sum(bool(run.error) for each in rounds for run in each.round.runs),
        latency_s=latency,
        queue_s=over(lambda run: [run.queue_s]),
        ttft_s=over(lambda run: [run.ttft_s]),
        tpot_s=over(lambda run: [run.tpot_s]),
        itl_s=over(lambda run: run.itl_s),
        tokens_per_second=speed,
        figures={name: summary_of(_by_repetition(rounds, name)) for name in figure_names(rounds)},
        mean_latency_s=latency and latency.mean,
        std_latency_s=latency and latency.std,
        p95_latency_s=latency and latency.p95,
        mean_tokens_per_sec=speed and speed.mean,
    )


def figure_names(rounds: Sequence[CountedRound]) -> list[str]:
    """Return the names of rounds' figures in their first order; those that every round has stand in front."""
    return list(dict.fromkeys(["elapsed_s", "tokens_per_second", *(n for each in rounds for n in each.round.figures)]))


def _by_repetition(rounds: Sequence[CountedRound], name: str) -> dict[int, list[float]]:
    found: dict[int, list[float]] = {}
    for each in rounds:
        value = figure_of(each, name)
        found[each.repetition] = [] if value is None else [value]
    return found


def figure_of(each: CountedRound, name: str) -> float | None:
    """Return a round's figure; `elapsed_s` and `tokens_per_second` are figures of every round."""
    if name in ("elapsed_s", "tokens_per_second"):
        return float(getattr(each.round, name))
    return each.round.figures.get(name)


def _comparisons(
    plan: ExperimentPlan, rounds: Sequence[CountedRound], arms: Mapping[str, ExperimentArm]
) -> list[RatioBlock]:
    rows = []
    for arm, than in plan.pairs:
        for name in plan.compared:
            own, peer = (
                {each.repetition: v for each in rounds if each.arm == which and (v := figure_of(each, name))}
                for which in (arm, than)
            )
            samples = paired_ratios(own, peer)
            if (ratio := ratio_of(list(samples.values()))) is not None:
                simulated = arms[arm].simulated or arms[than].simulated
                shown = {str(repetition): value for repetition, value in samples.items()}
                rows.append(RatioBlock(arm, than, name, simulated, ratio.as_dict(), shown))
    return rows
