"""The columns of proc.csv and how a row is made. Used by the watch and the recorder (writing) and by the reports.

One row per process and one per thread, every number as the kernel keeps it (running totals, not differences), so
that any window can be computed afterwards. Text only: no files, no clocks, no /proc. logs/README.md explains each.
"""

from __future__ import annotations

import csv
import io

from llmproc.monitor.cgroup import Throttling
from llmproc.monitor.proc import TICKS_PER_SECOND, SchedStat, Stat, comm_text, policy_name

COLUMNS = (
    "t",
    "scope",  # process, thread, or rusage (the closing row of a reaped worker)
    "pid",
    "tid",
    "starttime",
    "comm",
    "state",
    "policy",
    "nice",
    "core",
    "generating",
    "user_s",
    "system_s",
    "run_s",
    "wait_s",
    "slices",
    "voluntary_switches",
    "involuntary_switches",
    "minor_faults",
    "major_faults",
    "threads",
    "vsize",
    "rss",
    "pss",
    "throttle_periods",
    "throttled_periods",
    "throttled_s",
)
Cell = str | int | float | None


def header() -> str:
    """Return the first line of proc.csv, without its newline."""
    return ",".join(COLUMNS)


def row(
    t: float,
    scope: str,
    pid: int,
    stat: Stat,
    *,
    generating: bool | None,
    sched: SchedStat | None = None,
    switches: tuple[int, int] | None = None,
    pss: int | None = None,
    throttling: Throttling | None = None,
) -> str:
    """Return one line of proc.csv, without its newline; what is not known stays empty.

    `generating` is None for a process of another program.
    """
    cells = _stat_cells(t, scope, pid, stat) | {"generating": None if generating is None else int(generating)}
    cells |= {
        "user_s": stat.utime / TICKS_PER_SECOND,
        "system_s": stat.stime / TICKS_PER_SECOND,
        "core": stat.processor,
    }
    cells |= {"minor_faults": stat.minflt, "major_faults": stat.majflt, "pss": pss}
    if scope == "process":
        cells |= {"threads": stat.num_threads, "vsize": stat.vsize, "rss": stat.rss}
    else:
        cells["tid"] = stat.pid
    if sched is not None:
        cells |= {"run_s": _nanoseconds(sched.run_ns), "wait_s": _nanoseconds(sched.wait_ns), "slices": sched.slices}
    if switches is not None:
        cells["voluntary_switches"], cells["involuntary_switches"] = switches
    if throttling is not None:
        cells |= {"throttle_periods": throttling.periods, "throttled_periods": throttling.throttled}
        cells["throttled_s"] = f"{throttling.throttled_s:.6f}"
    return _line(cells)


def closing_row(t: float, stat: Stat, user_s: float, system_s: float, max_rss: int) -> str:
    """Return the last line of a reaped worker: totals from its rusage, the rest from its last sample.

    `max_rss`, in bytes, stands in the column rss.
    """
    cells = _stat_cells(t, "rusage", stat.pid, stat) | {"state": "X", "generating": 0, "rss": max_rss}
    return _line(cells | {"user_s": f"{user_s:.6f}", "system_s": f"{system_s:.6f}"})


def _stat_cells(t: float, scope: str, pid: int, stat: Stat) -> dict[str, Cell]:
    """Return the cells that every kind of row has."""
    return {
        "t": f"{t:.6f}",
        "scope": scope,
        "pid": pid,
        "starttime": stat.starttime,
        "comm": comm_text(stat.comm),
        "state": stat.state,
        "policy": policy_name(stat.policy),
        "nice": stat.nice,
    }


def _nanoseconds(count: int) -> str:
    return f"{count / 1e9:.9f}"


def _line(cells: dict[str, Cell]) -> str:
    """Join the cells in the order of COLUMNS. The csv module quotes: a name may hold commas and quotes."""
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow([cells.get(name) for name in COLUMNS])
    return text.getvalue()
