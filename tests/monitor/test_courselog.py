"""The course line and the speed lines: written exactly, read strictly."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmproc.monitor.courselog import format_line, parse_line, parse_speed_line
from llmproc.monitor.proc import Stat

GOLDEN = (
    "[pid] 647017 [tcomm] (inference) [state] R [policy] SCHED_OTHER [nice] 0 [vsize] 358088704 [task_cpu] 4"
    " [utime] 10 [stime] 3 [cpu%] 100.00%"
)
STAT = Stat(647017, "(inference)", "R", 1, 0, 0, 10, 3, 0, 1, 99, 358088704, 4096, 4, 0)


def test_the_contract_line() -> None:
    assert format_line(STAT, 100.0) == GOLDEN


def test_the_courses_script_can_read_it() -> None:
    items = format_line(replace(STAT, comm="(a b)"), 93.333333).split(" ")
    assert items[-2] == "[cpu%]"
    assert float(items[-1].strip("%")) == 93.33


def test_reading_back() -> None:
    line = parse_line(GOLDEN + "\r\n")
    assert line is not None
    assert (line.pid, line.comm, line.state, line.policy, line.nice) == (647017, "(inference)", "R", "SCHED_OTHER", 0)
    assert (line.vsize, line.task_cpu, line.utime, line.stime, line.cpu_percent) == (358088704, 4, 10, 3, 100.0)


@given(
    st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\n\r\0"), max_size=15),
    st.integers(-20, 19),
    st.floats(0, 6400),
    st.integers(0, 7),
)
@settings(max_examples=80, deadline=None)
def test_whatever_is_written_reads_back(comm: str, nice: int, percent: float, policy: int) -> None:
    line = parse_line(format_line(replace(STAT, comm=f"({comm})", nice=nice, policy=policy), percent))
    assert line is not None
    assert (line.comm, line.nice) == (f"({comm})", nice)
    assert line.cpu_percent == pytest.approx(percent, abs=0.0051)


@pytest.mark.parametrize("cut", range(len(GOLDEN)))
def test_no_torn_line_is_taken(cut: int) -> None:
    assert parse_line(GOLDEN[:cut]) is None
    assert cut == 0 or parse_line(GOLDEN[cut:]) is None


@pytest.mark.parametrize(
    "line",
    [
        "",
        "hello",
        GOLDEN.replace(" ", "  ", 1),
        GOLDEN.replace("100.00", "-3.00"),
        GOLDEN.replace("100.00", "nan"),
        GOLDEN + GOLDEN,
        GOLDEN[:50] + GOLDEN,
        GOLDEN.replace("647017", "٣"),
    ],
)
def test_foreign_lines(line: str) -> None:
    assert parse_line(line) is None


SPEEDS = [
    "SEQ LEN: 266, Speed: 61.1776 tok/s",
    "SEQ LEN: 266 at 61.1776 tok/s",
    "SEQ_LEN: 266, Speed: 61.1776 tok/s ",
    "length: 266, speed (tok/s): 61.1776 ",
]


@pytest.mark.parametrize("spelling", SPEEDS)
@pytest.mark.parametrize("form", ["{}", "[INFO] {}", "\x1b[32m{}\x1b[0m", "\x1b[0;32m[INFO] {}\x1b[0m\n", ">>> {}"])
def test_four_spellings_in_any_dress(spelling: str, form: str) -> None:
    found = parse_speed_line(form.format(spelling))
    assert found is not None
    assert (found.seq_len, found.tokens_per_s) == (266, 61.1776)


def test_a_speed_line_behind_an_answer_without_line_end() -> None:
    found = parse_speed_line("and so on [INFO] SEQ LEN: 7, Speed: 1.5 tok/s")
    assert found is not None and found.seq_len == 7


@pytest.mark.parametrize(
    "line",
    ["", "SEQ LEN: , Speed: 3 tok/s", "SEQ LEN: 3, Speed: 3 tok/s and more", "He said SEQ LEN: 3 at 4 tok/s", GOLDEN],
)
def test_no_speed_line(line: str) -> None:
    assert parse_speed_line(line) is None
