"""An experiment's result as Markdown: what was measured and on what, a table of arms, ratios, pictures, findings.

Pure: takes the document of `experiments.frame.schema`, returns text. Used by `experiment`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from llmproc.report.figures_text import shown, unit_of
from llmproc.report.markdown import table

Document = Mapping[str, Any]
_SHOWN_FIGURES = (
    "elapsed_s", "user_s", "system_s", "wait_s", "cpu_share", "voluntary_switches", "involuntary_switches",
    "migrations", "workers_pss_bytes", "template_pss_bytes",
)  # fmt: skip
SIMULATED = " (simulated)"


def summary_text(document: Document) -> str:
    """Return what is printed: subject, table of arms, ratios, findings and warnings."""
    parts = [
        subject(document),
        arms_table(document),
        figures_table(document),
        ratios_table(document),
        remarks(document),
    ]
    return "\n".join(part for part in parts if part)


def render(document: Document, pictures: Sequence[tuple[str, str]]) -> str:
    """Return the whole report. `pictures`: (file name, caption)."""
    title = f"# {document['experiment']}{SIMULATED * document['simulated']}\n"
    shown_pictures = "".join(f"![{caption}]({name})\n\n{caption}\n\n" for name, caption in pictures)
    how = f"Command: `{document['command']}`\n\nStarted {document['started']}. Every raw figure is in `result.json`.\n"
    parts = [title, document["about"] + "\n" * bool(document["about"]), summary_text(document), shown_pictures, how]
    return "\n".join(part for part in parts if part)


def subject(document: Document) -> str:
    """Say what was asked, of which model, on what machine."""
    config, machine = document["config"], document["system"]["machine"]
    runs, prompts = config["num_runs"], len(config["prompts"])
    lines = [
        f"{document['experiment']}: {config['model']}, {runs} repetition{'s' * (runs != 1)} after "
        f"{config['warmup_runs']} warm-up, {prompts} prompt{'s' * (prompts != 1)}, answers up to "
        f"{config['max_tokens']} tokens",
        f"{machine['cpu']}, {len(machine['cpus_allowed'])} CPUs, Linux {machine['kernel']}",
    ]
    if not document["complete"]:
        lines.append("INTERRUPTED: figures are of the repetitions that were made")
    return "\n".join(lines) + "\n"


def arms_table(document: Document) -> str:
    """Return the table of arms: medians over requests, and the interval of the mean rate."""
    head = [
        "arm",
        "requests",
        "tokens/s",
        "95%",
        "latency ms",
        "p95",
        "p99",
        "TTFT ms",
        "ITL ms",
        "p95",
        "p99",
        "TPOT ms",
    ]
    rows = []
    for arm in document["summary"]["arms"]:
        rate, latency, itl = arm["tokens_per_second"], arm["latency_s"], arm["itl_s"]
        rows.append(
            [
                arm["arm"] + SIMULATED * arm["simulated"] + " (!)" * bool(arm["doubtful"]),
                str(latency["count"] if latency else 0) + f" ({arm['failed']} failed)" * bool(arm["failed"]),
                _cell(rate, "mean", 1),
                interval(rate, 1),
                *(_cell(latency, which, 1e3) for which in ("median", "p95", "p99")),
                _cell(arm["ttft_s"], "median", 1e3),
                *(_cell(itl, which, 1e3) for which in ("median", "p95", "p99")),
                _cell(arm["tpot_s"], "median", 1e3),
            ]
        )
    return table(head, rows, right=set(range(1, len(head))))


def figures_table(document: Document) -> str:
    """Return the means of what was measured around the requests of a round, with intervals."""
    arms = [arm for arm in document["summary"]["arms"] if arm["figures"]]
    named = [name for arm in arms for name, found in arm["figures"].items() if found is not None]
    own = [name for name in dict.fromkeys(named) if name not in ("run_s", "tokens_per_second")]
    order = [*(name for name in _SHOWN_FIGURES if name in own), *(name for name in own if name not in _SHOWN_FIGURES)]
    head = ["arm", *(unit_of(name) for name in order)]
    rows = [[arm["arm"], *(_figure(arm["figures"].get(name), name) for name in order)] for arm in arms]
    return table(head, rows, right=set(range(1, len(head)))) if order else ""


def ratios_table(document: Document) -> str:
    """Return each ratio with its interval."""
    rows = [
        [
            row["arm"] + SIMULATED * row["simulated"],
            row["than"],
            unit_of(row["figure"]),
            f"{row['ratio']['mean']:.3f}",
            "-" if row["ratio"]["low"] is None else f"{row['ratio']['low']:.3f} to {row['ratio']['high']:.3f}",
        ]
        for row in document["comparisons"]
    ]
    return table(["arm", "over", "figure", "ratio", "95%"], rows, right={3, 4})


def remarks(document: Document) -> str:
    """Return findings, what was skipped or is doubtful, and warnings."""
    return "".join(f"- {line}\n" for line in _remarks(document))


def _remarks(document: Document) -> Iterator[str]:
    yield from document["findings"]
    for arm in document["arms"]:
        if arm["skipped"]:
            yield f"{arm['arm']}: skipped, {arm['skipped']}."
        if arm["doubtful"]:
            yield f"(!) {arm['arm']}: {arm['doubtful']}."
    if document["same_texts"] is not None:
        yield f"All rounds gave {'the same' if document['same_texts'] else 'DIFFERENT'} texts."
    yield from document["notes"]
    for warning in document["system"]["warnings"]:
        yield f"WARNING: {warning}."


def interval(summary: Mapping[str, Any] | None, scale: float) -> str:
    """Return `low to high`, "-" where there is none."""
    if summary is None or summary["low"] is None:
        return "-"
    return f"{shown(summary['low'] * scale)} to {shown(summary['high'] * scale)}"


def _cell(summary: Mapping[str, Any] | None, which: str, scale: float) -> str:
    return "-" if summary is None else shown(summary[which] * scale)


def _figure(summary: Mapping[str, Any] | None, name: str) -> str:
    if summary is None:
        return "-"
    scale = 1e-6 if name.endswith("_bytes") else 100 if name.endswith("_share") else 1
    reach = "" if summary["low"] is None else f" ±{shown((summary['high'] - summary['mean']) * scale)}"
    return f"{shown(summary['mean'] * scale)}{reach}"
