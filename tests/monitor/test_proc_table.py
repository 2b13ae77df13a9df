"""proc.csv: columns and rows agree, quoting holds, and logs/README.md names every column."""

from __future__ import annotations

import csv
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from llmproc.monitor import table
from llmproc.monitor.proc import SchedStat, Stat

README = Path(__file__).resolve().parents[2] / "logs" / "README.md"


def stat(comm: str = "(x)") -> Stat:
    return Stat(9, comm, "S", 1, 2, 3, 150, 25, -5, 4, 77, 4096, 8192, 6, 5)


def read(line: str) -> dict[str, str]:
    (cells,) = csv.reader([line])
    assert len(cells) == len(table.COLUMNS)
    return dict(zip(table.COLUMNS, cells, strict=True))


@given(st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\n\r\0"), max_size=15))
@settings(max_examples=50, deadline=None)
def test_any_name_stays_one_cell(comm: str) -> None:
    assert read(table.row(1.0, "process", 9, stat(f"({comm})"), generating=True))["comm"] == f"({comm})"


def test_what_is_not_known_is_empty_not_zero() -> None:
    cells = read(table.row(1.5, "process", 9, stat(), generating=False))
    assert {
        cells[name] for name in ("run_s", "wait_s", "slices", "pss", "throttled_s", "voluntary_switches", "tid")
    } == {""}
    assert (cells["t"], cells["generating"], cells["policy"]) == ("1.500000", "0", "SCHED_IDLE")


def test_a_thread_row_has_its_tid_and_no_process_figures() -> None:
    cells = read(table.row(1.0, "thread", 5, stat(), generating=True, sched=SchedStat(1, 2, 3)))
    assert (cells["pid"], cells["tid"], cells["run_s"], cells["wait_s"]) == ("5", "9", "0.000000001", "0.000000002")
    assert (cells["vsize"], cells["rss"], cells["threads"]) == ("", "", "")


def test_the_closing_row() -> None:
    cells = read(table.closing_row(2.0, stat(), 1.2345678, 0.5, 4096))
    assert (cells["scope"], cells["state"], cells["user_s"], cells["rss"]) == ("rusage", "X", "1.234568", "4096")


def test_the_readme_names_every_column() -> None:
    text = README.read_text()
    assert [name for name in table.COLUMNS if f"`{name}`" not in text] == []
    assert table.header().split(",") == list(table.COLUMNS)
