"""The summary of `record`: how long, how much CPU time, and a row per process. Text only."""

from __future__ import annotations

from collections.abc import Sequence
from resource import struct_rusage

from llmproc.monitor.followed import Recorded
from llmproc.report.columns import PSS_COLUMN, USE_COLUMNS, Column, fitting, header_line, row_line
from llmproc.text.tokenizers.streaming import printable

MOST_ROWS = 10
_UNSEEN = 0.05  # of all CPU time: said if more than this is in no sample
_DEAR = 0.03  # of a core
COLUMNS: tuple[Column[Recorded], ...] = (
    Column("PID", lambda row: str(row.pid)),
    Column("COMM", lambda row: printable(row.comm[1:-1]), left=True),
    Column("WALL S", lambda row: f"{row.wall_s:.2f}"),
    Column("CPU S", lambda row: f"{row.cpu_s:.2f}"),
    *USE_COLUMNS,
    PSS_COLUMN,
    Column("", lambda row: "runs on" if row.alive else "", left=True),
)


def lines(
    recorded: Sequence[Recorded], elapsed_s: float, interval_s: float, usage: struct_rusage | None, own_share: float
) -> list[str]:
    """Return the lines of the summary.

    `usage`: what wait4 returned for a command, including the children that it waited for. `own_share`: of a core, what
    the recording itself took.
    """
    cpu_s = sum(row.cpu_s for row in recorded)
    share = 100 * cpu_s / elapsed_s if elapsed_s > 0 else 0.0
    count = f"{len(recorded)} process" + ("" if len(recorded) == 1 else "es")
    wait_s = sum(row.wait_s for row in recorded)
    found = [f"{elapsed_s:.2f} s, {count}: {cpu_s:.2f} s CPU ({share:.1f} %), {wait_s:.2f} s waiting for a core"]
    busiest = sorted(recorded, key=lambda row: (-row.cpu_s, row.pid))[:MOST_ROWS]
    columns = fitting(COLUMNS, busiest, None)
    if busiest:
        found.append(header_line(columns).rstrip())
        found += [row_line(columns, row).rstrip() for row in busiest]
    if len(recorded) > len(busiest):
        found.append(f"... and {len(recorded) - len(busiest)} more, which used less")
    if usage is not None:
        seen_s = sum(row.cpu_s for row in recorded if not row.alive)
        unseen_s = usage.ru_utime + usage.ru_stime - seen_s
        if unseen_s > max(0.05, _UNSEEN * cpu_s):
            found.append(
                f"wait4 tells of {unseen_s:.2f} s CPU more: processes that came and went between two samples "
                f"{interval_s:g} s apart, and last moments; a shorter --interval sees more of them"
            )
    if own_share > _DEAR:
        found.append(f"the recording itself took {100 * own_share:.1f} % of a core; a longer --interval takes less")
    return found
