"""A checked program: talked to, waited for with a deadline, and ended with everything it started."""

from __future__ import annotations

import itertools
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
from labs.checking import environment, solved
from support.paths import ROOT
from support.processes import marked, remaining
from support.waiting import until

from llmproc.errors import UsageError
from llmproc.labs.checking.program import CheckedProgram, Patience
from llmproc.processes.system import get_child_subreaper

PATIENCE = Patience(quiet_s=30, total_s=90)
SHORT = Patience(quiet_s=0.5, total_s=90)
LIMIT_S = 60.0


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_it_writes_reads_and_sees_the_end(tmp_path: Path) -> None:
    with CheckedProgram(["cat"], tmp_path, PATIENCE) as program:
        exchange = program.say("hello")
        assert program.wait(lambda: program.seen.text(exchange.begin) == "hello\n", "the echo")
        program.close_input()
        assert program.wait_end("the end", 0)
    assert program.seen.status == 0 and program.seen.left == [] and not program.seen.given_up


def test_lines_of_stderr_are_kept_with_the_unfinished_last_one(tmp_path: Path) -> None:
    with CheckedProgram(["sh", "-c", "echo one >&2; printf two >&2; exit 3"], tmp_path, PATIENCE) as program:
        assert program.wait_end("the end", 0)
    assert [line.text for line in program.seen.log] == ["one", "two"]
    assert program.seen.ending() == "it ended with status 3 (two)"


def test_a_command_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be started"):
        CheckedProgram(["./nothing"], tmp_path, PATIENCE)
    assert not get_child_subreaper()


def test_a_silent_program_is_given_up(tmp_path: Path) -> None:
    with CheckedProgram(["sleep", "1000"], tmp_path, SHORT) as program:
        assert not program.wait_end("nothing at all", 0)
    assert program.seen.status is None and "waiting for nothing at all" in program.seen.given_up


def test_a_program_that_computes_is_not_given_up(tmp_path: Path) -> None:
    code = "import time\nwhile time.process_time() < 0.9: pass\nprint('done', flush=True)"
    with CheckedProgram(python(code), tmp_path, SHORT) as program:
        assert program.wait(lambda: b"done" in program.seen.out, "its word")


def test_endless_output_is_given_up(tmp_path: Path) -> None:
    with CheckedProgram(["yes"], tmp_path, PATIENCE) as program:
        assert not program.wait_end("the end", 0)
    assert "endless output" in program.seen.given_up


def test_what_outlives_the_program_is_seen_and_ended(tmp_path: Path) -> None:
    mark = str(uuid.uuid4())
    script = "setsid sleep 1000 </dev/null >/dev/null 2>&1 & exit 0"
    with CheckedProgram(["sh", "-c", script], tmp_path, PATIENCE, {"MARK": mark}) as program:
        assert program.wait_end("the end", 0.1)
        assert len(program.seen.left) == 1 and marked(f"MARK={mark}")
    assert marked(f"MARK={mark}") == {} and not get_child_subreaper()


def test_leaving_early_ends_children_of_children(tmp_path: Path) -> None:
    mark = str(uuid.uuid4())
    script = "sh -c 'sleep 1000 & sleep 1000' & setsid sleep 1000 & echo ready; wait"
    with CheckedProgram(["sh", "-c", script], tmp_path, PATIENCE, {"MARK": mark}) as program:
        assert program.wait(lambda: b"ready" in program.seen.out and len(marked(f"MARK={mark}")) >= 5, "its children")
    assert marked(f"MARK={mark}") == {}


def test_other_children_of_the_checker_are_left_alone(tmp_path: Path) -> None:
    own = subprocess.Popen(["sleep", "1000"])
    try:
        with CheckedProgram(["true"], tmp_path, PATIENCE) as program:
            assert program.wait_end("the end", 0)
            assert own.pid not in {pid for pid, _ in program.seen.traces}
        assert own.poll() is None
    finally:
        own.kill()
        own.wait()


@pytest.mark.parametrize(("waits", "zombies"), [("os.waitpid(pid, 0)", 0), ("pass", 1)])
def test_a_child_that_was_not_waited_for_is_found(tmp_path: Path, waits: str, zombies: int) -> None:
    code = (
        "import os\npid = os.fork()\nif pid == 0: os._exit(len(os.read(0, 1)))\n"
        f"os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)\n{waits}"
    )
    with CheckedProgram(python(code), tmp_path, PATIENCE) as program:
        assert program.wait(lambda: len(program.seen.traces) == 2, "a child")
        program.close_input()
        assert program.wait_end("the end", 0)
        assert len(program.unreaped()) == zombies


def test_a_held_program_stands_still_while_its_child_goes_on(tmp_path: Path) -> None:
    code = (
        "import os, time\npid = os.fork()\n"
        "if pid == 0:\n    while True: pass\n"
        "print('ready', flush=True)\nwhile True: print(time.monotonic(), flush=True); time.sleep(0.01)"
    )
    with CheckedProgram(python(code), tmp_path, PATIENCE) as program:
        program.wait(lambda: program.seen.out.count(b"\n") > 3, "its child and some lines")
        program.hold(30, LIMIT_S)
        size = len(program.seen.out)
        program.wait(lambda: len(program.seen.out) > size + 200, "its going on")
        times = [float(line) for line in program.seen.text().splitlines()[1:-1]]
        assert max(b - a for a, b in itertools.pairwise(times)) >= 0.25, "30 ticks went by in one gap"
        assert program.seen.worker is program.seen.others[0]


@pytest.mark.parametrize("group", [False, True])
def test_signals_reach_the_program_or_its_group(tmp_path: Path, group: bool) -> None:
    with CheckedProgram(python(_TWO_HANDLERS), tmp_path, PATIENCE) as program:
        program.wait(lambda: program.seen.out.count(b"ready") == 2, "both")
        program.signal(signal.SIGINT, group)
        assert program.wait(lambda: b"parent" in program.seen.out, "the parent's word")
        if group:
            assert program.wait(lambda: b"child" in program.seen.out, "the child's word")
        program.close_input()
        assert program.wait_end("the end", 30)
    assert (b"child" in program.seen.out) == group


_TWO_HANDLERS = """
import os, signal, sys
pid = os.fork()
name = b"parent" if pid else b"child"
signal.signal(signal.SIGINT, lambda number, frame: os.write(1, name + b"\\n"))
os.write(1, b"ready\\n")
while os.read(0, 1): pass
"""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_an_interrupted_check_leaves_nothing(tmp_path: Path, lab_model: Path, number: int, code: int) -> None:
    """A program that ignores signals, daemons included, while its check is told to end."""
    folder, mark = solved(tmp_path / "lab", lab_model), str(uuid.uuid4())
    (folder / "main.py").write_text(
        "import os, signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "if os.fork() == 0:\n    os.setsid()\n    if os.fork(): os._exit(0)\n"
        "    open('ready', 'w').close()\nwhile True: time.sleep(1)\n"
    )
    command = [sys.executable, "-m", "llmproc", "lab", "check", "processes", str(folder)]
    with subprocess.Popen(
        command, cwd=ROOT, env={**environment(), "MARK": mark}, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as checker:
        until((folder / "ready").exists, "the program's daemon")
        assert len(marked(f"MARK={mark}")) >= 3
        checker.send_signal(number)
        try:
            out, err = checker.communicate(timeout=LIMIT_S)
        finally:
            checker.kill()  # else one that does not end keeps this test for ever
    assert (checker.returncode, out, err) == (code, b"", b"")
    assert remaining(f"MARK={mark}", LIMIT_S) == []
