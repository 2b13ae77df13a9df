"""Where the time of each traced work went, as Markdown: its phases, its ranks, and who was waited for. Pure.

Used by `table`. Times are milliseconds of one step, on average over the steps that the trace holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from llmproc.report.markdown import table

Row = Mapping[str, Any]
LIMITS = {"read": "of read bandwidth", "integer": "of int8 peak", "float": "of fp32 peak"}
_CAUSES = {
    "worked_s": "worked", "barrier_s": "barrier", "sleeping_s": "sleeping rank", "run_queue_s": "run queue",
    "late_s": "late",
}  # fmt: skip


def phases_text(found: Row) -> str:
    """Return all of one work's tables and lines; a line alone when the trace holds no whole step."""
    steps = f"{found['steps']} of {found['of_steps']} step{'s' * (found['of_steps'] != 1)}"
    if not found["steps"]:
        return f"{found['test']}, traced: no whole step is left in the trace.\n"
    head = f"{found['test']}, traced: {steps}, {1e3 * found['seconds'] / found['steps']:.3f} ms/step\n"
    return "\n".join(part for part in (head, phase_table(found), rank_table(found), waited_for(found)) if part)


def phase_table(found: Row) -> str:
    """Return a row for each phase: its time over the whole team, and what it reached of its limit."""
    steps = found["steps"]
    rows = [
        [
            *(row["phase"], _ms(row["seconds"], steps), f"{row['share']:.1%}", _ms(row["worked_s"], steps)),
            *(_rates(row), _limit(row)),
        ]
        for row in found["phases"]
    ]
    head = ["phase", "ms/step", "of the step", "ranks worked, ms", "rate", "of the limit"]
    return table(head, rows, right={1, 2, 3, 4, 5})


def rank_table(found: Row) -> str:
    """Return how each rank spent the steps, and all of them together, in milliseconds of a step and in percent."""
    ranks, steps = found["ranks"], found["steps"]
    sums = {name: sum(rank[name] or 0 for rank in ranks) for name in _CAUSES}
    known = {name: ranks[0][name] is not None for name in _CAUSES}
    whole = sum(sums.values()) or 1.0
    rows = [[str(rank["rank"]), str(rank["steps"]), *(_ms(rank[name], steps) for name in _CAUSES)] for rank in ranks]
    rows.append(["all", "", *(f"{sums[name] / whole:.1%}" if known[name] else "-" for name in _CAUSES)])
    return table(["rank (ms/step)", "steps", *_CAUSES.values()], rows, right=set(range(2 + len(_CAUSES))))


def waited_for(found: Row) -> str:
    """Return which rank ended most phases, which one was waited for longest, and the longest wait of all: one line."""
    ranks, longest = found["ranks"], found["longest"]
    if len(ranks) < 2 or longest is None:
        return ""
    ended = sum(rank["ended"] for rank in ranks) or 1
    last = max(ranks, key=lambda rank: rank["ended"])
    most = max(ranks, key=lambda rank: rank["waited_for_s"])
    where = longest["phase"] + (f" of layer {longest['layer']}" if longest["phase"] not in ("embed", "logits") else "")
    return (
        f"Rank {last['rank']} was the last to finish in {last['ended'] / ended:.0%} of {ended} phases. The others "
        f"waited longest for rank {most['rank']}: {1e3 * most['waited_for_s']:.3f} ms in all. The longest single wait: "
        f"{1e3 * longest['seconds']:.3f} ms, for rank {longest['by']} in {where}.\n"
    )


def _ms(seconds: float | None, steps: int) -> str:
    return "-" if seconds is None else f"{1e3 * seconds / steps:.3f}"


def _rates(row: Row) -> str:
    """Return the rate of the kind that comes nearest to its limit, else of the first."""
    rate = _nearest(row)
    if rate is None:
        return ""
    return f"{rate['rate'] / 1e9:.1f} {'GB/s' if rate['of'] == 'read' else 'G multiply-adds/s'}"


def _limit(row: Row) -> str:
    rate = _nearest(row)
    if rate is None or rate["share"] is None:
        return "-" if row["rates"] else ""
    return f"{rate['share']:.0%} {LIMITS[rate['of']]}"


def _nearest(row: Row) -> Row | None:
    chosen = [rate for rate in row["rates"] if rate["of"] == row["limit"]]
    return next(iter([*chosen, *row["rates"]]), None)
