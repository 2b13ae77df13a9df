"""The recorder under a fake clock and /proc: who gets a line, what the windows are, what is told of everybody."""

from __future__ import annotations

import csv
import io
import os
import shutil
import subprocess
from collections.abc import Callable, Collection

import pytest

from llmproc.monitor import proc, table
from llmproc.monitor import recorder as recorder_module
from llmproc.monitor.courselog import CourseLine, parse_line
from llmproc.monitor.followed import Recorded
from llmproc.monitor.proc import Stat
from llmproc.monitor.recorder import Recorder
from llmproc.monitor.tree import Tree

SECOND = 1_000_000_000


class ListSink:
    """A sink that keeps its lines."""

    fd, name, failure, skipped = -1, "list", None, 0

    def __init__(self) -> None:
        self.lines: list[str] = []

    def write(self, line: str) -> bool:
        self.lines.append(line)
        return True


class Members:
    """A tree whose members a test names."""

    def __init__(self, fake_proc) -> None:
        self.pids: list[int] = []
        self._proc = fake_proc

    def newcomers(self, members: Collection[tuple[int, int]]) -> list[Stat]:
        stats = (proc.read_stat(pid, root=self._proc.root) for pid in self.pids)
        return [stat for stat in stats if stat is not None and stat.key not in members]

    def vanish(self, pid: int) -> None:
        """Reaped: it has no /proc entry any more."""
        self.pids.remove(pid)
        shutil.rmtree(self._proc.path / str(pid))


class Rig:
    """A recorder, and everything it writes. Processes start at boot unless they are said to be born."""

    def __init__(self, fake_proc, clock, interval: float = 0.3) -> None:
        self.proc, self.clock, self.members = fake_proc, clock, Members(fake_proc)
        self.log, self.csv, self.events, self.reaped = ListSink(), ListSink(), [], []
        self.recorder = Recorder(
            self.members,  # type: ignore[arg-type]
            interval,
            [self.log],  # type: ignore[list-item]
            self.csv,  # type: ignore[arg-type]
            clock=clock,
            event=lambda kind, **fields: self.events.append((kind, fields)),
            ended=lambda stat: self.reaped.append(stat.pid),
            since_boot=lambda: clock.now + 4000,
            proc_root=fake_proc.root,
            cpus=8,
        )

    def run(self, pid: int, cpu_s: float, state: str = "R", system_s: float = 0.0, **more: object) -> None:
        """The process has used so much in all."""
        total = round((cpu_s + system_s) * SECOND)
        self.proc.put(
            pid, user=round(cpu_s * 100), system=round(system_s * 100), state=state, tasks={pid: total}, **more
        )
        if pid not in self.members.pids:
            self.members.pids.append(pid)

    def born(self, at: float) -> int:
        """The start time of a process that was born at `at` on the fake clock."""
        return round((at + 4000) * 100)

    def tick(self, after: float = 0.3) -> None:
        self.clock.now += after
        self.recorder.tick()

    def course(self) -> list[CourseLine]:
        found = [parse_line(line) for line in self.log.lines]
        assert None not in found
        return [line for line in found if line is not None]

    def rows(self, pid: int, scope: str = "process") -> list[dict[str, str]]:
        rows = csv.DictReader(io.StringIO("\n".join(self.csv.lines)))
        return [row for row in rows if (row["pid"], row["scope"]) == (str(pid), scope)]


@pytest.fixture
def rig(fake_proc, clock, monkeypatch: pytest.MonkeyPatch) -> Rig:
    monkeypatch.setattr(
        recorder_module.time, "thread_time", lambda: 0.0
    )  # recording costs nothing: rows are not thinned
    return Rig(fake_proc, clock)


def test_a_process_that_was_there_is_followed_from_now_on(rig: Rig) -> None:
    rig.run(7, 100.0)
    rig.recorder.begin()
    rig.run(7, 100.27, system_s=0.01)
    rig.tick()
    assert [(line.pid, line.cpu_percent, line.utime) for line in rig.course()] == [(7, 93.33, 10027)]
    (left,) = rig.recorder.finish()
    assert (left.pid, left.comm, left.alive, left.lines) == (7, "(inference)", True, 1)
    assert (left.wall_s, left.cpu_s) == (pytest.approx(0.3), pytest.approx(0.28))
    assert (left.user_percent, left.system_percent) == (pytest.approx(90), pytest.approx(10 / 3))


def test_who_was_born_meanwhile_has_a_window_from_its_birth(rig: Rig) -> None:
    rig.recorder.begin()
    rig.clock.now += 0.3
    start = rig.born(1000.1)
    rig.run(8, 0.2, starttime=start)
    rig.recorder.tick()
    assert [line.cpu_percent for line in rig.course()] == [pytest.approx(100)]
    first, second = rig.rows(8)
    assert (float(first["user_s"]), float(first["run_s"]), first["generating"]) == (0.0, 0.0, "")
    assert float(first["t"]) == pytest.approx(1000.1, abs=1e-6) and float(second["t"]) == pytest.approx(1000.3)
    found = next(fields for kind, fields in rig.events if kind == "process_found")
    assert found["born_t"] == pytest.approx(1000.1, abs=1e-6)


