"""A result as Markdown: llama-bench's table, one over numbers of sequences, limits, where time goes, and what to know.

Pure: takes the document of `result`, returns text. Spread is half the interquartile range around the median.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from llmproc.apps.bench.phases_table import LIMITS, phases_text
from llmproc.experiments.bench.work import Work
from llmproc.report.markdown import table

Row = Mapping[str, Any]


def render(result: Mapping[str, Any]) -> str:
    """Return the whole text, with a newline at its end."""
    parts = [_machine(result), main_table(result), batched_table(result), limits_table(result)]
    parts += [*map(phases_text, result["phases"]), notes(result)]
    return "\n".join(part for part in parts if part)


def main_table(result: Mapping[str, Any]) -> str:
    """Return model, size, params, backend, threads, test, t/s as llama-bench does, and the share of the limit."""
    tests = [row for row in result["tests"] if not _is_batched(row)]
    peers = _peers(result)
    head = ["model", "size", "params", "backend", "threads", "test", "t/s", "of the limit"]
    rows = [
        [*_model_cells(result), row["arm"], str(result["options"]["threads"]), row["test"], _rate(row), _share(row)]
        + [_ratio(result, row, peer) for peer in peers]
        for row in tests
    ]
    return table([*head, *(f"x {peer}" for peer in peers)], rows, right={1, 2, 4, 5, 6, 7, *range(8, 8 + len(peers))})


def batched_table(result: Mapping[str, Any]) -> str:
    """Return one row per number of sequences: time per step, tokens per second, share of the limit, and the peers'."""
    own = [row for row in result["tests"] if _is_batched(row) and row["arm"] == "llmproc"]
    peers = _peers(result)
    head = ["sequences", "ms/step", "t/s", "of the limit"]
    for peer in peers:
        head += [f"{peer} ms/step", f"{peer} t/s", f"x {peer}"]
    rows = []
    for row in own:
        cells = [str(row["sequences"]), rounded(row["step_ms"]["median"]), _rate(row), _share(row)]
        for peer in peers:
            other = next((r for r in result["tests"] if (r["test"], r["arm"]) == (row["test"], peer)), None)
            step, rate = (rounded(other["step_ms"]["median"]), _rate(other)) if other else ("-", "-")
            cells += [step, rate, _ratio(result, row, peer)]
        rows.append(cells)
    return table(head, rows, right=set(range(len(head))))


def limits_table(result: Mapping[str, Any]) -> str:
    """Return what this machine did at most."""
    rows = [
        [row["limit"], f"{row['best'] / 1e9:.1f}", f"{row['rate']['median'] / 1e9:.1f}", _billions(row["unit"])]
        for row in result["limits"]
    ]
    return table(["limit of this machine", "best", "median", "unit"], rows, right={1, 2})


def notes(result: Mapping[str, Any]) -> str:
    """Return how the figures were got, settings that were chosen, warnings."""
    options = result["options"]
    lines = [
        f"Median of {options['repeat']} runs ± half the interquartile range, after {result['method']['warm_up']} "
        "warm-up that is not counted; arms interleaved, ratios and shares of limits made run by run.",
    ]
    if result["model"]["synthetic"]:
        lines.append("The weights are random numbers in this model's shape.")
    if result["model"]["synthetic"] and result["model"]["version"] == "version 2":  # --weights course
        threads = f"{options['threads']} thread{'s' * (options['threads'] != 1)}"
        lines.append(f"Measured with {threads}; the course's program has one, as llmproc with --course or --threads 1.")
    lines += [
        f"{arm['name']}: {what}: {arm['about'][what]}."
        for arm in result["arms"]
        for what in ("threads", "decode", "prefill", "package")
        if what in arm["about"]
    ]
    lines += [f"{row['arm']} at its best, {row['test']}: {row['chosen']}." for row in result["selection"]]
    lines += [f"WARNING: {warning}." for warning in result["warnings"]]
    return "\n".join(f"- {line}" for line in lines) + "\n"


def _machine(result: Mapping[str, Any]) -> str:
    machine = result["machine"]
    allowed = len(machine["cpus_allowed"])
    quota = f", quota {machine['quota_cpus']:g}" if machine["quota_cpus"] is not None else ""
    versions = machine["versions"]
    packages = ", ".join(f"{name} {versions[name]}" for name in ("numba", "llvmlite", "numpy") if name in versions)
    memory = f"{machine['memory_bytes'] / (1 << 30):.1f} GiB"
    forced = " (forced)" if machine["isa_forced"] else ""
    caches = "; ".join(machine["caches"]) or "caches unknown"
    return (
        f"{machine['cpu']}, {allowed} of {machine['cpus']} CPUs{quota}, {caches}, {memory}, "
        f"Linux {machine['kernel']}, governor {machine['governor'] or 'unknown'}\n"
        f"{machine['isa']}{forced}, {packages}, load {machine['load_average'][0]:.2f}, "
        f"KV {result['options']['kv_type']}\n"
    )


def _model_cells(result: Mapping[str, Any]) -> list[str]:
    model = result["model"]
    name = f"{model['name']} {model['type']}"
    return [name, f"{model['bytes'] / (1 << 20):.2f} MiB", f"{model['parameters'] / 1e6:.2f} M"]


def _is_batched(row: Row) -> bool:
    return Work(row["test"], row["kind"], row["tokens"], row["sequences"], row["steps"]).batched


def _peers(result: Mapping[str, Any]) -> list[str]:
    return list(dict.fromkeys(row["peer"] for row in result["ratios"]))


def _rate(row: Row) -> str:
    median, spread = row["rate"]["median"], row["rate"]["iqr"] / 2
    return f"{rounded(median)} ± {rounded(spread)}"


def rounded(value: float) -> str:
    """Return the number with two digits after the point, but no more than four significant ones."""
    digits = min(2, 4 - len(f"{value:.0f}"))
    return f"{round(value, digits):.{max(digits, 0)}f}"


def _share(row: Row) -> str:
    share = next((share for share in row["shares"] if share["of"] == row["limit"]), None)
    return f"{share['share']:.0%} {LIMITS[share['of']]}" if share else "-"


def _ratio(result: Mapping[str, Any], row: Row, peer: str) -> str:
    if row["arm"] != "llmproc":
        return ""
    found = next((r for r in result["ratios"] if (r["test"], r["peer"]) == (row["test"], peer)), None)
    return f"{found['ratio']['median']:.2f}" if found else "-"


def _billions(unit: str) -> str:
    return {"bytes/s": "GB/s", "multiply-adds/s": "G multiply-adds/s"}[unit]
