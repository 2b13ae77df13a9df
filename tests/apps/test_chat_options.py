"""Options, odd streams and full disks, given to the program."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from apps.test_chat_pipe import check_log
from support.chatting import COURSE_LINE, PROMPT, SPEED, Chat, answers, run
from support.paths import ROOT
from support.processes import children, name
from support.waiting import until


def test_policy_and_nice_stand_in_every_log_line(tmp_path: Path, slow: Path) -> None:
    cpu = max(os.sched_getaffinity(0))
    options = ("--policy", "batch", "--nice", 5, "--cpus", cpu, "--interval", 0.05, "--max-tokens", 200)
    code, _, _ = run(tmp_path, "--model", slow, *options, text="Hello\n")
    assert code == 0
    lines = check_log(tmp_path / "log.txt", 3)  # the interval is a sixth of the usual one
    for line in lines:
        assert "[policy] SCHED_BATCH [nice] 5 " in line and f"[task_cpu] {cpu} " in line


def test_log_lines_come_during_the_turn_and_at_its_end(tmp_path: Path, slow: Path) -> None:
    """Every 300 ms, never two closer than a closing line; a turn of one token has its line too."""
    with Chat(tmp_path, "--model", slow, "--max-tokens", 120) as chat:
        chat.expect(PROMPT)
        chat.ask("Hello")
        lines = len(chat.logged().splitlines())
        events = [json.loads(line) for line in (chat.run_folder() / "events.jsonl").read_text().splitlines()]
        ended = next(event for event in events if event["kind"] == "turn_ended")
        assert ended["lines"] == lines
        assert abs(lines - (1 + ended["wall_s"] // 0.3)) <= max(1, 0.2 * lines), "one per 300 ms, and the closing one"
        chat.ask("/set max_tokens 1")
        for count in range(1, 4):
            chat.ask("Hello")
            assert len(chat.logged().splitlines()) >= lines + count
        chat.end_of_input()
        assert chat.wait() == 0
        cost = json.loads((chat.run_folder() / "run.json").read_text())["watch"]
        assert cost["errors"] == 0


@pytest.mark.parametrize("where", ["a file", "-", "run folder only"])
def test_where_the_log_goes(tmp_path: Path, quick: Path, where: str) -> None:
    log = tmp_path / "own.log"
    target = {"a file": ("--log", log), "-": ("--log", "-"), "run folder only": ()}[where]
    code, _, err = run(tmp_path, "--model", quick, *target, text="Hello\n")
    assert code == 0
    text = log.read_text() if where == "a file" else err
    assert text and all(COURSE_LINE.fullmatch(line) for line in text.splitlines())
    assert (where == "a file") == (err == "")
    assert (tmp_path / "runs" / "latest" / "proc.log").read_text() == text


def test_no_run_folder(tmp_path: Path, quick: Path) -> None:
    code, out, err = run(tmp_path, "--model", quick, "--run-dir", "none", text="Hello\n")
    assert code == 0 and COURSE_LINE.match(err)
    assert out.splitlines()[-1] == "Child exited with 0" and not (tmp_path / "runs").exists()


@pytest.mark.parametrize("seed", [0, pytest.param(-(2**70), marks=pytest.mark.soak)])
def test_seeds_decide_and_a_drawn_one_is_printed_and_repeats_the_run(tmp_path: Path, quick: Path, seed: int) -> None:
    options = ("--model", quick, "--max-tokens", 20)
    code, out, _ = run(tmp_path, seed, *options, text="Hello\n")
    drawn = re.match(r"\[INFO\] seed (\d+)\n", out)
    assert code == 0 and drawn and int(drawn[1]) > 0
    again, other = (answers(run(tmp_path, given, *options, text="Hello\n")[1]) for given in (drawn[1], 9))
    assert answers(out) == again != other


BAD = {
    "seed": ("x",),
    "two seeds": ("1", "2"),
    "unknown": ("--frobnicate",),
    "abbreviated": ("--temp", "1"),
    "temperature": ("--temperature", "-1"),
    "temperature nan": ("--temperature", "nan"),
    "top-p": ("--top-p", "2"),
    "max-tokens": ("--max-tokens", "0"),
    "policy": ("--policy", "fast"),
    "nice": ("--nice", "20"),
    "nice word": ("--nice", "low"),
    "rt-priority": ("--rt-priority", "100", "--policy", "fifo"),
    "rt-priority alone": ("--rt-priority", "5"),
    "cpus": ("--cpus", "4095"),
    "cpus word": ("--cpus", "all"),
    "interval": ("--interval", "0"),
    "interval nan": ("--interval", "nan"),
    "log": ("--log", "/does/not/exist"),
    "log folder": ("--log", "/"),
    "system and course": ("--course", "--system", "x"),
    "value missing": ("--model",),
}


@pytest.mark.parametrize("arguments", BAD.values(), ids=BAD)
def test_a_bad_option_is_one_line(
    arguments: tuple[str, ...], tmp_path: Path, quick: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from llmproc.apps.chat.app import main

    assert main(["--run-dir", str(tmp_path / "runs"), "--model", str(quick), *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("llmproc: ") and err.count("\n") == 1
    assert not (tmp_path / "runs").exists()


def test_a_bad_option_through_the_program(tmp_path: Path) -> None:
    code, out, err = run(tmp_path, "--policy", "fast")
    assert (code, out) == (2, "") and err.count("\n") == 1 and "--policy" in err and "batch" in err


def test_nobody_reads_stdout(tmp_path: Path, quick: Path) -> None:
    """As with `| head -c 5`: the status of SIGPIPE, no traceback, nothing left."""
    read_end, write_end = os.pipe()
    try:
        with Chat(tmp_path, "--model", quick, stdout=write_end) as chat:
            os.close(write_end)
            write_end = -1
            assert os.read(read_end, 5) == b">>> "
            os.close(read_end)
            read_end = -1
            chat.say("Hello")
            assert chat.wait() == 141
            assert all(COURSE_LINE.fullmatch(line) for line in chat.logged().splitlines())
    finally:
        for fd in (read_end, write_end):
            if fd >= 0:
                os.close(fd)


def test_a_full_disk_for_stdout(tmp_path: Path, quick: Path) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        with Chat(tmp_path, "--model", quick, stdout=full) as chat:
            assert chat.wait() == 1
            assert chat.logged() == "llmproc: stdout: cannot be written: No space left on device\n"
    finally:
        os.close(full)


def test_a_full_disk_for_the_log(tmp_path: Path, quick: Path) -> None:
    code, out, err = run(tmp_path, "--model", quick, "--log", "/dev/full", "--max-tokens", 9, text="Hello\nAgain\n")
    assert code == 0 and err == "" and len(answers(out)) == 2
    assert out.count("[INFO] /dev/full: No space left on device: nothing more is written there\n") == 1
    assert len((tmp_path / "runs" / "latest" / "proc.log").read_text().splitlines()) >= 2


def test_a_run_folder_that_cannot_be_made(tmp_path: Path, quick: Path) -> None:
    (tmp_path / "file").write_text("")
    code, out, err = run(tmp_path, "--model", quick, "--run-dir", tmp_path / "file" / "x", text="Hello\n")
    assert (code, out) == (1, "") and err.count("\n") == 1 and "--run-dir takes another, or none" in err


def test_a_home_that_cannot_be_written(tmp_path: Path, quick: Path) -> None:
    """No folder for history; the cache of kernels stays where it is."""
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path("~/.cache").expanduser())
    environment = {"HOME": "/proc/none", "XDG_STATE_HOME": None, "XDG_CACHE_HOME": cache}
    for toolkit in (True, False):
        with Chat(tmp_path, "--model", quick, terminal=True, toolkit=toolkit, environment=environment) as chat:
            chat.expect(">>>")
            chat.say("Hello")
            chat.expect("SEQ LEN")
            chat.expect(">>>")
            chat.say("/bye")
            assert chat.wait() == 0


def test_a_user_without_a_home(tmp_path: Path, quick: Path) -> None:
    """No HOME and no entry in the password file, as in containers: typed prompts are just not kept."""
    code = (
        "import pwd, sys\n"
        "def nobody(uid): raise KeyError(uid)\n"
        "pwd.getpwuid = nobody\n"
        f"sys.path.insert(0, {str(ROOT)!r})\n"
        "from llmproc.apps.chat.sources import history_file\n"
        "print(history_file())\n"
    )
    environment = {k: v for k, v in os.environ.items() if k not in ("HOME", "XDG_STATE_HOME")}
    found = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60)
    assert (found.returncode, found.stdout, found.stderr) == (0, "None\n", "")


@pytest.mark.parametrize("fd", [0, 1, 2])
def test_a_closed_standard_stream(tmp_path: Path, quick: Path, fd: int) -> None:
    """Its number must not go to a file of ours, nor may anything raise."""
    with Chat(tmp_path, "--model", quick, before=lambda: os.close(fd)) as chat:
        if fd:
            chat.child("inference")
            assert Path(f"/proc/{chat.pid}/fd/{fd}").readlink() == Path(os.devnull)
            chat.say("Hello")
        chat.end_of_input()
        assert chat.wait() == 0
        assert ("Child exited with 0" in chat.text) == (fd != 1)
    assert (tmp_path / "runs" / "latest" / "run.json").exists()


def test_stdin_that_cannot_be_read(tmp_path: Path, quick: Path) -> None:
    closed = os.open(os.devnull, os.O_WRONLY)
    try:
        with Chat(tmp_path, "--model", quick, stdin=closed) as chat:
            assert chat.wait() == 1
            assert chat.logged() == "llmproc: stdin: cannot be read: Bad file descriptor\n"
    finally:
        os.close(closed)


def test_stdin_that_does_not_block(tmp_path: Path, quick: Path) -> None:
    read_end, write_end = os.pipe()
    os.set_blocking(read_end, False)
    try:
        with Chat(tmp_path, "--model", quick, stdin=read_end) as chat:
            chat.expect(PROMPT)
            os.write(write_end, b"Hel")
            os.write(write_end, b"lo\n")
            chat.expect(SPEED)
            os.close(write_end)
            write_end = -1
            assert chat.wait() == 0
    finally:
        for fd in (read_end, write_end):
            if fd >= 0:
                os.close(fd)


def test_a_locale_without_most_characters(tmp_path: Path, quick: Path) -> None:
    code, out, _ = run(
        tmp_path, "--model", quick, "--temperature", 2, text="Hello\n", environment={"PYTHONIOENCODING": "ascii"}
    )
    assert code == 0 and len(answers(out)) == 1


def test_odd_input(tmp_path: Path, quick: Path) -> None:
    """Bytes that are no UTF-8, CRLF, NUL, a line without end, 100 kB, more than the context: each is one prompt."""
    with Chat(tmp_path, "--model", quick, "--max-tokens", 3) as chat:
        chat.expect(PROMPT)
        for line in (b"\xfd\xfe\xff", b"caf\xc3\xa9\r", b"a\0b", "\U0001f600é".encode()):
            assert SPEED.search(chat.ask(line)), line
        for long in (b"word " * 20_000, b"\xff" * 100_000, b"x" * 2_000):
            said = chat.ask(long)
            assert "error: the conversation would need" in said and "the context has 512" in said
            assert not SPEED.search(said)
        assert SPEED.search(chat.ask("Hello"))
        chat.send(b"no newline")
        chat.end_of_input()
        assert chat.wait() == 1, "three prompts were refused"
        assert len(SPEED.findall(chat.text)) == 6


def test_a_line_without_end_is_refused(tmp_path: Path, quick: Path) -> None:
    code, out, err = run(tmp_path, "--model", quick, text=b"x" * (17 << 20))
    assert code == 1 and "stdin: a line has more than 16777216 bytes" in out + err, (
        "where errors go once there are workers"
    )


def test_the_context_fills_up(tmp_path: Path, quick: Path) -> None:
    """Token 2 ends an answer, so some seed's goes on to the end of the context; then nothing fits, until /clear."""
    lines = "Hello\n" * 40 + "/clear\n/set max_tokens 2\nA\n"
    code, out, _ = run(tmp_path, "--model", quick, "--max-tokens", 5000, text=lines)
    assert "the context is full (512 positions)" in out or "would need" in out
    assert code == (1 if "would need" in out else 0)
    assert out.rstrip().splitlines()[-3].startswith("[INFO] SEQ LEN") or "cut at max_tokens = 2" in out


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_signals_behind_pipes(tmp_path: Path, slow: Path, number: int, status: int) -> None:
    with Chat(tmp_path, "--model", slow) as chat:
        chat.expect(PROMPT)
        chat.child("inference")
        chat.interrupt(number)
        assert chat.wait() == status
        assert "Child exited with 0\n" in chat.text


