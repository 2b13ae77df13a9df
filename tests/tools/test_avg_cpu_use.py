"""tools/avg_cpu_use.py: the course's line, bad logs, and one parser in two places."""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
from dataclasses import astuple
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmproc.monitor import courselog
from llmproc.report.source import load

TOOL = Path(__file__).resolve().parents[2] / "tools" / "avg_cpu_use.py"
EXAMPLE = TOOL.parents[1] / "tests" / "report" / "example"
TOOL_NAMES = runpy.run_path(str(TOOL))


def line(percent: str = "100.00", pid: int = 7, user: int = 10, system: int = 3) -> str:
    return (
        f"[pid] {pid} [tcomm] (inference) [state] R [policy] SCHED_OTHER [nice] 0 [vsize] 358088704 [task_cpu] 4"
        f" [utime] {user} [stime] {system} [cpu%] {percent}%"
    )


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-S", str(TOOL), *map(str, arguments)]  # -S: nothing installed can help it
    return subprocess.run(command, capture_output=True, text=True)


@pytest.fixture
def log(tmp_path: Path):
    def write(*lines: str) -> Path:
        path = tmp_path / "log.txt"
        path.write_text("".join(text + "\n" for text in lines))
        return path

    return write


def test_the_courses_line_comes_first(log) -> None:
    done = run(log(line("97.00"), line("98.00"), line("96.93")))
    assert done.returncode == 0 and done.stderr == ""
    assert done.stdout.splitlines()[0] == "average cpu usage: 97.31%"


def test_it_is_what_the_courses_own_script_computes() -> None:
    values = []
    for text in (EXAMPLE / "proc.log").read_text().splitlines():
        items = text.split(" ")
        assert items[-2] == "[cpu%]"
        values.append(float(items[-1].strip("%")))
    assert run(EXAMPLE / "proc.log").stdout.splitlines()[0] == f"average cpu usage: {sum(values) / len(values):.2f}%"


def test_better_figures(log) -> None:
    lines = [line("100.00", user=30, system=0), line("90.00", user=54, system=3), line("50.00", pid=8, user=1)]
    done = run(log(*lines))
    assert "100 % is one core" in done.stdout
    assert "pid 7: 0.57 s CPU / 0.60 s wall = 95.00%" in done.stdout
    assert "pid 8: 0.04 s CPU / 0.08 s wall = 50.00%" in done.stdout
    assert "total: 0.61 s CPU" in done.stdout
    assert "2 of 3 windows: length assumed" in done.stdout


@pytest.mark.parametrize(
    ("user", "system", "percent"), [(2, 1, "70.86"), (0, 0, "60.00")], ids=["three ticks", "less than a tick"]
)
def test_no_more_cpu_time_than_the_last_line_has(log, user: int, system: int, percent: str) -> None:
    path = log(line(percent, user=user, system=system), line("83.81", user=user + 4, system=system))
    (found,) = json.loads(run("--json", path).stdout)["processes"]
    assert found["cpu_s"] <= round(found["user_s"] + found["system_s"], 3)
    assert found["wall_s"] == pytest.approx(0.04 / 0.8381 + max(user + system, 1) / float(percent), abs=0.001)
    assert "1 of 2 windows: length assumed" in run(path).stdout