def test_who_was_born_a_moment_ago_gets_its_line_with_the_next_sample(rig: Rig) -> None:
    rig.recorder.begin()
    rig.clock.now += 0.3
    start = rig.born(1000.28)
    rig.run(8, 0.01, starttime=start)
    rig.recorder.tick()
    assert rig.course() == [] and len(rig.rows(8)) == 2, "its rows are there at once"
    rig.run(8, 0.31, starttime=start)
    rig.tick()
    assert [line.cpu_percent for line in rig.course()] == [pytest.approx(96.875, abs=0.01)], "31 ticks in 0.32 s"


def test_idle_processes_leave_rows_and_no_lines(rig: Rig) -> None:
    """So that the average over the lines is that of the processes which work."""
    rig.run(7, 5.0, state="S")
    rig.run(8, 5.0)
    rig.recorder.begin()
    for step in range(1, 4):
        rig.run(8, 5.0 + 0.3 * step)
        rig.tick()
    assert [line.pid for line in rig.course()] == [8, 8, 8]
    rig.recorder.finish()
    assert len(rig.rows(7)) == 2, "where it begins and where it ends"
    assert len(rig.rows(8)) == 5 and len(rig.rows(8, "thread")) == 3


def test_rows_that_say_nothing_new_are_left_out_and_a_burst_is_not_smeared(rig: Rig) -> None:
    """The row before a change stands: the window of the change is one interval, not the whole pause."""
    rig.run(7, 1.0)
    rig.recorder.begin()
    for _ in range(10):
        rig.tick()
    rig.run(7, 1.3)
    rig.tick()
    assert [round(float(row["t"]) - 1000, 1) for row in rig.rows(7)] == [0.0, 3.0, 3.3]
    rig.run(7, 1.3, state="S")
    rig.tick()
    assert len(rig.rows(7)) == 4, "another state is news"


@pytest.mark.parametrize(
    ("busy", "other", "lines"),
    [
        (1.0, 0.11, [7, 8]),
        (1.0, 0.09, [7]),
        (0.05, 0.011, [7, 8]),
        (0.0, 0.02, [8]),
        (0.0, 0.009, []),
    ],
)
def test_at_work_is_a_hundredth_of_a_core_and_a_tenth_of_the_busiest(
    rig: Rig, busy: float, other: float, lines: list[int]
) -> None:
    rig.run(7, 0.0)
    rig.run(8, 0.0)
    rig.recorder.begin()
    rig.run(7, busy * 3)
    rig.run(8, other * 3)
    rig.tick(3.0)
    assert [line.pid for line in rig.course()] == lines


def test_a_line_after_a_pause_is_about_its_own_window(rig: Rig) -> None:
    rig.run(7, 1.0)
    rig.recorder.begin()
    for _ in range(100):
        rig.tick()
    rig.run(7, 1.3)
    rig.tick()
    assert [line.cpu_percent for line in rig.course()] == [100.0]


def test_a_log_of_idle_processes_has_one_line(rig: Rig) -> None:
    rig.run(7, 1.0, state="S")
    rig.run(8, 1.0, state="S")
    rig.recorder.begin()
    rig.tick()
    rig.tick()
    rig.recorder.finish()
    assert [(line.pid, line.cpu_percent) for line in rig.course()] == [(7, 0.0)], "of the root, about everything"


def test_a_zombie_gets_its_closing_sample_once_and_may_be_reaped(rig: Rig) -> None:
    rig.run(7, 1.0)
    rig.recorder.begin()
    rig.run(7, 1.05, state="Z")
    rig.tick(0.05)
    rig.tick()
    assert rig.reaped == [7, 7], "until it is: it may have become our child only now"
    assert [(line.state, line.cpu_percent) for line in rig.course()] == [("Z", 100.0)]
    rig.members.vanish(7)
    rig.tick()
    assert [(left.pid, left.alive) for left in rig.recorder.left] == [(7, False)]
    assert rig.recorder.finish() == rig.recorder.left


def test_a_short_last_window_needs_real_work_for_a_line(rig: Rig) -> None:
    """Half a millisecond of work in five is 10 %, and no news."""
    rig.run(7, 1.0)
    rig.recorder.begin()
    rig.run(7, 1.3)
    rig.tick()
    rig.run(7, 1.3005, state="Z")
    rig.clock.now += 0.005
    rig.recorder.finish()
    assert len(rig.course()) == 1


def test_one_that_vanishes_leaves_what_was_seen(rig: Rig) -> None:
    rig.run(7, 1.0)
    rig.recorder.begin()
    rig.run(7, 1.3)
    rig.tick()
    rig.members.vanish(7)
    rig.tick()
    ((kind, fields),) = [event for event in rig.events if event[0] == "process_left"]
    assert kind and fields == {
        "pid": 7, "comm": "(inference)", "alive": False, "lines": 1, "wall_s": 0.3, "user_s": 0.3, "system_s": 0.0,
        "wait_s": 0.0,
    }  # fmt: skip


