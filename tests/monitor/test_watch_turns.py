"""The watch under a fake clock and a fake /proc: which lines, which windows, which events."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from llmproc.monitor import proc, subject, table
from llmproc.monitor.courselog import CourseLine, parse_line
from llmproc.monitor.watch import ProcWatch


class ListSink:
    """A sink that keeps its lines."""

    fd, name, failure, skipped = -1, "list", None, 0

    def __init__(self) -> None:
        self.lines: list[str] = []

    def write(self, line: str) -> bool:
        self.lines.append(line)
        return True


class Rig:
    """A watch, and everything it writes."""

    def __init__(self, fake_proc, clock, interval: float = 0.3, cpus: int = 8) -> None:
        self.proc, self.clock = fake_proc, clock
        self.log, self.csv, self.events, self.notices = ListSink(), ListSink(), [], []
        self.csv.lines.append(table.header())
        self.watch = ProcWatch(
            interval,
            [self.log],  # type: ignore[list-item]
            self.csv,  # type: ignore[arg-type]
            clock=clock,
            event=lambda kind, **fields: self.events.append((kind, fields)),
            notice=self.notices.append,
            proc_root=fake_proc.root,
            cpus=cpus,
        )

    def course(self) -> list[CourseLine]:
        found = [parse_line(line) for line in self.log.lines]
        assert None not in found
        return [line for line in found if line is not None]

    def rows(self, scope: str = "process") -> list[dict[str, str]]:
        text = io.StringIO("\n".join(self.csv.lines))
        return [row for row in csv.DictReader(text) if row["scope"] == scope]


@pytest.fixture
def rig(fake_proc, clock) -> Rig:
    return Rig(fake_proc, clock)


def test_a_turn_of_one_and_a_half_intervals(rig: Rig) -> None:
    rig.proc.put(7, user=400, system=12)
    rig.watch.begin_turn(7)
    rig.proc.put(7, user=427, system=13)
    rig.clock.now += 0.3
    rig.watch.tick()
    rig.proc.put(7, user=442, system=13)
    rig.clock.now += 0.15
    rig.watch.end_turn(7)
    assert [line.cpu_percent for line in rig.course()] == [93.33, 100.0]
    assert [line.utime for line in rig.course()] == [427, 442]
    kinds = [kind for kind, _ in rig.events]
    assert kinds == ["turn_began", "turn_ended"]
    assert rig.events[1][1] == {"pid": 7, "turn": 1, "lines": 2, "wall_s": 0.45, "user_s": 0.42, "system_s": 0.01}


def test_the_first_sample_starts_where_the_turn_starts(rig: Rig) -> None:
    rig.proc.put(7, user=0)
    rig.watch.worker_started(7)
    rig.clock.now += 50  # idle
    rig.watch.begin_turn(7)
    rig.proc.put(7, user=30)
    rig.clock.now += 0.3
    rig.watch.tick()
    assert rig.course()[0].cpu_percent == 100.0


def test_a_turn_of_one_millisecond_leaves_its_line(rig: Rig) -> None:
    rig.proc.put(7, user=5, tasks={7: 50_000_000})
    rig.watch.begin_turn(7)
    rig.proc.put(7, user=5, tasks={7: 50_750_000})
    rig.clock.now += 0.001
    rig.watch.end_turn(7)
    assert [line.cpu_percent for line in rig.course()] == [75.0]


def test_a_turn_without_any_time_leaves_its_line(rig: Rig) -> None:
    rig.proc.put(7)
    rig.watch.begin_turn(7)
    rig.watch.end_turn(7)
    assert [line.cpu_percent for line in rig.course()] == [0.0]


def test_a_zombie_closes_its_turn(rig: Rig) -> None:
    rig.proc.put(7, user=5)
    rig.watch.begin_turn(7)
    rig.proc.put(7, user=25, state="Z")
    rig.clock.now += 0.2
    rig.watch.worker_died(7)
    rig.watch.end_turn(7)  # main may say so as well: no second line
    assert [(line.state, line.cpu_percent) for line in rig.course()] == [("Z", 100.0)]
    assert rig.watch.grid.next is None


def test_a_task_that_ends_in_the_closing_window(rig: Rig) -> None:
    rig.proc.put(7, user=5, tasks={7: 5, 8: 10**9})
    rig.watch.begin_turn(7)
    rig.proc.put(7, user=5, tasks={7: 5})
    rig.clock.now += 0.05
    rig.watch.end_turn(7)
    assert [line.cpu_percent for line in rig.course()] == [0.0]


def test_a_process_that_is_gone_is_an_event_not_an_invented_line(rig: Rig) -> None:
    rig.proc.put(7)
    rig.watch.begin_turn(7)
    Path(rig.proc.root, "7/stat").unlink()
    rig.watch.tick()
    rig.watch.end_turn(7)
    assert rig.log.lines == []
    assert rig.events[-1] == ("turn_ended", {"pid": 7, "turn": 1, "lines": 0, "missed": True})


def test_a_pid_used_again_is_another_process(rig: Rig) -> None:
    rig.proc.put(7, user=500, starttime=1)
    rig.watch.begin_turn(7)
    rig.proc.put(7, user=1, starttime=2)
    rig.clock.now += 0.3
    rig.watch.tick()
    assert rig.log.lines == []
    rig.watch.begin_turn(7)
    rig.proc.put(7, user=16, starttime=2)
    rig.clock.now += 0.3
    rig.watch.end_turn(7)
    assert [line.cpu_percent for line in rig.course()] == [50.0]


def test_only_the_generating_worker_gets_lines_but_all_get_rows(rig: Rig) -> None:
    for pid in (7, 8):
        rig.proc.put(pid, tasks={pid: 5, pid + 100: 6})
        rig.watch.worker_started(pid)
    rig.watch.begin_turn(8)
    rig.clock.now += 0.3
    rig.watch.tick()
    assert [line.pid for line in rig.course()] == [8]
    last = rig.rows()[-2:]
    assert [(row["pid"], row["generating"]) for row in last] == [("7", "0"), ("8", "1")]
    assert [row["tid"] for row in rig.rows("thread")[-4:]] == ["7", "107", "8", "108"]


def test_the_row_of_a_turns_begin_belongs_to_the_idle_time(rig: Rig) -> None:
    rig.proc.put(7)
    for _ in range(2):
        rig.watch.begin_turn(7)
        rig.clock.now += 0.3
        rig.watch.end_turn(7)
    assert [row["generating"] for row in rig.rows()] == ["0", "1", "0", "1"]


def test_what_a_row_says(rig: Rig) -> None:
    rig.proc.put(
        7, comm='a,"b', user=457, system=13, tasks={7: 1_500_000_000, 9: 500_000_000}, waits=250_000_000, pss_kb=2
    )
    rig.watch.begin_turn(7)
    rig.clock.now += 0.3
    rig.watch.tick()
    row = rig.rows()[-1]
    assert (row["comm"], row["policy"], row["nice"], row["core"], row["state"]) == (
        '(a,"b)',
        "SCHED_BATCH",
        "-3",
        "4",
        "R",
    )
    assert (row["t"], row["starttime"], row["tid"]) == ("1000.300000", "77", "")
    assert (float(row["user_s"]), float(row["system_s"])) == (4.57, 0.13)
    assert (float(row["run_s"]), float(row["wait_s"]), row["slices"]) == (2.0, 0.5, "10")
    assert (row["voluntary_switches"], row["involuntary_switches"]) == ("6", "8")
    assert (row["minor_faults"], row["major_faults"], row["threads"]) == ("11", "12", "2")
    assert (row["vsize"], row["rss"], row["pss"]) == ("358088704", str(100 * proc.PAGE_SIZE), "2048")
    assert row["throttled_s"] == ""


def test_pss_is_read_sparingly(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    reads = []
    monkeypatch.setattr(proc, "read_pss", lambda pid, root: reads.append(pid) or 5)
    rig.proc.put(7)
    rig.watch.begin_turn(7)
    for _ in range(30):
        rig.clock.now += 0.3
        rig.watch.tick()
    assert 2 <= len(reads) <= 4
    assert sum(row["pss"] != "" for row in rig.rows()) == len(reads)


def test_short_turns_have_memory_at_both_ends(rig: Rig) -> None:
    for turn, kilobytes in enumerate((10, 30)):
        rig.proc.put(7, pss_kb=kilobytes)
        rig.watch.begin_turn(7)
        rig.clock.now += 0.05
        rig.proc.put(7, pss_kb=kilobytes + 10)
        rig.watch.end_turn(7)
        rig.clock.now += 0.05
        assert [int(row["pss"]) // 1024 for row in rig.rows()[2 * turn :]] == [kilobytes, kilobytes + 10]


def test_memory_at_the_ends_of_turns_is_within_the_budget(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousandth of the time, and an advance for the first readings."""
    cpu_s, reads = [0.0], []

    def slow(pid: int, root: str) -> int:
        cpu_s[0] += 0.008
        reads.append(rig.clock.now - 1000)
        return 5

    monkeypatch.setattr(proc, "read_pss", slow)
    monkeypatch.setattr(subject.time, "thread_time", lambda: cpu_s[0])
    rig.proc.put(7)
    for _ in range(600):
        rig.watch.begin_turn(7)
        rig.clock.now += 0.05
        rig.watch.end_turn(7)
        rig.clock.now += 0.05
    assert [round(t, 2) for t in reads[:3]] == [0.0, 0.05, 0.1], "the advance"
    assert 0.008 * len(reads) <= 60 / 1000 + 0.02 + 0.008 and len(reads) >= 9
    assert rig.watch.overhead.report(0)["cpu_s"] >= 0.008 * len(reads), "the watch accounts for it"


