"""What a report knows of one run: tables of one shape, wherever they come from.

Used by cpu.py and timing.py, filled by fromlog.py and fromfolder.py. Tables only: no files, no drawing. A column that
the source cannot fill is NaN, and a note says so; `time` says how a window's seconds were got.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

CPU_COLUMNS = (
    "pid",
    "start_s",  # the window the figures stand for, seconds since the run's start
    "end_s",
    "cpu_percent",  # 100 is one core
    "user_percent",
    "system_percent",
    "wait_percent",  # runnable, but waiting for a core
    "state",
    "policy",
    "nice",
    "core",
    "generating",  # whether the window belongs to a turn
    "time",  # measured, worked out, or assumed
    "comm",  # with its parentheses
)
MEMORY_COLUMNS = ("pid", "t_s", "vsize", "rss", "pss")  # bytes
TURN_COLUMNS = (
    "turn",
    "request",
    "pid",
    "start_s",  # arrival, seconds since the run's start
    "start_wait_s",  # arrival until the worker is ready, where it starts later than the request arrives
    "wait_s",  # the rest until the dispatch
    "load_s",  # only in the row of the start: weights
    "compile_s",  # only there: kernels, where some had to be compiled
    "kernel_load_s",  # only there: kernels, where the cache had all of them
    "prefill_s",
    "decode_s",
    "other_s",  # the rest until the end: a worker replaced, a pipe
    "prompt_tokens",
    "cached_tokens",
    "new_tokens",
    "positions",
    "seq_len",
    "tokens_per_s",
    "reason",
)
STEP_COLUMNS = ("turn", "request", "t_s", "position", "tokens_per_s")


def shown_name(pid: int, comm: object) -> str:
    """Return the name of a process for pictures: `worker 4711`, or its own name if another program was recorded."""
    foreign = isinstance(comm, str) and comm != "(inference)"
    return f"{str(comm)[1:-1]} {pid}" if foreign else f"worker {pid}"


def table(rows: list[dict[str, object]], columns: tuple[str, ...]) -> pd.DataFrame:
    """Return rows as a table with exactly these columns; None becomes NaN, also where a whole column is unknown."""
    found = pd.DataFrame(rows, columns=list(columns))
    unknown = [name for name in columns if found[name].isna().all()]  # pandas would keep None, which is not a number
    return found.astype(dict.fromkeys(unknown, "float64"))


def empty(columns: tuple[str, ...]) -> pd.DataFrame:
    """Return a table without rows."""
    return table([], columns)


@dataclass(frozen=True)
class RunData:
    """One run, or the part of it that a log alone holds."""

    source: Path
    kind: str  # "run folder", "course log", "saved stdout", or "log with stdout"
    cpu: pd.DataFrame = field(default_factory=lambda: empty(CPU_COLUMNS))
    memory: pd.DataFrame = field(default_factory=lambda: empty(MEMORY_COLUMNS))
    turns: pd.DataFrame = field(default_factory=lambda: empty(TURN_COLUMNS))
    steps: pd.DataFrame = field(default_factory=lambda: empty(STEP_COLUMNS))
    marks: tuple[tuple[float, str], ...] = ()  # (seconds, text): a worker died, was replaced
    cpus: int | None = None  # cores the program might use
    simulated: bool = False
    notes: tuple[str, ...] = ()  # what is missing or assumed

    @property
    def title(self) -> str:
        """Return the title for a picture."""
        return f"{self.kind} {self.source.name}" + (" (SIMULATED)" if self.simulated else "")
