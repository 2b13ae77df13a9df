"""A comparison of modes as Markdown: measured beside ideal, one row for each mode and number of workers, and why.

Pure: takes the document of `experiments.compare_modes.result`, returns text. Used by `compare-modes`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from llmproc.report.markdown import table

Row = Mapping[str, Any]
SIMULATED = "SIMULATED: requests are timed waits, nothing is generated; no figure here is about a model."
IDEAL_NAMES = {"static": "static", "queue": "shared queue", "longest": "longest first"}


def render(result: Mapping[str, Any]) -> str:
    """Return the whole text, with a newline at its end."""
    head = [f"{SIMULATED}\n"] if result["simulated"] else []
    parts = [*head, subject(result), results_table(result), faster_table(result), notes(result)]
    return "\n".join(part for part in parts if part)


def subject(result: Mapping[str, Any]) -> str:
    """Say in two lines what was compared, and on what machine."""
    machine, options, workload = result["machine"], result["options"], result["workload"]
    cpus = machine["cpus_usable"]
    work = f"waits of {options['unit_s']:g} s for each unit of cost" if result["simulated"] else "generation"
    return (
        f"{len(workload['prompts'])} prompts, {workload['name']} ({workload['about']}); {work}; {_workers(result)}\n"
        f"{machine['cpu']}, {cpus} CPU{'s' * (cpus != 1)} usable, Linux {machine['kernel']}\n"
    )


def _workers(result: Mapping[str, Any]) -> str:
    options, servers = result["options"], result.get("servers")
    if servers:
        told = ", ".join(f"{server['url']} (x {server['slowness']:.2f})" for server in servers)
        return f"workers are connections to {told if len(servers) > 1 else servers[0]['url']}"
    each = f"{options['threads']} thread{'s' * (options['threads'] != 1)}"
    side = f", {options['sequences']} sequences side by side" if options["sequences"] > 1 else ""
    return f"workers of {each}{side}"


def results_table(result: Mapping[str, Any]) -> str:
    """Return the table with one row per mode and number of workers."""
    head = ["mode", "workers", "time s", "speedup", "95%", "ideal", "time / ideal", "95%", "of own costs"]
    head += ["busiest / mean", "steals", "CPU wait s", "PSS MB"]
    cpus = result["machine"]["cpus_usable"]
    rows = []
    for row in result["results"]:
        over = f" (> {cpus} CPU{'s' * (cpus != 1)})" if row["exceeds_cpus"] else ""
        rows.append(
            [
                row["mode"] + " (simulated)" * row["simulated"],
                f"{row['workers']}{over}",
                _median(row["elapsed_s"], ".2f"),
                *_ratio(row["speedup"]),
                "-" if row["ideal_speedup"] is None else f"{row['ideal_speedup']:.2f}",
                *_ratio(row["above_ideal"]),
                _median(row.get("above_own"), ".2f"),
                _median(row["imbalance"], ".2f"),
                _median(row["steals"], ".0f"),
                _median(row["run_queue_wait_s"], ".2f"),
                "-" if row["pss_bytes"] is None else f"{row['pss_bytes'] / 1e6:.1f}",
            ]
        )
    return table(head, rows, right=set(range(2, len(head))))


def faster_table(result: Mapping[str, Any]) -> str:
    """Return how many times as fast one mode was as another with the same workers; a column for each pair of modes."""
    pairs = list(dict.fromkeys((row["mode"], row["than"]) for row in result["faster"]))
    found = {(row["workers"], row["mode"], row["than"]): _ratio(row["ratio"]) for row in result["faster"]}
    rows = []
    for workers in dict.fromkeys(row["workers"] for row in result["faster"]):
        cells = [found.get((workers, *pair), ("-", "-")) for pair in pairs]
        rows.append([str(workers), *(part for cell in cells for part in cell)])
    simulated = " (simulated)" if result["simulated"] else ""
    head = [part for mode, than in pairs for part in (f"{mode} times as fast as {than}{simulated}", "95%")]
    return table(["workers", *head], rows, right=set(range(1 + 2 * len(pairs))))


def notes(result: Mapping[str, Any]) -> str:
    """Say why measured and ideal differ, how the figures were obtained, and the warnings."""
    return "\n".join(f"- {line}" for line in [*why(result), *method(result)]) + "\n"


def why(result: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each row that has a reason to differ from its ideal."""
    for row in result["results"]:
        if row["why"]:
            workers = f"{row['workers']} worker{'s' * (row['workers'] != 1)}"
            yield f"{row['mode']}, {workers}: {'; '.join(row['why'])}."


def method(result: Mapping[str, Any]) -> Iterator[str]:
    """Yield how the figures were obtained, and what makes them doubtful."""
    told = result["method"]
    repeat = result["options"]["repeat"]
    yield (
        f"Medians of {repeat} repetition{'s' * (repeat != 1)}, settings interleaved, one warm-up not counted. Speedup: "
        f"{told['speedup']}; {told['interval']}."
    )
    yield f"Ideal (simulated): {told['ideal']}."
    if len(result.get("servers", ())) > 1:
        yield "Ideals are for servers of these speeds; (x 3.00) took 3 times as long as the first, median of requests."
    if result["same_answers"] is not None:
        yield f"All runs gave {'the same' if result['same_answers'] else 'DIFFERENT'} answers."
    for warning in result["warnings"]:
        yield f"WARNING: {warning}."


def _median(summary: Mapping[str, Any] | None, form: str) -> str:
    return "-" if summary is None else format(summary["median"], form)


def _ratio(ratio: Mapping[str, Any] | None) -> tuple[str, str]:
    """Return geometric mean and interval as texts."""
    if ratio is None:
        return "-", "-"
    return f"{ratio['mean']:.2f}", "-" if ratio["low"] is None else f"{ratio['low']:.2f} to {ratio['high']:.2f}"
