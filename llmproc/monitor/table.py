"""The columns of proc.csv and how a row is made. Serves the watch (writing) and the reports (names and types).

One row per process and one per thread, every number as the kernel keeps it (running totals, not differences), so
that any window can be computed afterwards. Text only: no files, no clocks, no /proc. logs/README.md explains each.
"""

from __future__ import annotations

import csv
import io

from llmproc.monitor.cgroup import Throttling
from llmproc.monitor.proc import TICKS_PER_SECOND, SchedStat, Stat, policy_name

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
    """The first line of proc.csv, without its newline."""
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
    """One line of proc.csv, without its newline; what is not known stays empty (`generating`: of a foreign process)."""
    is_process = scope == "process"
    cells: dict[str, Cell] = {
        "t": f"{t:.6f}",
        "scope": scope,
        "pid": pid,
        "tid": None if is_process else stat.pid,
        "starttime": stat.starttime,
        "comm": stat.comm,
        "state": stat.state,
        "policy": policy_name(stat.policy),
        "nice": stat.nice,
        "core": stat.processor,
        "generating": None if generating is None else int(generating),
        "user_s": stat.utime / TICKS_PER_SECOND,
        "system_s": stat.stime / TICKS_PER_SECOND,
        "run_s": f"{sched.run_ns / 1e9:.9f}" if sched else None,
        "wait_s": f"{sched.wait_ns / 1e9:.9f}" if sched else None,
        "slices": sched.slices if sched else None,
        "voluntary_switches": switches[0] if switches else None,
        "involuntary_switches": switches[1] if switches else None,
        "minor_faults": stat.minflt,
        "major_faults": stat.majflt,
        "threads": stat.num_threads if is_process else None,
        "vsize": stat.vsize if is_process else None,
        "rss": stat.rss if is_process else None,
        "pss": pss,
        "throttle_periods": throttling.periods if throttling else None,
        "throttled_periods": throttling.throttled if throttling else None,
        "throttled_s": f"{throttling.throttled_s:.6f}" if throttling else None,
    }
    return _line(cells)


def closing_row(t: float, stat: Stat, user_s: float, system_s: float, max_rss: int) -> str:
    """The last line of a reaped worker: totals from its rusage, the rest from its last sample.

    `max_rss` in bytes stands in the column rss.
    """
    return _line(
        {
            "t": f"{t:.6f}",
            "scope": "rusage",
            "pid": stat.pid,
            "starttime": stat.starttime,
            "comm": stat.comm,
            "state": "X",
            "policy": policy_name(stat.policy),
            "nice": stat.nice,
            "generating": 0,
            "user_s": f"{user_s:.6f}",
            "system_s": f"{system_s:.6f}",
            "rss": max_rss,
        }
    )


def _line(cells: dict[str, Cell]) -> str:
    """Quoting is the csv module's: a comm may hold commas and quotes."""
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow([cells.get(name) for name in COLUMNS])
    return text.getvalue()
