"""What a user sees of a run: bar and lanes, streamed answers, counts, the summary; and what the flags mean."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmproc.apps.batch.options import parse_options
from llmproc.batch import summary
from llmproc.batch.answers import AnswerText
from llmproc.batch.bar import Lane, Picture, clock, draw, head
from llmproc.batch.record import ResultRow
from llmproc.batch.stages import Stages
from llmproc.batch.stats import BatchStats, RowSpeed, expected_rows, remaining_s
from llmproc.config import Environment


def row(index: int = 0, name: str | int | None = None, **more: Any) -> ResultRow:
    return ResultRow(id=index if name is None else name, index=index, **{"status": "ok", **more})


# -- the bar ----------------------------------------------------------------------------------------------------------

LANES = (Lane("worker 0", "ready", 3, 410.4, 12), Lane("worker 1", "starting", 0, 0, 0))


def picture(**changes: Any) -> Picture:
    values: dict[str, Any] = {
        "done": 15, "failed": 0, "total": 60, "total_known": True, "tokens_per_s": 812.6, "remaining_s": 41.2,
        "sequences": 4, "lanes": LANES,
    }  # fmt: skip
    return Picture(**{**values, **changes})


def test_the_bar_and_its_lanes() -> None:
    assert draw(picture(), 100, 24) == [
        "[#######-----------------------]  15 of 60 rows   813 tokens/s   0:41 left",
        "worker 0  [### ]    3 of 4 running     410 tokens/s      12 rows",
        "worker 1  [    ]  starting",
    ]


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        (
            {"failed": 2, "total_known": False},
            "[#######-----------------------]  15 of ~60 rows, 2 failed   813 tokens/s",
        ),
        ({"total": None, "remaining_s": None}, "15 rows   813 tokens/s"),
        (
            {"stage": "loading weights: 3 of 9"},
            "[#######-----------------------]  15 of 60 rows   loading weights: 3 of 9",
        ),
        ({"done": 99}, "[##############################]  99 of 60 rows"),
        ({"done": 0, "total": 0}, "[------------------------------]  0 of 0 rows"),
    ],
)
def test_the_first_line(changes: dict[str, Any], line: str) -> None:
    assert draw(picture(**changes), 100, 24)[0].startswith(line)


def test_as_a_plain_line() -> None:
    assert head(picture(failed=1)) == "15 of 60 rows, 1 failed, 813 tokens/s, 0:41 left"
    assert head(picture(total=None, remaining_s=None)) == "15 rows, 813 tokens/s"


@settings(max_examples=100, deadline=None)
@given(
    columns=st.integers(1, 200), rows=st.integers(1, 60), workers=st.integers(0, 40), running=st.integers(0, 2000),
    sequences=st.integers(1, 1024), done=st.integers(0, 10**9), total=st.none() | st.integers(0, 10**9),
)  # fmt: skip
def test_it_fits_the_terminal(
    columns: int, rows: int, workers: int, running: int, sequences: int, done: int, total: int | None
) -> None:
    lanes = [Lane(f"worker {worker}", "ready", running, 1e6, done) for worker in range(workers)]
    lines = draw(picture(lanes=lanes, sequences=sequences, done=done, total=total), columns, rows)
    assert all(len(line) < max(columns, 2) and line.isascii() for line in lines)
    assert len(lines) <= max(2, rows - 2)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (59.4, "0:59"), (59.6, "1:00"), (725, "12:05"), (10800, "3:00:00")]
)
def test_a_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text


# -- answers ----------------------------------------------------------------------------------------------------------


def test_one_at_a_time_pieces_are_shown_at_once() -> None:
    show = AnswerText(one_at_a_time=True)
    told = show.pieces(0, "a", "Once") + show.pieces(0, "a", " upon\n") + show.pieces(0, "a", "a time")
    assert told == "[a] Once upon\na time"
    assert show.ended(row(5, status="error", error="bad")) == "", "not in the middle of a line"
    assert show.ended(row(0)) == "\n[5] error: bad\n"
    assert show.ended(row(1)) == "[1] \n" and show.ended(row(2, status="error", error="x")) == "[2] error: x\n"
    assert show.pieces(3, 3, "end\n") + show.ended(row(3, status="error", error="cut")) == "[3] end\n[3] error: cut\n"


def test_side_by_side_each_waits_for_a_line() -> None:
    show = AnswerText(one_at_a_time=False, width=24)
    assert show.pieces(0, "a", "Once upon") == "" == show.pieces(1, "b", "There")
    assert show.pieces(0, "a", " a time there was a pipe") == "[a] Once upon a time\n"
    assert show.pieces(1, "b", "\n\nwas") == "[b] There\n[b] \n"
    assert show.ended(row(0, "a")) == "[a] there was a pipe\n"
    assert show.ended(row(1, "b", status="error", error="cut")) == "[b] was\n[b] error: cut\n"
    assert show.ended(row(2, "c")) == "[c] \n", "an empty answer is one"


@settings(max_examples=100, deadline=None)
@given(
    pieces=st.lists(st.tuples(st.integers(0, 2), st.text("ab \n", max_size=30)), max_size=12), width=st.integers(1, 60)
)
def test_nothing_of_an_answer_is_lost_or_mixed(pieces: list[tuple[int, str]], width: int) -> None:
    show, told = AnswerText(False, width), ""
    for index, text in pieces:
        told += show.pieces(index, index, text)
    told += "".join(show.ended(row(index)) for index in range(3))
    assert all(re.fullmatch(r"\[[012]\] .*", line) for line in told.splitlines())
    for index in range(3):
        shown = "".join(line[4:] for line in told.splitlines() if line.startswith(f"[{index}] "))
        wanted = "".join(text for number, text in pieces if number == index)
        assert "".join(shown.split()) == "".join(wanted.split())


def test_an_id_is_no_way_to_break_the_lines() -> None:
    assert AnswerText(True).pieces(0, "a\nb" + "x" * 90, "t") == f"[a b{'x' * 34}...] t"


# -- counts -----------------------------------------------------------------------------------------------------------


def test_a_tally() -> None:
    stats = BatchStats(reused=3, reused_failed=1)
    assert stats.any_failed and stats.work_s == stats.tokens_per_s == 0
    stats.add(row(0, prompt_tokens=5, new_tokens=10, worker=1, attempts=1, queue_s=0.5), 10.0, 12.0)
    stats.add(row(1, prompt_tokens=5, new_tokens=30, worker=0, attempts=2, queue_s=1.5, cached_tokens=2), 9.0, 14.0)
    stats.add(row(2, status="error", error="x"))
    assert (stats.ok, stats.failed, stats.rows, stats.new_tokens, stats.cached_tokens) == (2, 1, 3, 40, 2)
    assert (stats.work_s, stats.tokens_per_s, stats.queue_s, stats.queue_most_s) == (5, 8, 2, 1.5)
    assert stats.workers[0].replayed == 1 and stats.workers[1].rows == 1 and set(stats.workers) == {0, 1}


def test_speed_over_the_last_seconds() -> None:
    speed = RowSpeed()
    assert speed.at(0, 0) == 0
    assert speed.at(1, 100) == 100
    for second in range(2, 20):
        latest = speed.at(second, 100 + 10 * (second - 1))
    assert latest == pytest.approx(10)
    assert speed.at(20, 0) == 0, "a replay counts again"


@pytest.mark.parametrize(
    ("read", "position", "size", "ended", "wanted"),
    [
        (0, 0, 100, False, None),
        (5, 50, None, False, None),
        (5, 50, 100, False, 10),
        (5, 50, None, True, 5),
        (7, 90, 50, False, 7),
    ],
)
def test_how_many_rows_there_will_be(
    read: int, position: int, size: int | None, ended: bool, wanted: int | None
) -> None:
    assert expected_rows(read, position, size, ended) == wanted


def test_how_long_it_will_take() -> None:
    assert remaining_s(10, 40, 5.0) == 15
    assert remaining_s(0.5, 40, 5.0) is None and remaining_s(10, None, 5.0) is None and remaining_s(50, 40, 5.0) == 0


ABOUT = {"workers": 2, "threads": 1, "sequences": 8}


def test_the_summary_for_a_person() -> None:
    options = parse_options("x", ["in.txt", "-o", "r.jsonl", "--workers", "2"], Environment())
    stats = BatchStats(reused=1)
    stats.add(row(0, new_tokens=10, worker=1, attempts=2, queue_s=0.5), 1.0, 3.0)
    stats.add(row(1, new_tokens=10, worker=0, attempts=1, queue_s=0.5), 1.0, 3.0)
    found = summary.document(options, ABOUT, stats, Stages(), 3, 0.0, 4.0)
    told = summary.lines(found)
    assert told[0] == "3 rows: 3 ok, 1 of them done before, in r.jsonl"
    assert told[1] == "20 tokens in 2.00 s: 10.0 tokens/s"
    assert told[2] == "the first request began after 1.00 s; one waited 0.50 s on average"
    assert told[-2:] == ["worker 0: 1 rows, 10 tokens", "worker 1: 1 rows, 10 tokens, 1 begun by another"]
    assert json.loads(json.dumps(found)) == found
    nothing = summary.document(options, ABOUT, BatchStats(reused=3), Stages(), 3, 0.0, 4.0)
    assert summary.lines(nothing) == ["3 rows: 3 ok, 3 of them done before, in r.jsonl"] and nothing["elapsed_s"] == 0
