"""What `record` says at its end."""

from __future__ import annotations

import resource

import pytest

from llmproc.monitor.followed import Recorded
from llmproc.monitor.proc import Stat
from llmproc.report.recording import MOST_ROWS, lines


def recorded(
    pid: int, user_s: float, system_s: float = 0.0, wait_s: float = 0.0, comm: str = "(prog)", alive: bool = False
) -> Recorded:
    stat = Stat(pid, comm, "Z", 1, 0, 0, 0, 0, 0, 1, 5, 0, 0, 0, 0)
    return Recorded(stat, 10.0, user_s, system_s, wait_s, 2_500_000, 3, alive)


def usage(user_s: float, system_s: float) -> resource.struct_rusage:
    return resource.struct_rusage((user_s, system_s, *range(14)))


def test_a_table_with_the_busiest_first() -> None:
    found = lines([recorded(1, 1.0), recorded(2, 6.0, 1.5, 2.0, "(a b)", alive=True)], 10.0, 0.3, None, 0.001)
    assert found[0] == "10.00 s, 2 processes: 8.50 s CPU (85.0 %), 2.00 s waiting for a core"
    assert found[1].split() == ["PID", "COMM", "WALL", "S", "CPU", "S", "%USER", "%SYS", "%WAIT", "PSS", "MB"]
    assert found[2].split() == ["2", "a", "b", "10.00", "7.50", "60.0", "15.0", "20.0", "2.5", "runs", "on"]
    assert found[3].split()[0] == "1" and len(found) == 4


def test_one_process_and_none() -> None:
    assert lines([recorded(1, 1.0)], 10.0, 0.3, None, 0.0)[0].startswith("10.00 s, 1 process: ")
    assert lines([], 0.0, 0.3, None, 0.0) == ["0.00 s, 0 processes: 0.00 s CPU (0.0 %), 0.00 s waiting for a core"]


def test_many_are_cut() -> None:
    found = lines([recorded(pid, pid / 10) for pid in range(1, 26)], 10.0, 0.3, None, 0.0)
    assert len(found) == 2 + MOST_ROWS + 1 and found[2].split()[0] == "25"
    assert found[-1] == "... and 15 more, which used less"


@pytest.mark.parametrize(("more_s", "said"), [(0.04, False), (0.4, False), (0.6, True)])
def test_cpu_time_in_nobodys_samples(more_s: float, said: bool) -> None:
    """What runs on is not in wait4's figure, and not compared with it."""
    rows = [recorded(1, 8.0), recorded(2, 2.0, alive=True)]
    found = lines(rows, 10.0, 0.3, usage(8.0, more_s), 0.0)
    assert found[-1].startswith(f"wait4 tells of {more_s:.2f} s CPU more") == said


def test_a_dear_recording_says_so() -> None:
    assert lines([], 1.0, 0.3, None, 0.031)[-1].startswith("the recording itself took 3.1 % of a core")
    assert len(lines([], 1.0, 0.3, None, 0.029)) == 1


def test_a_name_does_not_steer_the_terminal() -> None:
    assert "\x1b" not in "".join(lines([recorded(1, 1.0, comm="(\x1b[31mx)")], 1.0, 0.3, None, 0.0))
