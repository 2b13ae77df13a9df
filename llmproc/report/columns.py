"""Tables of processes on a terminal: columns that know how to write a row, fitted to a width.

Used by `top` (rows of a moment) and `record` (rows of a whole recording), whose common columns are here. Text only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

MEGABYTE = 1e6
WAITING_PERCENT = 10.0  # who waits longer for a core than this is worth a look
_Row = TypeVar("_Row")


class Used(Protocol):
    """A process's use of the machine, as a row has it. Percent of one core; None: not known."""

    @property
    def user_percent(self) -> float | None:
        """Return the share in user mode."""

    @property
    def system_percent(self) -> float | None:
        """Return the share in the kernel."""

    @property
    def wait_percent(self) -> float | None:
        """Return the share of time ready to run, but waiting in a run queue."""

    @property
    def pss(self) -> int | None:
        """Return bytes, shared pages divided by their users."""


@dataclass(frozen=True, slots=True)
class Column(Generic[_Row]):
    """One column: what stands above it, what a row puts in it, and when it has to go (0: never)."""

    header: str
    text: Callable[[_Row], str]
    goes: int = 0
    left: bool = False
    kind: Callable[[_Row], str] = lambda row: ""

    def padded(self, text: str, wide: int) -> str:
        """Pad the text to the width, on its side."""
        return text.ljust(wide) if self.left else text.rjust(wide)


def decimal(value: float | None) -> str:
    """Return one digit after the point; `-` for what is not known."""
    return "-" if value is None else f"{value:.1f}"


def whole_number(value: float | None) -> str:
    """Return the number without a fraction; `-` for what is not known."""
    return "-" if value is None else f"{value:.0f}"


def _waits(row: Used) -> str:
    return "waiting" if (row.wait_percent or 0) >= WAITING_PERCENT else ""


USE_COLUMNS: tuple[Column[Any], ...] = (
    Column("%USER", lambda row: decimal(row.user_percent)),
    Column("%SYS", lambda row: decimal(row.system_percent)),
    Column("%WAIT", lambda row: decimal(row.wait_percent), kind=_waits),
)
PSS_COLUMN: Column[Any] = Column("PSS MB", lambda row: decimal(None if row.pss is None else row.pss / MEGABYTE), goes=3)


def fitting(columns: Sequence[Column[_Row]], rows: Sequence[_Row], width: int | None) -> list[tuple[Column[_Row], int]]:
    """Return the columns that fit into `width` characters (None: all of them), with their widths."""
    chosen = [(column, max(map(len, [column.header, *(column.text(row) for row in rows)]))) for column in columns]
    while width is not None and sum(wide for _, wide in chosen) + len(chosen) - 1 > width:
        leaving = min((column for column, _ in chosen if column.goes), key=lambda column: column.goes, default=None)
        if leaving is None:
            break
        chosen = [pair for pair in chosen if pair[0] is not leaving]
    return chosen


def header_line(columns: Sequence[tuple[Column[_Row], int]]) -> str:
    """Return the headers in one line."""
    return " ".join(column.padded(column.header, wide) for column, wide in columns)


def row_line(columns: Sequence[tuple[Column[_Row], int]], row: _Row) -> str:
    """Return one row."""
    return " ".join(column.padded(column.text(row), wide) for column, wide in columns)