def test_the_picture_has_the_same_windows(log) -> None:
    random = Random(7)
    for _ in range(40):
        user = [random.choice((0, 0, 1, 3, 40)) for _ in range(8)]
        texts = [line(f"{random.choice((0, 0.5, 60, 99))}", random.choice((7, 8)), ticks, ticks // 3) for ticks in user]
        rows = load(log(*texts)).cpu
        lines = [TOOL_NAMES["parse_line"](text) for text in texts]
        for found in TOOL_NAMES["summarise"](lines)["processes"]:
            own = rows[rows["pid"] == found["pid"]]
            assert found["wall_s"] == pytest.approx(float((own["end_s"] - own["start_s"]).sum()), abs=0.001)
            assert found["assumed_lines"] == int((own["time"] == "assumed").sum())


def test_the_average_is_the_courses_arithmetic() -> None:
    """Each percentage divided by 100, added in the order of the file, divided by the count, printed with `:.2%`."""
    assert TOOL_NAMES["average_percent"]([93.33 / 100, 50.00 / 100]) == 71.67, "not 71.66, as for (93.33 + 50) / 2"
    random = Random(42)
    rounded_otherwise = 0
    for _ in range(1000):
        texts = [f"{random.uniform(-5, 420):.2f}" for _ in range(random.randint(1, 30))]
        lines = [TOOL_NAMES["parse_line"](line(text)) for text in texts]
        total = 0.0
        for text in texts:
            total += float(text) / 100
        wanted = f"{total / len(texts):.2%}"
        assert f"{TOOL_NAMES['summarise'](lines)['average_percent']:.2f}%" == wanted
        rounded_otherwise += f"{sum(map(float, texts)) / len(texts):.2f}%" != wanted
    assert rounded_otherwise, "these logs would not show another arithmetic"


def test_that_average_is_what_is_printed(log) -> None:
    done = run(log(line("93.33"), line("50.00")))
    assert done.stdout.splitlines()[0] == "average cpu usage: 71.67%"
    assert "average 71.67%" in done.stdout
    assert json.loads(run("--json", log(line("93.33"), line("50.00"))).stdout)["average_percent"] == 71.67


def test_lines_of_other_programs_are_read_with_a_word_about_it(log) -> None:
    foreign = line("50.00").replace("(inference)", "inference").replace("SCHED_OTHER", "Unknown scheduling policy")
    done = run(log(foreign, foreign.removesuffix("%"), line("-20.00")))
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "average cpu usage: 26.67%")
    told = done.stderr.splitlines()
    for how in ("a name without parentheses, in 2 lines", "an unknown policy, in 2 lines",
                "a percentage without %, in 1 line", "a negative percentage, in 1 line"):  # fmt: skip
        assert sum(text.endswith(f"read all the same: {how}") for text in told) == 1
    assert len(told) == 4
    assert json.loads(run("--json", log(line("-20.00"))).stdout)["unusual"] == {"a negative percentage": 1}


def test_a_byte_order_mark_does_not_cost_a_line(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_bytes(b"\xef\xbb\xbf" + line("50.00").encode() + b"\r\n" + line("70.00").encode() + b"\n")
    done = run(path)
    assert done.stdout.startswith("average cpu usage: 60.00%\n") and done.stderr == ""
    path.write_text(line("50.00") + "\n", encoding="utf-16")
    done = run(path)
    assert done.returncode == 1 and "looks like UTF-16" in done.stderr


@pytest.mark.parametrize(
    "lines",
    [
        [line()],
        [line(pid=pid) for pid in (7, 8, 9)],
        [line("0.00", user=0, system=0)] * 3,
        [line(user=20), line(user=10)],
        [line("0.00", user=20), line("0.00", user=10), line("-5.00", user=30)],
        [line("999999999.99", user=1, system=0), line("0.01", user=10**14)],
    ],
    ids=["one", "one per pid", "idle", "ticks that shrink", "nothing positive", "extremes"],
)
def test_logs_without_increasing_ticks(log, lines: list[str]) -> None:
    done = run(log(*lines))
    assert done.returncode == 0 and done.stderr.count("read all the same") == done.stderr.count("\n")
    first, *rest = done.stdout.splitlines()
    assert first.startswith("average cpu usage: ") and "nan" not in done.stdout and "inf " not in done.stdout
    assert sum(text.startswith("  pid ") for text in rest) == len({text.split()[1] for text in lines})


def test_foreign_and_torn_lines_are_named_and_skipped(log) -> None:
    done = run(log(line("50.00"), "Warning: \x1b[31mx", "", line("70.00"), line()[:-9]))
    assert done.returncode == 0
    assert done.stdout.startswith("average cpu usage: 60.00%\n")
    assert "line 2 is not a course line" in done.stderr and "line 5 is not a course line" in done.stderr
    assert "line 3" not in done.stderr and "\x1b" not in done.stderr


def test_very_many_foreign_lines_do_not_flood(log) -> None:
    done = run(log(line(), *["x"] * 500))
    assert done.returncode == 0 and len(done.stderr.splitlines()) == 11
    assert "490 more skipped: lines 12, 13" in done.stderr


@pytest.mark.parametrize("lines", [(), ("",), ("hello",), (line()[:40],)])
def test_nothing_in_it(log, lines: tuple[str, ...]) -> None:
    done = run(log(*lines))
    assert done.returncode == 1 and done.stdout == ""
    assert "no course line in it" in done.stderr
    assert ("is empty" in done.stderr) == (not any(lines))


def test_missing_and_unusable(tmp_path: Path) -> None:
    for path in (tmp_path / "no", tmp_path):
        done = run(path)
        assert (done.returncode, done.stdout) == (1, "")
        assert len(done.stderr.splitlines()) == 1 and "cannot be read" in done.stderr
    assert run().returncode == 2 and run("--no").returncode == 2


def test_json(log) -> None:
    done = run("--json", log(line("50.00"), "x", line("70.00", user=20)))
    found = json.loads(done.stdout)
    assert (found["average_percent"], found["lines"], found["skipped"]) == (60.0, 2, [{"line": 2, "text": "x"}])
    assert found["processes"][0]["pid"] == 7
    assert json.loads(run("--json", log()).stdout)["average_percent"] is None


def test_a_run_folder_has_a_clock() -> None:
    done = run(EXAMPLE)
    assert done.returncode == 0 and done.stdout.startswith("average cpu usage: ")
    assert "pid 4713" in done.stdout and "by the run folder's clock: 2 turns" in done.stdout


def test_help_has_an_example() -> None:
    done = run("--help")
    assert done.returncode == 0 and "tools/avg_cpu_use.py log.txt" in done.stdout


def test_a_reader_that_leaves() -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(
            [sys.executable, str(TOOL), str(EXAMPLE)], stdout=write, stderr=subprocess.PIPE, text=True
        )
    finally:
        os.close(write)
    assert done.returncode == 141 and "Traceback" not in done.stderr


def test_it_is_executable_and_stands_alone() -> None:
    source = TOOL.read_text()
    assert source.startswith("#!/usr/bin/env python3\n") and os.access(TOOL, os.X_OK)
    imported = [text.split()[1].split(".")[0] for text in source.splitlines() if text.startswith(("import ", "from "))]
    assert set(imported) <= set(sys.stdlib_module_names) | {"__future__"}


def same(text: str) -> None:
    mine, theirs = TOOL_NAMES["parse_line"](text), courselog.parse_line(text)
    assert (mine is None) == (theirs is None)
    if mine is not None and theirs is not None:
        assert tuple(mine) == astuple(theirs)


def test_one_parser_in_two_places() -> None:
    assert TOOL_NAMES["LINE"].pattern == courselog._LINE.pattern
    good = line("93.33")
    for place in range(len(good)):
        same(good[:place])
        same(good[:place] + good)
        same(good[:place] + "x" + good[place + 1 :])
    same(good + "\r\n")
    same(good.replace("(inference)", "() R 1 (x y)"))


@given(st.text(max_size=40), st.integers(0, 140))
@settings(max_examples=80, deadline=None)
def test_they_agree_on_anything(text: str, place: int) -> None:
    same(text)
    same(line()[:place] + text + line()[place:])


def test_a_stdout_that_cannot_be_written_is_one_line(log) -> None:
    command = [sys.executable, "-I", "-S", str(TOOL), str(log(line()))]
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert (done.returncode, done.stderr) == (1, "stdout: cannot be written: No space left on device\n")
    closed = subprocess.run(["sh", "-c", 'exec "$@" >&-', "sh", *command], stderr=subprocess.PIPE, text=True)
    assert (closed.returncode, closed.stderr) == (1, "stdout: cannot be written: it is closed\n")
