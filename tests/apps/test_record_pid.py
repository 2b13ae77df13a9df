"""`llmproc record --pid`: somebody else's process, which is only looked at; and llmproc itself from outside."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from apps.recordings import PYTHON, course, events, record, recording
from apps.test_record import BURN, rows
from support.chatting import Chat
from support.paths import ROOT

from llmproc.monitor.courselog import parse_line

BUSY = "print('ready', flush=True)\nwhile True: pass"


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([*PYTHON, BUSY], stdout=subprocess.PIPE)
    assert process.stdout is not None and process.stdout.readline() == b"ready\n"
    yield process
    process.kill()
    process.communicate()


def test_lines_go_to_a_redirected_stderr_and_words_to_stdout(tmp_path: Path, child: subprocess.Popen[bytes]) -> None:
    """As with the prompt loop: `2>log.txt` gets course lines and nothing else."""
    code, out, err = record(tmp_path, "--pid", child.pid, "--duration", 0.6, "--interval", 0.1)
    assert code == 0 and child.poll() is None
    lines = [parse_line(line) for line in err.splitlines()]
    assert len(lines) >= 4 and all(line is not None and line.pid == child.pid for line in lines)
    assert "1 process: " in out and "runs on" in out and out.splitlines()[-1].startswith("[INFO] run folder: ")
    facts = json.loads((tmp_path / "runs/latest/run.json").read_text())
    assert facts["recorded"] == {"pid": child.pid, "command": [*PYTHON, BUSY], "attached": True}
    first = lines[0]
    assert first is not None and 5 < first.cpu_percent < 121, "of its first window, not of its life"


def test_it_ends_when_the_process_does(tmp_path: Path, child: subprocess.Popen[bytes]) -> None:
    with recording(tmp_path, "--pid", child.pid, "--log", tmp_path / "course.txt", "--interval", 60) as chat:
        chat.until(lambda: (tmp_path / "runs/latest/events.jsonl").is_file() and events(tmp_path, "process_found"))
        child.kill()
        assert chat.wait() == 0
    (left,) = events(tmp_path, "process_left")
    assert left["alive"] is False
    (line,) = course(tmp_path / "course.txt")
    assert line.state == "Z", "nobody has reaped it: the closing sample"
    assert [row["scope"] for row in rows(tmp_path)].count("rusage") == 0, "not our child: no wait4"


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_ends_the_recording_and_not_the_process(
    tmp_path: Path, child: subprocess.Popen[bytes], number: int, status: int
) -> None:
    with recording(tmp_path, "--pid", child.pid) as chat:
        chat.until(lambda: (tmp_path / "runs/latest/events.jsonl").is_file() and events(tmp_path, "process_found"))
        chat.interrupt(number)
        assert chat.wait() == status
        assert "run folder:" in chat.text
    assert child.poll() is None and events(tmp_path, "process_left")[0]["alive"] is True


def test_its_children_too_also_those_that_come_later(tmp_path: Path) -> None:
    code = BURN + (
        "import signal\n"
        "def fork():\n"
        "    if os.fork() == 0:\n"
        "        signal.signal(10, signal.SIG_DFL)\n"
        "        while True: burn(1)\n"
        "signal.signal(10, lambda *_: fork())\n"
        "fork(); print('ready', flush=True)\n"
        "while True: signal.pause()\n"
    )
    parent = subprocess.Popen([*PYTHON, code], stdout=subprocess.PIPE, start_new_session=True)
    try:
        assert parent.stdout is not None and parent.stdout.readline() == b"ready\n"
        with recording(tmp_path, "--pid", parent.pid, "--interval", 0.05) as chat:
            folder = tmp_path / "runs/latest/events.jsonl"
            chat.until(lambda: folder.is_file() and len(events(tmp_path, "process_found")) == 2)
            parent.send_signal(signal.SIGUSR1)
            chat.until(lambda: len(events(tmp_path, "process_found")) == 3)
            chat.until(lambda: len({line.pid for line in course(tmp_path / "runs/latest/proc.log")}) >= 2)
            chat.interrupt()
            assert chat.wait() == 130
        assert parent.pid not in {line.pid for line in course(tmp_path / "runs/latest/proc.log")}, "it only waits"
    finally:
        os.killpg(parent.pid, signal.SIGKILL)
        parent.communicate()


def test_who_cannot_be_recorded(tmp_path: Path, child: subprocess.Popen[bytes]) -> None:
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    for pid, says in ((1 << 22, "no such process"), (child.pid, "it has ended")):
        code, out, err = record(tmp_path, "--pid", pid)
        assert (code, out, err.count("\n")) == (2, "", 1) and err.startswith(f"llmproc: --pid is {pid}: {says}")
    assert not (tmp_path / "runs").exists()


def test_not_ours_to_see(monkeypatch: pytest.MonkeyPatch) -> None:
    """/proc mounted with hidepid: the folder is there, its files are refused."""
    from llmproc.errors import UsageError
    from llmproc.monitor import record_target as target

    def refuse(pid: int) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(target.proc, "read_stat", refuse)
    with pytest.raises(UsageError, match="--pid is 1: may not be looked at: Permission denied"):
        target.AttachedProcess(1)


def test_the_recorder_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    from llmproc.errors import UsageError
    from llmproc.monitor import record_target as target

    with pytest.raises(UsageError, match="that is the recorder itself"):
        target.AttachedProcess(os.getpid())


def test_a_shell_records_itself_without_the_recorder(tmp_path: Path) -> None:
    """`record --pid $$` from a script: neither the recorder nor what it does is in its own figures."""
    script = f"{sys.executable} -m llmproc record --pid $$ --duration 0.5 --interval 0.1; :"
    environment = {"PYTHONPATH": str(ROOT)}
    with Chat(tmp_path, command=("sh", "-c", script), environment=environment) as chat:
        assert chat.wait() == 0
    assert [event["comm"] for event in events(tmp_path, "process_left")] == ["(sh)"]


def test_kernels_without_pidfd(tmp_path: Path, child: subprocess.Popen[bytes]) -> None:
    """The end is then seen on the grid, of a child as of a process that is not ours."""
    code = (
        "import os, sys\ndel os.pidfd_open\n"
        "def missing(pid): raise OSError(38, 'Function not implemented')\nos.pidfd_open = missing\n"
        "from llmproc.apps.record import app; sys.exit(app.main(sys.argv[1:]))"
    )
    arguments = ("--interval", "0.05", "--run-dir", "none")
    with Chat(tmp_path, *arguments, "--", "sleep", "0.2", command=(sys.executable, "-c", code)) as chat:
        assert chat.wait() == 0
    with Chat(tmp_path, *arguments, "--pid", child.pid, command=(sys.executable, "-c", code)) as chat:
        chat.until(lambda: "[pid]" in chat.logged())
        child.kill()
        assert chat.wait() == 0


def test_llmproc_from_outside_as_from_inside(tmp_path: Path, slow: Path) -> None:
    """The worker's CPU time as the recorder saw it is the one that llmproc's own watch wrote."""
    own = tmp_path / "own.txt"
    command = (sys.executable, "-m", "llmproc.main", "--model", slow, "--max-tokens", 200, "--log", own)
    code, out, err = record(tmp_path, "--interval", 0.1, "--run-dir", tmp_path / "out", "--", *command, text="Hello\n")
    assert code == 0 and "Child exited with 0" in out and " processes: " in err
    (worker,) = {line.pid for line in course(own)}
    inside, outside = course(own), [x for x in course(tmp_path / "out/latest/proc.log") if x.pid == worker]
    assert len(outside) >= len(inside)
    # Of the same counters, whichever moments they were read at: the recorder may miss what a last interval had.
    used = inside[-1].utime + inside[-1].stime
    assert used - 20 <= outside[-1].utime + outside[-1].stime <= used + 20 and used > 20
    assert all(0 <= line.cpu_percent <= 100 * os.cpu_count() + 20 for line in outside)
