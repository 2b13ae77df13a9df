"""CPU seconds between two readings, parted into serving and computing."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from llmproc.experiments.http_load.cpu_times import ProcessReading, by_process, by_thread, read_tree, total

MAIN, WORKER, LATER = (10, 1), (11, 1), (12, 7)
BEFORE = {MAIN: ProcessReading(5.0, {10: 3.0, 20: 1.0}), WORKER: ProcessReading(50.0, {11: 50.0})}
AFTER = {
    MAIN: ProcessReading(5.5, {10: 3.25, 20: 1.25}),
    WORKER: ProcessReading(58.0, {11: 57.0, 30: 1.0}),
    LATER: ProcessReading(0.5, {12: 0.5}),
}


def test_processes_below_the_first_compute() -> None:
    found = by_process(BEFORE, AFTER, 10)
    assert found.serving_s == pytest.approx(0.5) and found.computing_s == pytest.approx(8.5)
    assert found.total_s == pytest.approx(9.0) == total(BEFORE, AFTER).total_s


def test_the_busiest_threads_compute() -> None:
    one, two = (by_thread(BEFORE, AFTER, count) for count in (1, 2))
    assert one.computing_s == pytest.approx(7.0) and one.serving_s == pytest.approx(2.0)
    assert two.computing_s == pytest.approx(8.0) and two.serving_s == pytest.approx(1.0)
    assert one.total_s == two.total_s == pytest.approx(9.0)


def test_threads_that_ended_are_counted_by_the_ticks() -> None:
    """Their nanoseconds went with them; whole ticks may be two behind."""
    ended = {MAIN: ProcessReading(7.0, {10: 3.25})}
    assert total(BEFORE, ended).total_s == pytest.approx(2.0 - 0.02)
    assert total({}, {MAIN: ProcessReading(0.0, {10: 0.004})}).total_s == pytest.approx(0.004)


def test_a_pid_that_was_used_again_is_another_process() -> None:
    assert total(BEFORE, {(10, 99): ProcessReading(0.25, {10: 0.25})}).total_s == pytest.approx(0.25)


def test_a_real_process_and_its_child_are_read() -> None:
    child = "import time\nwhile time.process_time() < 0.3: pass\nprint(flush=True)\ninput()"
    code = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {child!r}])"
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None and process.stdout is not None
    with process.stdin, process.stdout:
        process.stdout.readline()
        found = read_tree(process.pid)
        used = by_process({}, found, process.pid)
        assert len(found) == 2 and process.pid in {pid for pid, _ in found} and os.getpid() not in {p for p, _ in found}
        assert used.computing_s is not None and used.serving_s is not None
        assert used.computing_s >= 0.3 > used.serving_s > 0
    assert process.wait() == 0 and read_tree(process.pid) == {}
