"""`record` and signals: the command gets them once, its answer counts, nothing is left."""

from __future__ import annotations

import os
import re
import signal
import sys
from pathlib import Path

import pytest
from apps.recordings import PYTHON, course, events, record, recording
from support.chatting import Chat

from llmproc.apps.record import app
from llmproc.monitor.record_target import StartedCommand
from llmproc.processes.signalfd import Caught

# -- signals ----------------------------------------------------------------------------------------------------------

COUNTING = (
    "import signal, sys\nhits = []\n"
    "for n in (2, 15, 10): signal.signal(n, lambda n, _: hits.append(n))\n"
    "print('ready', flush=True)\n"
    "while not hits: signal.pause()\n"
    "signal.sigtimedwait([], 0.3)\n"  # time for a second one, which must not come
    "print(hits, flush=True)\nraise SystemExit(3)\n"
)


def test_ctrl_c_goes_to_the_command_once_and_its_answer_counts(tmp_path: Path) -> None:
    with recording(tmp_path, "--", *PYTHON, COUNTING, terminal=True) as chat:
        chat.expect("ready")
        chat.send(b"\x03")
        assert chat.wait() == 3
        assert "[2]" in chat.text and "run folder:" in chat.text


def test_what_the_terminal_sent_to_the_group_is_not_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    command, sent = StartedCommand(["sleep", "60"]), []
    command.pid = 4711
    monkeypatch.setattr(os, "kill", lambda pid, number: sent.append((pid, number)))
    for typed in (True, False):
        assert command.signal(Caught(signal.SIGINT, typed, 0)) is False, "the recording goes on"
    assert sent == [(4711, signal.SIGINT)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGUSR1])
def test_a_signal_to_us_alone_is_passed_on(tmp_path: Path, number: int) -> None:
    with recording(tmp_path, "--", *PYTHON, COUNTING) as chat:
        chat.expect("ready")
        chat.interrupt(number)
        assert chat.wait() == 3 and f"[{number}]" in chat.text


def test_a_command_that_dies_of_it(tmp_path: Path) -> None:
    with recording(tmp_path, "--", "sleep", 60, terminal=True) as chat:
        chat.until(lambda: (tmp_path / "runs/latest/events.jsonl").is_file() and events(tmp_path, "process_found"))
        chat.send(b"\x03")
        assert chat.wait() == 130
    assert len(course(tmp_path / "runs/latest/proc.log")) == 1, "idle all the time, and the log says so"


def test_nohup_is_left_as_it_is(tmp_path: Path) -> None:
    code = "import signal; print(signal.getsignal(1) is signal.SIG_IGN)"

    def ignore() -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    assert record(tmp_path, "--", *PYTHON, code, before=ignore)[1] == "True\n"


def test_duration_ends_the_command(tmp_path: Path) -> None:
    code, _, err = record(tmp_path, "--duration", 0.3, "--", "sleep", 60)
    assert code == 0 and re.search(r"\[INFO\] 0\.[3-9]\d s, 1 process: ", err)
    (left,) = events(tmp_path, "process_left")
    assert left["comm"] == "(sleep)" and left["alive"] is False


def test_duration_and_a_command_that_cleans_up(tmp_path: Path) -> None:
    code = "import signal, sys; signal.signal(15, lambda *_: sys.exit(5)); print('x', flush=True); signal.pause()"
    assert record(tmp_path, "--duration", 0.5, "--", *PYTHON, code)[0] == 5
    assert record(tmp_path, "--duration", 60, "--", *PYTHON, "raise SystemExit(4)")[0] == 4


def test_duration_ends_one_that_ignores_it(tmp_path: Path) -> None:
    hurried = "import sys; from llmproc.apps.record import app; app._GRACE_S = 0.3; sys.exit(app.main(sys.argv[1:]))"
    code = "import signal; signal.signal(15, signal.SIG_IGN); print('x', flush=True)\nwhile True: signal.pause()"
    arguments = ("--duration", "0.4", "--run-dir", "none", "--", *PYTHON, code)
    with Chat(tmp_path, *arguments, command=(sys.executable, "-c", hurried)) as chat:
        assert chat.wait() == 0
    assert app._GRACE_S == 5