def test_waiting_is_added_up_over_tasks_that_come_and_go(rig: Rig) -> None:
    rig.run(7, 1.0, waits=0)
    rig.recorder.begin()
    rig.run(7, 1.1, waits=SECOND // 10)
    rig.tick()
    rig.run(7, 1.2, waits=3 * SECOND // 10)
    rig.tick()
    (left,) = rig.recorder.finish()
    assert left.wait_s == pytest.approx(0.3) and left.wait_percent == pytest.approx(50)


def test_memory_is_the_highest_that_was_read(rig: Rig) -> None:
    rig.run(7, 1.0, pss_kb=300)
    rig.recorder.begin()
    rig.tick()
    for kilobytes in (500, 400):
        rig.run(7, 1.0, pss_kb=kilobytes)
        rig.tick(4.0)
    (left,) = rig.recorder.finish()
    assert left.pss == 500 * 1024


def test_new_memory_is_news_of_an_idle_process(rig: Rig) -> None:
    rig.run(7, 1.0, pss_kb=300)
    rig.recorder.begin()
    for kilobytes in (400, 500):
        rig.run(7, 1.0, pss_kb=kilobytes)
        rig.tick(10.0)
    assert [row["pss"] for row in rig.rows(7)] == ["", "409600", "512000"]


def test_memory_of_a_young_process_is_read_more_often(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[float] = []
    monkeypatch.setattr(proc, "read_pss", lambda pid, root: reads.append(rig.clock.now - 1000) or 1)
    rig.run(7, 1.0)
    rig.recorder.begin()
    for _ in range(40):
        rig.tick()
    early = [t for t in reads if t < 2.5]
    assert 3 <= len(early) <= 5 and len(reads) - len(early) <= 5


def test_an_error_at_one_process_costs_the_others_nothing(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    for pid in (7, 8):
        rig.run(pid, 1.0)
    rig.recorder.begin()
    good = proc.read_task_schedstats

    def bad(pid: int, *, root: str):
        if pid == 7:
            raise PermissionError(13, "no")
        return good(pid, root=root)

    monkeypatch.setattr(proc, "read_task_schedstats", bad)
    rig.run(8, 1.3)
    rig.tick()
    assert [line.pid for line in rig.course()] == [8]
    assert [kind for kind, _ in rig.events].count("watch_error") == 1
    assert rig.recorder.report()["errors"] == 1


def test_without_a_csv_sink_there_are_lines(fake_proc, clock) -> None:
    rig = Rig(fake_proc, clock)
    rig.recorder._csv_sink = None
    rig.run(7, 1.0)
    rig.recorder.begin()
    rig.run(7, 1.3)
    rig.tick()
    rig.recorder.finish()
    assert len(rig.course()) == 1 and rig.csv.lines == []


def test_nothing_recorded_is_nothing_told(rig: Rig) -> None:
    rig.recorder.begin()
    assert rig.recorder.finish() == [] and rig.csv.lines == [table.header()]
    assert isinstance(rig.recorder.report()["share"], float)


def test_percentages_of_no_time() -> None:
    stat = Stat(1, "(x)", "R", 0, 0, 0, 0, 0, 0, 1, 5, 0, 0, 0, 0)
    nothing = Recorded(stat, 0.0, 0.0, 0.0, 0.0, None, 0, True)
    assert (nothing.user_percent, nothing.system_percent, nothing.wait_percent, nothing.comm) == (0, 0, 0, "(x)")


# -- real processes ---------------------------------------------------------------------------------------------------

BUSY_FAMILY = """
import os, threading, time
def burn(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end: pass
if os.fork() == 0:
    burn(0.3)
    os._exit(0)
thread = threading.Thread(target=burn, args=(0.2,))
thread.start()
thread.join()
os.wait()
os.write(1, b'ready\\n')
__import__('signal').pause()
"""


def test_cpu_time_of_a_real_family(child: Callable[[str], subprocess.Popen[bytes]]) -> None:
    """A parent whose thread burns 0.2 s and a child that burns 0.3 s: what the kernel says of them in the end."""
    log = ListSink()
    recorder = Recorder(
        Tree(os.getpid(), with_root=False),
        0.02,
        [log],  # type: ignore[list-item]
        ListSink(),  # type: ignore[arg-type]
    )
    recorder.begin()
    process = subprocess.Popen([__import__("sys").executable, "-S", "-E", "-c", BUSY_FAMILY], stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        os.set_blocking(process.stdout.fileno(), False)
        while process.stdout.read(1) is None:
            recorder.tick()
        recorder.finish()
    finally:
        process.kill()
        process.communicate()
    recorded = {row.pid: row for row in recorder.left}
    assert len(recorded) == 2 and recorded[process.pid].alive
    (other,) = [row for pid, row in recorded.items() if pid != process.pid]
    assert not other.alive
    assert 0.15 < recorded[process.pid].cpu_s < 0.45, "its thread, and starting Python"
    assert 0.15 < other.cpu_s <= 0.32, "less what it used after its last sample"
    assert {line.pid for line in map(parse_line, log.lines) if line} == set(recorded)
