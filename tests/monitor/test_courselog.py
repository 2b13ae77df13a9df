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
        GOLDEN.replace("100.00", "nan"),
        GOLDEN + GOLDEN,
        GOLDEN[:50] + GOLDEN,
        GOLDEN.replace("647017", "٣"),
    ],
)
def test_foreign_lines(line: str) -> None:
    assert parse_line(line) is None


PERCENT, UNKNOWN = "[cpu%] 100.00%", "Unknown scheduling policy"


@pytest.mark.parametrize(
    ("line", "changes", "unusual"),
    [
        (GOLDEN.replace("(inference)", "inference"), {}, ["a name without parentheses"]),
        (GOLDEN.replace("(inference)", "my proc"), {"comm": "(my proc)"}, ["a name without parentheses"]),
        (GOLDEN.replace("(inference)", ""), {"comm": "()"}, ["a name without parentheses"]),
        (GOLDEN.replace("SCHED_OTHER", UNKNOWN), {"policy": UNKNOWN}, ["an unknown policy"]),
        (GOLDEN.replace("SCHED_OTHER", "-1"), {"policy": "-1"}, ["an unknown policy"]),
        (GOLDEN.removesuffix("%") + "\n", {}, ["a percentage without %"]),
        (GOLDEN.replace("100.00%", "93\r\n"), {"cpu_percent": 93.0}, ["a percentage without %"]),
        (GOLDEN.replace("100.00", "-3.33"), {"cpu_percent": -3.33}, ["a negative percentage"]),
        (GOLDEN.replace("[task_cpu] 4", "[task_cpu] -1"), {"task_cpu": -1}, []),
        (
            GOLDEN.replace("(inference)", "a").replace("SCHED_OTHER", UNKNOWN).replace("100.00%", "-1.5\n"),
            {"comm": "(a)", "policy": UNKNOWN, "cpu_percent": -1.5},
            ["a name without parentheses", "an unknown policy", "a percentage without %", "a negative percentage"],
        ),
    ],
)
def test_lines_of_other_programs_are_read_and_named(line: str, changes: dict, unusual: list[str]) -> None:
    usual = parse_line(GOLDEN)
    assert usual is not None and usual.unusual == ()
    assert parse_line(line) == replace(usual, **changes, unusual=tuple(unusual))


@pytest.mark.parametrize(
    "line",
    [
        GOLDEN.removesuffix("%"),  # without line end: `9` may have been 99.99%
        GOLDEN.replace("SCHED_OTHER", "SCHED_O" + GOLDEN[:40]),
        GOLDEN.replace("SCHED_OTHER", "a[b]"),
        GOLDEN.replace("SCHED_OTHER", ""),
        GOLDEN.replace("(inference)", "infer" + GOLDEN[:33]),
        GOLDEN.replace("(inference)", "x" * 63),
        GOLDEN.replace("647017", "1" * 11),
        GOLDEN.replace("100.00", "1" * 10),
        GOLDEN.replace("358088704", "9" * 5000),  # more digits than int() takes
        GOLDEN.replace("100.00", "--3.00"),
        GOLDEN.replace("100.00", "-nan"),
    ],
)
def test_what_looks_torn_or_cannot_be_kept_is_not_read(line: str) -> None:
    assert parse_line(line) is None


@pytest.mark.parametrize(
    ("comm", "shown"),
    [
        ("(a\nb)", "(a\\nb)"),
        ("(\r\n)", "(\\r\\n)"),
        ("(12345678901234\udce2)", "(12345678901234\\xe2)"),
        ("(" + "\udcff" * 15 + ")", "(" + "\\xff" * 15 + ")"),
    ],
)
def test_a_name_that_would_tear_the_line_is_escaped(comm: str, shown: str) -> None:
    text = format_line(replace(STAT, comm=comm), 100.0)
    assert text.splitlines() == [text] and text.encode("utf-8")
    line = parse_line(text)
    assert line is not None and (line.comm, line.unusual) == (shown, ())


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
