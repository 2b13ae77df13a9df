"""Tables of processes: columns that fit, and what stands in them for what is not known."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from llmproc.report.columns import (
    PSS_COLUMN,
    USE_COLUMNS,
    WAITING_PERCENT,
    Column,
    decimal,
    fitting,
    header_line,
    row_line,
    whole_number,
)


@dataclass
class Use:
    user_percent: float | None = None
    system_percent: float | None = None
    wait_percent: float | None = None
    pss: int | None = None


NAME: Column[str] = Column("NAME", str, left=True)
SIZE: Column[str] = Column("SIZE", lambda row: str(len(row)), goes=2)
TWICE: Column[str] = Column("TWICE", lambda row: row * 2, goes=1)
ALL = (NAME, SIZE, TWICE)


@pytest.mark.parametrize(("value", "short", "whole"), [(None, "-", "-"), (0.04, "0.0", "0"), (99.96, "100.0", "100")])
def test_numbers(value: float | None, short: str, whole: str) -> None:
    assert (decimal(value), whole_number(value)) == (short, whole)


def test_every_column_is_as_wide_as_its_widest_text() -> None:
    columns = fitting(ALL, ["ab", "abcdefg"], None)
    assert [wide for _, wide in columns] == [7, 4, 14]
    assert header_line(columns) == "NAME    SIZE          TWICE"
    assert row_line(columns, "ab") == "ab         2           abab"


@pytest.mark.parametrize(
    ("width", "headers"),
    [(99, "NAME SIZE TWICE"), (27, "NAME SIZE TWICE"), (26, "NAME SIZE"), (12, "NAME SIZE"), (11, "NAME"), (1, "NAME")],
)
def test_the_least_important_columns_go_first_and_some_never(width: int, headers: str) -> None:
    columns = fitting(ALL, ["abcdefg"], width)
    assert " ".join(column.header for column, _ in columns) == headers


def test_without_rows_the_headers_decide() -> None:
    assert [wide for _, wide in fitting(ALL, [], 15)] == [4, 4, 5]
    assert fitting((), ["a"], 10) == [] and header_line([]) == ""


def test_what_is_not_known_is_a_dash() -> None:
    columns = fitting((*USE_COLUMNS, PSS_COLUMN), [Use()], None)
    assert header_line(columns).split() == ["%USER", "%SYS", "%WAIT", "PSS", "MB"]
    assert row_line(columns, Use()).split() == ["-"] * 4
    assert row_line(columns, Use(187.55, 3.0, 12.5, 123_400_000)).split() == ["187.6", "3.0", "12.5", "123.4"]


@pytest.mark.parametrize(
    ("wait", "kind"),
    [(None, ""), (0.0, ""), (WAITING_PERCENT - 0.1, ""), (WAITING_PERCENT, "waiting"), (250, "waiting")],
)
def test_long_waits_are_marked(wait: float | None, kind: str) -> None:
    (column,) = (column for column in USE_COLUMNS if column.header == "%WAIT")
    assert column.kind(Use(wait_percent=wait)) == kind
