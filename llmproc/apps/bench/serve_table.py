"""A result of `bench serve` as text: what was asked of whom, counts, latencies, vLLM's block, comparison, ramp. Pure.

Works on the document of `experiments.serve_load.result` only. Latencies are of requests that succeeded.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from llmproc.report.markdown import table

Row = Mapping[str, Any]
_BLOCK = (("ttft_s", "TTFT"), ("tpot_s", "TPOT"), ("itl_s", "ITL"), ("e2e_s", "E2E"))
_SHARES = ("mean", "p50", "p90", "p95", "p99")
_COMPARED = {
    "queries_per_s": "queries/s", "output_tokens_per_s": "output tokens/s", "latency_s": "mean latency",
    "ttft_s": "mean TTFT", "tpot_s": "mean TPOT",
}  # fmt: skip


def render(found: Row) -> str:
    """Return the whole text, with a newline at its end."""
    parts = [_head(found)]
    if found["ramp"]:
        parts += [_ramp_table(found), *(_ramp_words(found, ramp) for ramp in found["ramp"])]
        parts.append(_run_text(found, _best_run(found), "the best step"))
    else:
        named = len(found["servers"]) > 1 or len(found["runs"]) > 1
        parts += [_run_text(found, run, _run_name(found, run) if named else "") for run in found["runs"]]
    parts += [_comparison(found), *(f"- WARNING: {warning}.\n" for warning in found["warnings"])]
    return "\n".join(part for part in parts if part)


def _head(found: Row) -> str:
    options, prompts = found["options"], found["prompts"]
    lines = [f"server   {server['url']}, model {server['model']}" for server in found["servers"]]
    at_once = f"{options['concurrency']} at once" if options["concurrency"] else "no limit at once"
    load = at_once if options["rate"] is None else f"{options['rate']:g} a second at random times, {at_once}"
    if options["ramp"]:
        load = "load raised until goodput falls"
    form = f"{options['interface']}, {'streamed' if options['stream'] else 'whole answers'}"
    lines.append(f"load     {options['mode']}: {options['requests']} requests a run, {load}")
    lines.append(f"answers  {form}, {options['max_tokens']} tokens at most")
    distinct = "repeated" if options["repeat_prompts"] else "no two alike"
    prefix = (
        f", behind a shared prefix of {prompts['prefix_characters']} characters" if prompts["prefix_characters"] else ""
    )
    lines.append(f"prompts  {prompts['name']} ({prompts['about']}): {prompts['count']}, {distinct}{prefix}")
    return "\n".join(lines) + "\n"


def _run_name(found: Row, run: Row) -> str:
    server = found["servers"][run["server"]]["url"]
    return f"{server}, run {run['repetition'] + 1}"


def _run_text(found: Row, run: Row | None, name: str) -> str:
    if run is None:
        return ""
    figures = run["figures"]
    lines = [f"{name}:"] if name else []
    lines += [*_counts(figures), *_latency(figures), *_rates(figures, found["options"]["goals"]), *_client(figures)]
    block = [[label, *_ms(figures[key])] for key, label in _BLOCK if figures[key]]
    text = table(["milliseconds", *_SHARES], block, right={1, 2, 3, 4, 5})
    return "\n".join(lines) + "\n" + (f"\n{text}" if text else "")


def _counts(figures: Row) -> list[str]:
    parts = [f"{figures['succeeded']} succeeded", f"{figures['failed']} failed"]
    if figures["interrupted"]:
        parts.append(f"{figures['interrupted']} interrupted")
    if figures["not_sent"]:
        parts.append(f"{figures['not_sent']} of {figures['planned']} not sent")
    lines = [f"total        {figures['total']} requests: {', '.join(parts)}"]
    if figures["failures"]:
        lines.append("failures     " + ", ".join(f"{kind} {count}" for kind, count in figures["failures"].items()))
    if figures["retries"]:
        kinds = ", ".join(f"{kind} {count}" for kind, count in figures["retries_by_kind"].items())
        waited = f"{figures['retry_wait_s']:.1f} s waited in all, in no latency"
        lines.append(f"retries      {figures['retries']} ({kinds}); {waited}")
    words = {"signal": "ended by a signal", "server gone": "given up: the server takes no connections any more"}
    if figures["stopped"]:
        lines.append(f"stopped      {words[figures['stopped']]}")
    return lines


def _latency(figures: Row) -> list[str]:
    spread = figures["latency_s"]
    if spread is None:
        return ["latency      none: no request succeeded"]
    names = (
        ("mean", "mean"), ("median", "median"), ("stdev", "standard deviation"), ("min", "min"), ("max", "max"),
    )  # fmt: skip
    return ["latency      " + ", ".join(f"{label} {seconds(spread[key])}" for key, label in names)]


def _rates(figures: Row, goals: Row) -> list[str]:
    lines = [
        f"queries/s    {figures['queries_per_s']:.2f}    output tokens/s {figures['output_tokens_per_s']:.1f}    "
        f"{figures['prompt_tokens']} prompt tokens, {figures['output_tokens']} output tokens ({_counted(figures)})"
    ]
    if figures["goodput_per_s"] is not None:
        given = ", ".join(
            f"{name.removesuffix('_s')} {value:g} s" for name, value in goals.items() if value is not None
        )
        share = figures["kept_goals"] / max(figures["total"], 1)
        lines.append(
            f"goodput      {figures['goodput_per_s']:.2f}/s: {figures['kept_goals']} ({share:.0%}) kept {given}"
        )
    if figures["wall_s_over_n"] is not None:
        lines.append(
            f"wall/N       {seconds(figures['wall_s_over_n'])}, of {seconds(figures['wall_s'])} wall time: no latency"
        )
    under_way = figures["in_flight"]
    lines.append(f"in flight    {under_way['most']} at most, {under_way['mean']:.2f} on average over time")
    if figures["late_s"]:
        late = figures["late_s"]
        lines.append(f"sent late    by {seconds(late['median'])} (median), {seconds(late['max'])} at most")
    return lines


def _counted(figures: Row) -> str:
    kinds = figures["tokens_counted_by"]
    words = {"usage": "by usage", "chunks": "counted by chunks: the server tells no usage", "unknown": "not told"}
    if len(kinds) == 1:
        told = words[next(iter(kinds))]
    else:
        told = ", ".join(f"{count} answers {words[kind]}" for kind, count in kinds.items()) or "none"
    per_chunk = figures["tokens_per_chunk"]
    if per_chunk is not None and per_chunk > 1.05:
        told += f"; {per_chunk:.1f} tokens a chunk, so ITL is between chunks"
    return told


def _client(figures: Row) -> list[str]:
    each = figures["client_cpu_s_per_request"]
    if each is None:
        return []
    share = figures["client_cpu_share"]
    return [
        f"own CPU      {1e3 * each:.2f} ms a request sent, {share:.0%} of a core: of this program, not of the server"
    ]


def seconds(value: float) -> str:
    """Return a time with three digits, in a unit that suits it."""
    if value >= 1 or value <= 0:
        return f"{value:.3g} s" if value < 1000 else f"{value:.0f} s"
    return f"{1e3 * value:.3g} ms" if value >= 1e-3 else f"{1e6 * value:.3g} us"


def _ms(spread: Row) -> list[str]:
    return [f"{1e3 * spread[share]:.1f}" for share in _SHARES]


def _ramp_table(found: Row) -> str:
    unit = "at once" if found["options"]["rate"] is None else "arrivals/s"
    rows = []
    for run in found["runs"]:
        figures = run["figures"]
        good = figures["queries_per_s"] if figures["goodput_per_s"] is None else figures["goodput_per_s"]
        times = [_p99(figures[key]) for key in ("ttft_s", "tpot_s", "e2e_s")]
        rows.append(
            [f"{run['load']:g}", str(figures["total"]), str(figures["failed"]), f"{good:.2f}", *times,
             f"{figures['output_tokens_per_s']:.0f}"]
        )  # fmt: skip
    head = [unit, "requests", "failed", "goodput/s", "TTFT p99, ms", "TPOT p99, ms", "E2E p99, ms", "tokens/s"]
    return table(head, rows, right=set(range(len(head))))


def _p99(spread: Row | None) -> str:
    return "-" if spread is None else f"{1e3 * spread['p99']:.1f}"


def _ramp_words(found: Row, ramp: Row) -> str:
    unit = "at once" if found["options"]["rate"] is None else "arrivals a second"
    best = f"Best: {ramp['best_goodput_per_s']:.2f} good answers a second, at {ramp['best_load']:g} {unit}."
    if ramp["fell_at"] is None:
        return f"{best} Goodput did not fall up to {found['runs'][-1]['load']:g} {unit}.\n"
    causes = "; ".join(f"{cause['what']}: {cause['evidence']}" for cause in ramp["gave_way"])
    return f"{best} It fell at {ramp['fell_at']:g}. What gave way: {causes or 'nothing that the server tells of'}.\n"


def _best_run(found: Row) -> Row | None:
    load = found["ramp"][0]["best_load"]
    return next((run for run in found["runs"] if run["load"] == load), None)


def _comparison(found: Row) -> str:
    if found["comparison"] is None:
        return ""
    one, other = (server["url"] for server in found["servers"])
    lines = [f"{one} over {other}, run by run:"]
    for key, label in _COMPARED.items():
        lines.append(f"  {label:<16} {_ratio(found['comparison'].get(key))}")
    return "\n".join(lines) + "\n"


def _ratio(ratio: Row | None) -> str:
    if ratio is None:
        return "-"
    interval = "" if ratio["low"] is None else f", 95% interval {ratio['low']:.3f} to {ratio['high']:.3f}"
    return f"{ratio['mean']:.3f} x ({ratio['count']} runs{interval})"
