"""`llmproc record -- command`: the command runs as it would alone, and everything it starts is recorded."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from apps.recordings import PYTHON, course, events, record, recording
from support.paths import ROOT
from support.processes import alive
from support.waiting import until

from llmproc.monitor.courselog import parse_line
from llmproc.monitor.record_target import CommandError, StartedCommand

BURN = """
import os, time
def burn(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end: pass
"""


WAITING = "import signal\nprint('ready', flush=True)\n"


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "runs" / "latest" / "proc.csv").open() as file:
        return list(csv.DictReader(file))


# -- the command runs as it would alone -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "status"),
    [("", 0), ("raise SystemExit(7)", 7), ("import os; os.kill(os.getpid(), 9)", 137), ("import os; os.abort()", 134)],
)
def test_its_exit_code_is_ours(tmp_path: Path, code: str, status: int) -> None:
    assert record(tmp_path, "--", *PYTHON, code)[0] == status
    facts = json.loads((tmp_path / "runs/latest/run.json").read_text())
    assert facts["exit_code"] == status and facts["recorded"]["command"] == [*PYTHON, code]


def test_what_cannot_be_started(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no program")
    (tmp_path / "garbage").write_bytes(b"\x7fELF no program")
    (tmp_path / "garbage").chmod(0o755)
    for command, status, reason in (
        ("/does/not/exist", 127, "No such file or directory"),
        ("no-such-program", 127, "No such file or directory"),
        ("./text", 126, "Permission denied"),
        ("./garbage", 126, "Exec format error"),
    ):
        code, out, err = record(tmp_path, "--", command, "-x")
        assert (code, out, err) == (status, "", f"llmproc: {command}: cannot be started: {reason}\n")
    assert len(list((tmp_path / "runs").glob("2*"))) <= 1, "what is known before keeps no run folder"


def test_a_command_line_in_quotes_gets_a_hint(tmp_path: Path) -> None:
    code, _, err = record(tmp_path, "--", "sleep 5")
    assert (code, err.count("\n")) == (127, 1)
    assert err.endswith("; without the quotes it is a program and its arguments: record -- sleep 5\n")
    for command in (["no-such-program x"], ["sleep 5", "x"], ['sleep "5'], ["nothing"]):
        with pytest.raises(CommandError, match=r"No such file or directory$"):
            StartedCommand(command)
    (tmp_path / "with blank").write_text("#!/bin/sh\nexit 7\n")
    (tmp_path / "with blank").chmod(0o755)
    assert record(tmp_path, "--", "./with blank")[0] == 7, "a name may hold a blank"


@pytest.mark.parametrize(
    ("name", "shown"),
    [("12345678901234é", r"12345678901234\xc3"), ("a\nb\r", r"a\nb\r"), ('a,"\n', 'a,"\\n'), ("é,日本", "é,日本")],
    ids=["cut inside a character", "line ends", "quotes too", "harmless"],
)
def test_names_of_processes_leave_every_file_whole(tmp_path: Path, name: str, shown: str) -> None:
    given = name.encode()[:15]  # what the kernel keeps
    rename = f"import ctypes; ctypes.CDLL(None).prctl(15, {given!r}, 0, 0, 0)"
    code, _, err = record(
        tmp_path, "--interval", "0.05", "--log", "own.txt", "--", *PYTHON, f"{rename}\n{BURN}burn(0.3)"
    )
    assert code == 0
    folder = tmp_path / "runs" / "latest"
    for file in folder.iterdir():
        file.read_bytes().decode("utf-8")
    assert {line.comm for line in course(folder / "proc.log")} >= {f"({shown})"}
    assert (folder / "proc.log").read_bytes() == (tmp_path / "own.txt").read_bytes()
    assert f"({shown})" in {row["comm"] for row in rows(tmp_path)}
    assert len(rows(tmp_path)) == (folder / "proc.csv").read_text().count("\n") - 1, "one line is one row"
    assert [event["comm"] for event in events(tmp_path, "process_left")] == [f"({shown})"]
    assert sum(shown in line for line in err.splitlines()) == 1


def test_its_streams_are_its_own(tmp_path: Path) -> None:
    code, out, err = record(tmp_path, "--", "sh", "-c", "cat; echo problem >&2", text="from stdin\n")
    assert (code, out) == (0, "from stdin\n")
    assert err.startswith("problem\n[INFO] ") and "[pid]" not in err
    assert err.splitlines()[-1] == f"[INFO] run folder: {(tmp_path / 'runs/latest').resolve()}"


def test_it_inherits_what_it_would_without_us(tmp_path: Path) -> None:
    """Signals neither blocked nor ignored, no descriptors, and our process group."""
    look = "grep -E '^Sig(Blk|Ign)' /proc/self/status; ls /proc/self/fd | wc -l; exec ps -o pgid= -p $$"
    alone = subprocess.run(["sh", "-c", look], capture_output=True, text=True, stdin=subprocess.PIPE)
    with recording(tmp_path, "--", "sh", "-c", look) as chat:
        chat.end_of_input()
        assert chat.wait() == 0
        *settings, group = chat.text.replace("180000000", "000000000").splitlines()  # 32, 33: glibc's posix_spawn
        assert settings == alone.stdout.splitlines()[:-1]
        assert int(group) == chat.pid, "the leader of the session that the test made"


# -- what is recorded -------------------------------------------------------------------------------------------------


def test_a_family_with_threads_and_late_children(tmp_path: Path) -> None:
    code = BURN + (
        "import threading\n"
        "threads = [threading.Thread(target=burn, args=(0.3,)) for _ in range(2)]\n"
        "for t in threads: t.start()\n"
        "for t in threads: t.join()\n"
        "for _ in range(2):\n"
        "    if os.fork() == 0: burn(0.4); os._exit(0)\n"
        "    os.wait()\n"
    )
    status, _, err = record(tmp_path, "--interval", 0.05, "--log", tmp_path / "course.txt", "--", *PYTHON, code)
    assert status == 0
    lines = course(tmp_path / "course.txt")
    assert lines == course(tmp_path / "runs/latest/proc.log") and all(
        line.comm == "(python)" or line.comm for line in lines
    )
    found, left = events(tmp_path, "process_found"), events(tmp_path, "process_left")
    root = found[0]["pid"]
    assert [event["parent"] for event in found[1:]] == [root] * 2 and len(left) == 3
    assert {line.pid for line in lines} == {event["pid"] for event in found}
    threads = {row["tid"] for row in rows(tmp_path) if row["scope"] == "thread" and row["pid"] == str(root)}
    assert len(threads) == 3
    (closing,) = [row for row in rows(tmp_path) if row["scope"] == "rusage"]
    total_s = float(closing["user_s"]) + float(closing["system_s"])
    assert closing["pid"] == str(root) and 1.4 <= total_s < 2.5, "wait4's figure has the children in it"
    seen_s = sum(float(str(event["user_s"])) + float(str(event["system_s"])) for event in left)
    assert total_s - 0.25 < seen_s < total_s + 0.05, "last moments of the children are lost, nothing else"
    assert "3 processes" in err and err.count("\n") >= 6


def test_the_average_is_that_of_the_process_which_works(tmp_path: Path) -> None:
    """A shell that waits, a parent that hands out work now and then, a child that computes."""
    code = BURN + (
        "if os.fork() == 0: burn(1.5); os._exit(0)\n"
        "import signal\n"
        "for _ in range(20): burn(0.001); signal.sigtimedwait([], 0.02)\n"
        "os.wait()\n"
    )
    log = tmp_path / "course.txt"
    assert (
        record(tmp_path, "--interval", 0.1, "--log", log, "--", "sh", "-c", '"$@"; true', "sh", *PYTHON, code)[0] == 0
    )
    done = subprocess.run(
        [sys.executable, ROOT / "tools/avg_cpu_use.py", "--json", log], capture_output=True, text=True
    )
    told = json.loads(done.stdout)
    assert told["skipped"] == []
    busiest = max(told["processes"], key=lambda process: process["cpu_s"])
    assert busiest["lines"] >= 10 and told["average_percent"] > 0.8 * busiest["average_percent"]
    assert events(tmp_path, "process_found")[0]["pid"] not in {line.pid for line in course(log)}


def test_daemons_are_followed_and_reaped(tmp_path: Path) -> None:
    """They lose their parent, become our children, and go on when the command has ended."""
    mark = tmp_path / "daemon"
    daemon = f"echo $$ >{mark}; while [ -e {mark} ]; do sleep 0.05; done"
    command = f"(setsid sh -c '{daemon}' & (true &)) ; while [ ! -s {mark} ]; do sleep 0.02; done; sleep 0.5"
    try:
        with recording(tmp_path, "--interval", 0.1, "--", "sh", "-c", command, stdin=subprocess.DEVNULL) as chat:
            assert chat.wait() == 0
            pid = int(mark.read_text())
            assert alive(pid), "it was only looked at"
            mark.unlink()
            until(lambda: not alive(pid))
        left = {event["pid"]: event for event in events(tmp_path, "process_left")}
        assert left[pid]["alive"] is True and "runs on" in chat.logged()
    finally:
        mark.unlink(missing_ok=True)


def test_orphans_that_end_do_not_stay_zombies(tmp_path: Path) -> None:
    orphan = "(sleep 0.2 & ); sleep 1; ps -o stat= --ppid $PPID"
    code, out, _ = record(tmp_path, "--interval", 0.1, "--", "sh", "-c", orphan)
    assert code == 0 and "Z" not in out and out.strip(), out
    assert [event["comm"] for event in events(tmp_path, "process_left")].count("(sleep)") == 2


def test_what_samples_cannot_see_is_said(tmp_path: Path) -> None:
    code = BURN + "for _ in range(8):\n    if os.fork() == 0: burn(0.05); os._exit(0)\n    os.wait()\n"
    _, _, err = record(tmp_path, "--interval", 5, "--", *PYTHON, code)
    found = re.search(
        r"wait4 tells of (\d+\.\d\d) s CPU more: processes that came and went between two samples 5 s", err
    )
    assert found and 0.3 < float(found[1]) < 1.0


def test_no_run_folder_and_lines_on_stderr(tmp_path: Path) -> None:
    arguments = ("--run-dir", "none", "--log", "-", "--interval", 0.05)
    code, out, err = record(tmp_path, *arguments, "--", *PYTHON, BURN + "burn(0.3)")
    assert code == 0 and not (tmp_path / "runs").exists()
    assert len([parse_line(line) for line in err.splitlines()]) >= 3 and None not in map(parse_line, err.splitlines())
    assert out.startswith("[INFO] ") and "run folder" not in out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "one of --pid N and -- command"),
        (("--",), "one of --pid N and -- command"),
        (("--pid", 1, "--", "true"), "one of --pid N and -- command"),
        (("true",), "a command stands after --"),
        (("--pid", "x"), "--pid"),
        (("--pid", 0), "--pid is 0"),
        (("--pid", -5), "--pid is -5"),
        (("--duration", 0, "--", "true"), "--duration is 0"),
        (("--duration", "nan", "--", "true"), "--duration is nan"),
        (("--interval", 0, "--", "true"), "--interval is 0"),
        (("--log", "/does/not/exist", "--", "true"), "--log is /does/not/exist"),
    ],
)
def test_wrong_usage_is_one_line(tmp_path: Path, arguments: tuple[object, ...], says: str) -> None:
    code, out, err = record(tmp_path, *arguments)
    assert (code, out, err.count("\n")) == (2, "", 1) and says in err and err.startswith("llmproc: ")


def test_a_command_may_have_dashes_of_its_own(tmp_path: Path) -> None:
    assert record(tmp_path, "--", "echo", "--pid", "--", "x")[1] == "--pid -- x\n"


PTHREAD_EXIT = """
import ctypes, threading
libc = ctypes.CDLL(None)
def work():
    import time
    end = time.thread_time() + 0.8
    while time.thread_time() < end: pass
    import os
    os._exit(6)
threading.Thread(target=work).start()
libc.syscall(60 if __import__('platform').machine() == 'x86_64' else 93, 0)
"""


def test_a_main_thread_that_leaves_first(tmp_path: Path) -> None:
    """A common end of main in C: pthread_exit. The process looks like a zombie, and its threads work on."""
    code, _, _ = record(tmp_path, "--interval", 0.1, "--", *PYTHON, PTHREAD_EXIT)
    assert code == 6
    (left,) = events(tmp_path, "process_left")
    assert float(str(left["user_s"])) + float(str(left["system_s"])) > 0.6 and int(str(left["lines"])) >= 5
    lines = course(tmp_path / "runs/latest/proc.log")
    assert "Z" in {line.state for line in lines[:-1]}
