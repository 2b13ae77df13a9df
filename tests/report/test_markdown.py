"""Tables in Markdown."""

from __future__ import annotations

import pytest

from llmproc.report.markdown import table


def test_columns_are_aligned() -> None:
    assert table(["mode", "s"], [["ws", "10.5"], ["seq", "9"]], right={1}) == (
        "| mode |    s |\n"
        "|------|-----:|\n"
        "| ws   | 10.5 |\n"
        "| seq  |    9 |\n"
    )  # fmt: skip


def test_no_rows_no_table() -> None:
    assert table(["a"], [], right=set()) == ""


def test_a_row_of_another_length_is_a_mistake() -> None:
    with pytest.raises((ValueError, IndexError)):
        table(["a", "b"], [["1"]], right=set())
