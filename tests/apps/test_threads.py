"""`python -m llmproc threads`: its lines byte by byte, the clocks behind them, and the same text for every n."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.chatting import COURSE_LINE, SPEED, Chat, run
from support.waiting import PATIENCE_S

from llmproc.apps.threads.options import parse_options
from llmproc.config import EngineOptions, Environment
from llmproc.errors import UsageError
from llmproc.labs.threads.clocks import CpuTime, ThreadTimes, has_schedstat, read_times, report_lines

TIME = r"user: \d+\.\d{4} s, system: \d+\.\d{4} s"
LINES = re.compile(
    rf"((?:Thread \d+ has completed - {TIME}\n)*)main thread - {TIME}\nWhole process - {TIME}\n\Z"
)  # fmt: skip
NAMED = """
import ctypes, sys, threading, time
libc = ctypes.CDLL(None)
done = threading.Event()
ready = threading.Semaphore(0)
def rank(name, seconds):
    libc.prctl(15, name, 0, 0, 0)
    while time.thread_time() < seconds:
        pass
    ready.release()
    done.wait()
names = [(b"rank-1", 0.05), (b"rank-0", 0.15), (b"rank-x", 0), (b"other", 0)]
threads = [threading.Thread(target=rank, args=name) for name in names]
for thread in threads: thread.start()
for thread in threads: ready.acquire()
print("ready", flush=True)
sys.stdin.read()
done.set()
"""


def threads(folder: Path, *arguments: object, **settings: object) -> tuple[int, str, str]:
    (folder / "log.txt").unlink(missing_ok=True)
    return run(folder, "threads", *arguments, module="llmproc", timeout=120.0, **settings)  # type: ignore[arg-type]


# -- lines and clocks -------------------------------------------------------------------------------------------------


def test_the_lines_of_the_contract() -> None:
    times = ThreadTimes({0: CpuTime(4.61, 0.02)}, CpuTime(0.64, 0.01))
    assert report_lines(times, CpuTime(20.02, 1.38)) == [
        "Thread 0 has completed - user: 4.6100 s, system: 0.0200 s",
        "main thread - user: 0.6400 s, system: 0.0100 s",
        "Whole process - user: 20.0200 s, system: 1.3800 s",
    ]


def test_what_is_unknown_has_no_line() -> None:
    assert report_lines(ThreadTimes({}, None), None) == []


def task(root: Path, tid: int, comm: str, ticks: tuple[int, int], run_ns: int | None) -> None:
    folder = root / "7" / "task" / str(tid)
    folder.mkdir(parents=True)
    fields = ["S", *["0"] * 10, *map(str, ticks), *["0"] * 40]
    (folder / "stat").write_text(f"{tid} ({comm}) {' '.join(fields)}\n")
    if run_ns is not None:
        (folder / "schedstat").write_text(f"{run_ns} 5 5\n")


def test_sums_are_nanoseconds_and_system_is_ticks(tmp_path: Path) -> None:
    task(tmp_path, 7, "inference", (10, 3), 137_400_000)
    task(tmp_path, 9, "rank-1", (0, 0), 4_000_000)
    task(tmp_path, 8, "rank-0", (0, 2), 12_000_000)  # a tick was charged for more than there was
    task(tmp_path, 12, "rank-10", (2, 1), None)
    task(tmp_path, 13, "rank-1) S (", (9, 9), 1)
    found = read_times(7, root=str(tmp_path))
    assert list(found.ranks) == [0, 1, 10]
    assert found.main and str(found.main) == "user: 0.1074 s, system: 0.0300 s"
    assert str(found.ranks[1]) == "user: 0.0040 s, system: 0.0000 s"
    assert str(found.ranks[0]) == "user: 0.0000 s, system: 0.0120 s"
    assert str(found.ranks[10]) == "user: 0.0200 s, system: 0.0100 s", "ticks alone where nothing better is there"


def test_a_process_that_is_gone(tmp_path: Path) -> None:
    assert read_times(7, root=str(tmp_path)) == ThreadTimes({}, None)


def test_named_threads_of_a_real_process() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", NAMED], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout and process.stdin and process.stdout.readline() == "ready\n"
        found = read_times(process.pid)
        process.stdin.close()
    assert list(found.ranks) == [0, 1] and found.main is not None
    first, second = (time.user + time.system for time in found.ranks.values())
    slack = 0.001 if has_schedstat() else 0.02
    assert 0.15 - slack <= first and 0.05 - slack <= second < first


# -- the command line -------------------------------------------------------------------------------------------------


def test_options(tmp_path: Path) -> None:
    given = ("2", "-5", "a", "--nice", "3", "b", "--temperature", "0", "--model", str(tmp_path / "m"))
    found = parse_options("x", given, Environment())
    assert found.prompts == ("a", "b") and found.scheduling.nice == 3 and found.sampling.temperature == 0
    assert found.engine == EngineOptions(threads=2, leads=False, adapt=False), "n ranks beside the worker's own thread"
    assert found.seed_drawn and found.sampling.seed > 0 and found.model == tmp_path / "m"
    course = parse_options("x", ("0", "1", "a", "--course"), Environment()).engine
    assert course == EngineOptions(threads=0, leads=False, adapt=False, kv_type="f32", c_order=True)
    assert parse_options("x", ("1", "1", "--", "--help"), Environment()).prompts == ("--help",)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("17", "1", "a"), "n is 17: must be from 0 to 16"),
        (("-1", "1", "a"), "n is -1"),
        (("x", "1", "a"), "n is x: must be a whole number"),
        (("1", "x", "a"), "seed is x: must be a whole number"),
        (("1", "1"), "prompt"),
        ((), "n, seed, prompt"),
        (("1", "1", "a", "--system", "b", "--course"), "--system"),
        (("1", "1", "a", "--rt-priority", "5"), "--rt-priority"),
        (("1", "1", "a", "--interval", "0"), "--interval"),
        (("1", "1", "a", "--nice", "99"), "nice"),
        (("1", "1", "a", "--kv-type", "f16", "--course"), "kv-type"),
        (("1", "1", "a", "--frob"), "--frob"),
    ],
)
def test_refused(arguments: tuple[str, ...], named: str) -> None:
    with pytest.raises(UsageError, match=re.escape(named)):
        parse_options("x", arguments, Environment())


def test_help_says_what_the_times_are(tmp_path: Path) -> None:
    code, out, err = threads(tmp_path, "--help")
    assert (code, err) == (0, "") and "resolution of 10 ms" in out and "examples:" in out and "--policy" in out


def test_a_missing_model_is_one_line(tmp_path: Path) -> None:
    code, out, err = threads(tmp_path, 1, 1, "a", "--model", tmp_path / "none.bin")
    assert (code, out) == (4, "") and err.startswith("llmproc: ") and err.count("\n") == 1


# -- whole runs -------------------------------------------------------------------------------------------------------


def test_every_n_gives_the_same_text(tmp_path: Path, quick: Path) -> None:
    texts = set()
    for n in (0, 1, 2, 5):
        code, out, err = threads(tmp_path, n, 7, "Hello", "And more", "--model", quick, "--max-tokens", 20)
        assert code == 0, out
        found = LINES.search(out)
        assert found, out
        assert re.findall(r"Thread (\d+)", found[1]) == [str(rank) for rank in range(n)]
        text = out[: found.start()]
        assert len(SPEED.findall(text)) == 2 and "ranks were found" not in text and "run folder" not in text
        texts.add(re.sub(r"\[INFO\] .*\n", "", text))  # speeds, and on a first run that kernels are compiled
        for line in err.splitlines():
            assert COURSE_LINE.fullmatch(line), "the log takes course lines only"
    assert len(texts) == 1
    assert len(list((tmp_path / "runs").glob("*-*"))) == 4, "each run keeps its folder, and does not speak of it"


def test_threads_add_up_to_the_process(tmp_path: Path, slow: Path) -> None:
    code, out, _ = threads(tmp_path, 2, 7, "Hello", "--model", slow, "--max-tokens", 60, "--run-dir", "none")
    assert code == 0
    *parts, whole = [
        sum(map(float, re.findall(r"(\d+\.\d{4}) s", line))) for line in out.splitlines() if " s, " in line
    ]
    assert len(parts) == 3 and abs(sum(parts) - whole) < 0.1 + 0.2 * whole
    assert min(parts[:2]) > 0, "both ranks worked"


def test_policy_and_nice_reach_the_worker(tmp_path: Path, quick: Path) -> None:
    arguments = (2, 7, "Hello", "--model", quick, "--max-tokens", 5, "--policy", "batch", "--nice", 5)
    code, _, err = threads(tmp_path, *arguments)
    assert code == 0 and err
    assert all("SCHED_BATCH [nice] 5" in line for line in err.splitlines())


def test_a_refused_prompt_fails_alone(tmp_path: Path, quick: Path) -> None:
    code, out, _ = threads(tmp_path, 1, 7, "x " * 2000, "Hello", "--model", quick, "--max-tokens", 5)
    assert code == 1 and "[INFO] error: " in out and len(SPEED.findall(out)) == 1 and LINES.search(out)


def test_an_interrupt_keeps_what_was_written_and_reports(tmp_path: Path, slow: Path) -> None:
    arguments = ("threads", 2, 7, "Hello", "More", "--model", slow, "--max-tokens", 900)
    with Chat(tmp_path, *arguments, module="llmproc") as run_of_it:
        run_of_it.until(lambda: run_of_it.text)
        run_of_it.interrupt()
        assert run_of_it.wait() == 130
        assert len(SPEED.findall(run_of_it.text)) == 1 and LINES.search(run_of_it.text)


def test_closed_stdout(tmp_path: Path, quick: Path) -> None:
    with Chat(tmp_path, "threads", 1, 7, "Hello", "--model", quick, module="llmproc") as run_of_it:
        assert run_of_it.process.stdout
        run_of_it.process.stdout.close()
        run_of_it._output = -1
        assert run_of_it.process.wait(PATIENCE_S) == 141