def test_without_samples_nothing_is_read_for_them(fake_proc, clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proc, "read_pss", lambda pid, root: pytest.fail("read for nobody"))
    watch = ProcWatch(0.3, clock=clock, proc_root=fake_proc.root)
    fake_proc.put(7)
    watch.begin_turn(7)
    watch.end_turn(7)
    assert watch.report()["errors"] == 0


def test_the_grid_skips_what_was_slept_through(rig: Rig) -> None:
    rig.proc.put(7)
    rig.watch.begin_turn(7)
    assert rig.watch.grid.next == pytest.approx(1000.3)
    rig.clock.now += 100.0
    rig.watch.tick()
    assert 1100.0 < rig.watch.grid.next <= 1100.3 + 1e-6
    rig.clock.now = 1100.35
    rig.watch.tick()
    assert len(rig.log.lines) == 2


def test_nobody_generating_means_no_grid(rig: Rig) -> None:
    for pid in (7, 8):
        rig.proc.put(pid)
        rig.watch.begin_turn(pid)
    rig.watch.end_turn(7)
    assert rig.watch.grid.next is not None
    rig.watch.end_turn(8)
    assert rig.watch.grid.next is None


def test_a_turn_begun_twice_is_closed_first(rig: Rig) -> None:
    rig.proc.put(7)
    rig.watch.begin_turn(7)
    rig.watch.begin_turn(7)
    assert [kind for kind, _ in rig.events] == ["turn_began", "turn_ended", "turn_began"]
    assert len(rig.log.lines) == 1