def test_nohup_is_respected(tmp_path: Path, quick: Path) -> None:
    with Chat(tmp_path, "--model", quick, before=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)) as chat:
        chat.expect(PROMPT)
        chat.interrupt(signal.SIGHUP)
        assert SPEED.search(chat.ask("Hello"))
        chat.end_of_input()
        assert chat.wait() == 0


@pytest.mark.parametrize("moment", ["imports", "run folder", "template"])
def test_an_interrupt_during_the_start_leaves_no_traceback(tmp_path: Path, quick: Path, moment: str) -> None:
    reached = {
        "imports": lambda: "msgspec" in Path(f"/proc/{chat.pid}/maps").read_text(),
        "run folder": lambda: (tmp_path / "runs").exists(),
        "template": lambda: chat.events("template_started"),
    }[moment]
    with Chat(tmp_path, "--model", quick) as chat:
        until(reached)
        chat.interrupt()
        assert chat.wait() == 130


def test_children_have_neither_stdin_nor_mains_stderr(tmp_path: Path, quick: Path) -> None:
    with Chat(tmp_path, "--model", quick) as chat:
        chat.expect(PROMPT)
        chat.child("inference")
        for pid in children(chat.pid):
            assert Path(f"/proc/{pid}/fd/0").readlink() == Path(os.devnull), name(pid)
            for fd in (1, 2):
                assert Path(f"/proc/{pid}/fd/{fd}").readlink() == chat.run_folder() / "stderr.txt"
        chat.end_of_input()
        assert chat.wait() == 0
