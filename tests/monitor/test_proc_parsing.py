"""/proc parsing: hostile names, real processes in every state, and what is gone."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.waiting import until

from llmproc.monitor import proc

Child = Callable[[str], subprocess.Popen[bytes]]
SLEEPING = "print('ready', flush=True); import sys; sys.stdin.read() if False else __import__('signal').pause()"
BUSY = "print('ready', flush=True)\nwhile True: pass"
TAIL = " S 9 1 1 0 -1 4194304 11 0 12 0 457 13 0 0 20 -5 2 0 4242 8192 3 18446744073709551615" + " 0" * 13 + " 7 0 5 0"


@pytest.mark.parametrize(
    "comm",
    [
        "inference",
        ") R 1 (x y",
        "))))",
        "((((",
        "a b  c",
        "",
        ") S 1 2 3 4 5",
        "\udcff\udcfe",
        "日本",
        "(sd-pam)",
        "a,b\"c'",
    ],
)
def test_comm_is_what_lies_between_first_and_last_parenthesis(comm: str) -> None:
    content = f"42 ({comm}){TAIL}\n".encode("utf-8", "surrogateescape")
    stat = proc.parse_stat(content)
    assert stat.comm == f"({comm})"
    assert (stat.pid, stat.state, stat.ppid, stat.utime, stat.stime) == (42, "S", 9, 457, 13)
    assert (stat.minflt, stat.majflt, stat.nice, stat.num_threads) == (11, 12, -5, 2)
    assert (stat.starttime, stat.vsize, stat.rss) == (4242, 8192, 3 * proc.PAGE_SIZE)
    assert (stat.processor, stat.policy) == (7, 5)
    assert stat.key == (42, 4242)


@given(st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\n\0"), max_size=15))
@settings(max_examples=60, deadline=None)
def test_no_name_moves_a_field(comm: str) -> None:
    stat = proc.parse_stat(f"42 ({comm}){TAIL}".encode())
    assert (stat.comm, stat.utime, stat.policy) == (f"({comm})", 457, 5)


@given(st.binary(max_size=200))
@settings(max_examples=100, deadline=None)
def test_anything_else_is_a_value_error(content: bytes) -> None:
    with pytest.raises(ValueError):
        proc.parse_stat(content)


@pytest.mark.parametrize("cut", [0, 1, 5, 20, 60])
def test_a_cut_stat_is_a_value_error(cut: int) -> None:
    with pytest.raises(ValueError):
        proc.parse_stat(f"42 (x){TAIL}".encode()[:cut])


def test_policy_names() -> None:
    names = [proc.policy_name(n) for n in range(8)]
    assert names == [
        "SCHED_OTHER",
        "SCHED_FIFO",
        "SCHED_RR",
        "SCHED_BATCH",
        "SCHED_ISO",
        "SCHED_IDLE",
        "SCHED_DEADLINE",
        "SCHED_EXT",
    ]
    assert proc.policy_name(12) == "SCHED_12"


def test_myself() -> None:
    def undisturbed() -> tuple[proc.Stat, list[int], list[int]] | None:
        """Look when no thread comes or goes: those of earlier tests are listed for a moment after they were joined."""
        before = listed()
        stat, tasks = proc.read_stat(os.getpid()), proc.read_tasks(os.getpid())
        if stat is None or tasks is None or before != listed() or stat.num_threads != len(before):
            return None
        return stat, tasks, before

    def listed() -> list[int]:
        return sorted(map(int, os.listdir("/proc/self/task")))

    found = until(undisturbed, "as many threads in stat as are listed")
    assert found is not None
    stat, tasks, there = found
    assert (stat.pid, stat.ppid) == (os.getpid(), os.getppid())
    assert stat.nice == os.nice(0)
    assert stat.policy == os.sched_getscheduler(0)
    assert stat.num_threads == len(there) and tasks == there
    pss = proc.read_pss(os.getpid())
    assert pss is not None and 0 < pss <= stat.vsize


def test_a_real_process_with_a_hostile_name(child: Child) -> None:
    rename = "open('/proc/self/comm', 'w').write(') R 1 (x y')\n"
    stat = proc.read_stat(child(rename + SLEEPING).pid)
    assert stat is not None
    assert stat.comm == "() R 1 (x y)"
    assert stat.ppid == os.getpid()


def test_busy_child_uses_cpu_and_sleeping_child_does_not(child: Child) -> None:
    busy, sleeping = child(BUSY).pid, child(SLEEPING).pid
    before, quiet = proc.read_schedstat(busy), None
    while (stat := proc.read_stat(sleeping)) is not None and stat.state != "S":
        time.sleep(0)
    quiet = proc.read_schedstat(sleeping)
    while (now := proc.read_schedstat(busy)) is not None and before is not None and now.run_ns <= before.run_ns:
        time.sleep(0)
    assert proc.read_schedstat(sleeping) == quiet
    found = proc.read_stat(busy)
    assert found is not None and found.state == "R"
    assert proc.read_context_switches(sleeping) is not None


def test_stopped_child(child: Child) -> None:
    process = child(BUSY)
    process.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
    stat = proc.read_stat(process.pid)
    assert stat is not None and stat.state == "T"


def test_a_zombie_reads_and_a_reaped_one_is_none(child: Child, wait_for_zombie: Callable[[int], None]) -> None:
    process = child(BUSY)
    process.kill()
    wait_for_zombie(process.pid)
    stat = proc.read_stat(process.pid)
    assert stat is not None and (stat.state, stat.vsize) == ("Z", 0)
    assert proc.read_schedstat(process.pid) is not None
    assert proc.read_pss(process.pid) is None
    process.wait()
    assert proc.read_stat(process.pid) is None
    assert proc.read_tasks(process.pid) is None
    assert proc.read_schedstat(process.pid) is None
    assert proc.read_context_switches(process.pid) is None
    assert proc.read_pss(process.pid) is None


def test_schedstat_is_summed_over_tasks(fake_proc) -> None:
    fake_proc.put(5, tasks={5: 1_000, 6: 20_000, 7: 300_000}, waits=4)
    assert proc.read_tasks(5, root=fake_proc.root) == [5, 6, 7]
    assert proc.read_schedstat(5, root=fake_proc.root) == proc.SchedStat(321_000, 12, 15)
    thread = proc.read_stat(5, 6, root=fake_proc.root)
    assert thread is not None and thread.pid == 6
    assert proc.read_context_switches(5, 6, root=fake_proc.root) == (3, 4)


def test_a_task_that_ends_while_its_files_are_read_is_left_out(fake_proc) -> None:
    fake_proc.put(5, tasks={5: 1_000, 6: 20_000})
    Path(fake_proc.root, "5/task/6/schedstat").unlink()
    tasks = proc.read_task_schedstats(5, root=fake_proc.root)
    assert tasks is not None and list(tasks) == [5]


def test_a_kernel_without_schedstat(fake_proc) -> None:
    fake_proc.put(5)
    Path(fake_proc.root, "5/task/5/schedstat").unlink()
    assert proc.read_schedstat(5, root=fake_proc.root) is None


def test_pss_in_bytes(fake_proc) -> None:
    fake_proc.put(5, pss_kb=328)
    assert proc.read_pss(5, root=fake_proc.root) == 328 * 1024


def test_a_zombie_with_threads_has_not_ended() -> None:
    """pthread_exit in main: the first thread is a zombie, the process works on."""
    stat = proc.parse_stat(f"42 (x){TAIL}\n".encode().replace(b") S ", b") Z "))
    assert (stat.state, stat.num_threads, stat.ended) == ("Z", 2, False)
    alone = proc.parse_stat(f"42 (x){TAIL}\n".encode().replace(b") S ", b") Z ").replace(b" -5 2 0 ", b" -5 1 0 "))
    assert (alone.num_threads, alone.ended) == (1, True)