def test_unknown_pids_do_no_harm(rig: Rig) -> None:
    rig.watch.end_turn(99)
    rig.watch.worker_died(99)
    rig.watch.worker_started(99)
    rig.watch.begin_turn(99)
    rig.watch.tick()
    rig.watch.end_turn(99)
    assert rig.log.lines == []


def test_errors_are_told_once_and_survived(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    rig.proc.put(7)
    rig.watch.begin_turn(7)
    good = proc.read_stat

    def bad(*args, **kwargs):
        raise PermissionError(13, "no")

    monkeypatch.setattr(proc, "read_stat", bad)
    for _ in range(9):
        rig.watch.tick()
    assert [kind for kind, _ in rig.events].count("watch_error") == 3
    assert len(rig.notices) == 1 and "PermissionError" in rig.notices[0]
    monkeypatch.setattr(proc, "read_stat", good)
    rig.clock.now += 0.3
    rig.watch.end_turn(7)
    assert len(rig.log.lines) == 1
    assert rig.watch.report()["errors"] == 9


def test_an_end_that_fails_still_ends_the_turn(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    rig.proc.put(7)
    rig.watch.begin_turn(7)
    monkeypatch.setattr(proc, "read_stat", lambda *a, **k: 1 / 0)
    rig.watch.end_turn(7)
    assert rig.watch.grid.next is None


def test_a_broken_event_log_does_not_reach_main(rig: Rig) -> None:
    def event(kind: str, **fields: object) -> None:
        raise OSError(28, "full")

    rig.watch.overhead._event = event
    rig.proc.put(7)
    rig.watch.begin_turn(7)
    rig.watch.end_turn(7)
    assert len(rig.log.lines) == 1


def test_the_closing_row_has_the_rusage(rig: Rig) -> None:
    import resource

    rig.proc.put(7, state="Z")
    rig.watch.worker_started(7)
    rig.watch.worker_died(7)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    rig.watch.worker_reaped(7, usage)
    rig.watch.worker_reaped(7, usage)  # only once
    (row,) = rig.rows("rusage")
    assert float(row["user_s"]) == pytest.approx(usage.ru_utime, abs=1e-5)
    assert row["rss"] == str(usage.ru_maxrss * 1024)
    assert (row["pid"], row["state"], row["starttime"]) == ("7", "X", "77")


def test_thread_rows_thin_out_when_they_cost_too_much(fake_proc, clock) -> None:
    rig = Rig(fake_proc, clock, interval=0.0001)  # so short that any sampling is too dear
    rig.proc.put(7, tasks={7: 0, 8: 0})
    rig.watch.begin_turn(7)
    threads = len(rig.rows("thread"))
    for _ in range(20):
        clock.now += 0.3
        rig.watch.tick()
    assert len(rig.log.lines) == 20  # the course line never thins out
    assert len(rig.rows("process")) == 21
    assert len(rig.rows("thread")) - threads < 20
    assert rig.watch.report()["thread_stride"] > 1


def test_a_sink_that_failed_is_left_alone(rig: Rig) -> None:
    rig.csv.failure = "gone"  # type: ignore[assignment]
    rig.proc.put(7)
    before = len(rig.csv.lines)
    rig.watch.begin_turn(7)
    rig.watch.end_turn(7)
    assert len(rig.csv.lines) == before and len(rig.log.lines) == 1


def test_what_comes_after_a_grid_point(fake_proc, clock) -> None:
    """`after` follows every grid point; a poke brings one tick that looks at nobody."""
    after: list[int] = []
    rig = Rig(fake_proc, clock)
    rig.watch._after = lambda: after.append(len(rig.rows()))
    rig.proc.put(7)
    rig.watch.worker_started(7)
    rig.watch.poke()
    assert rig.watch.grid.next == pytest.approx(1000.3)
    rig.watch.tick()
    assert after == [1] and rig.watch.report()["grid_points"] == 0
    rig.watch.begin_turn(7)
    rig.watch.tick()
    assert after == [1, 3]
    rig.watch.end_turn(7)
    assert rig.watch.grid.next is None


def test_an_after_that_fails_is_an_error_of_the_watch(rig: Rig) -> None:
    rig.watch._after = lambda: 1 / 0
    rig.watch.tick()
    assert rig.watch.report()["errors"] == 1 and len(rig.notices) == 1
