"""The prompt loop on a real terminal: keys, signals, job control; with prompt_toolkit and with readline."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.chatting import Chat, run
from support.processes import alive, children, name, stat
from support.waiting import until

END_S = 10.0  # generous: the promise is 2 s on an idle machine


@pytest.fixture(params=[True, False], ids=["prompt_toolkit", "readline"])
def toolkit(request: pytest.FixtureRequest) -> bool:
    if request.param:
        pytest.importorskip("prompt_toolkit", reason="prompt_toolkit is not installed")
    return bool(request.param)


@contextmanager
def terminal(folder: Path, model: Path, toolkit: bool, *options: object, **settings: object) -> Iterator[Chat]:
    with Chat(folder, "--model", model, *options, terminal=True, toolkit=toolkit, **settings) as chat:  # type: ignore[arg-type]
        prompted(chat)
        yield chat


def prompted(chat: Chat) -> None:
    """The prompt stands there and its reader has taken over the terminal: it gets keys, not lines."""
    chat.expect(">>>")  # prompt_toolkit moves the cursor for what would be a space
    ready_for_keys(chat)


def ready_for_keys(chat: Chat) -> None:
    chat.until(lambda: not termios.tcgetattr(chat._master)[3] & termios.ICANON)


def generating(chat: Chat, turn: int = 1, prompt: str = "Hello") -> None:
    """Give a prompt and wait for the first token of its answer."""
    chat.say(prompt)
    chat.await_events("first_token", turn)


def pressed_again(chat: Chat) -> bool:
    """Ctrl-C, as somebody impatient presses it; whether the program has ended."""
    if chat.process.poll() is None:
        chat.send(b"\x03")
        with contextlib.suppress(subprocess.TimeoutExpired):
            chat.process.wait(0.2)
    return chat.process.poll() is not None


def ends(chat: Chat, status: int, child: str = "0") -> None:
    """The program ends with `status`, says how its child ended, leaves the terminal as it was and nothing else."""
    began = time.monotonic()
    assert chat.wait(END_S) == status
    took = time.monotonic() - began
    assert took < END_S
    assert f"Child exited with {child}\r\n" in chat.text
    assert "Traceback" not in chat.text
    assert termios.tcgetattr(chat._master)[3] & (termios.ICANON | termios.ECHO) == termios.ICANON | termios.ECHO


def test_first_ctrl_c_cancels_and_the_second_ends(tmp_path: Path, slow: Path, toolkit: bool) -> None:
    with terminal(tmp_path, slow, toolkit, "--max-tokens", 500) as chat:
        generating(chat)
        chat.send(b"\x03")
        said = chat.expect("[INFO] cancelled")
        length = int(re.findall(r"SEQ LEN: (\d+)", said)[-1])
        prompted(chat)
        chat.say("/show")
        assert f"positions    {length} of 1024" in chat.expect(re.compile(r"turns +1\r"))
        prompted(chat)
        generating(chat, 2)
        os.kill(chat.child("inference"), signal.SIGSTOP)  # it cannot be cancelled before the second one
        until(lambda: pressed_again(chat))
        ends(chat, 130, "signal 9 (SIGKILL)")


@pytest.mark.parametrize("keys", ["Hello\r\x03", "Hello\rlost\x03"], ids=["at-once", "behind-others"])
def test_ctrl_c_typed_with_enter_cancels_the_answer_and_ends_nothing(tmp_path: Path, slow: Path, keys: str) -> None:
    pytest.importorskip("prompt_toolkit", reason="prompt_toolkit is not installed")
    with terminal(tmp_path, slow, True, "--max-tokens", 500) as chat:
        chat.send(keys + "/sh")
        chat.expect("[INFO] cancelled")
        prompted(chat)
        chat.say("ow")  # what was typed behind Ctrl-C is kept, and nothing before it
        chat.expect(re.compile(r"turns +[01]\r"))  # 0: it was cancelled before it began
        prompted(chat)
        chat.end_of_input()
        ends(chat, 0)


def test_a_partial_answer_is_kept_and_closed(tmp_path: Path, slow: Path) -> None:
    """The next turn's ids contain what was written and the end-of-turn token after it."""
    with terminal(tmp_path, slow, False, "--max-tokens", 500) as chat:
        generating(chat)
        chat.send(b"\x03")
        chat.expect("cancelled")
        prompted(chat)
        chat.say(f"/save {tmp_path / 'one.json'}")
        chat.expect("saved 1 turn to")
        prompted(chat)
        chat.say("/set max_tokens 1")
        prompted(chat)
        chat.say("Go on")
        chat.expect("SEQ LEN")
        prompted(chat)
        chat.say(f"/save {tmp_path / 'two.json'}")
        chat.expect("saved 2 turns")
        prompted(chat)
        chat.end_of_input()
        ends(chat, 0)
    one, two = (json.loads((tmp_path / f"{name}.json").read_text()) for name in ("one", "two"))
    assert one["turns"][0]["reason"] == "cancelled" and one["turns"][0]["answer"]
    assert two["ids"][: len(one["ids"])] == one["ids"]
    assert two["ids"][len(one["ids"])] == 2, "the end-of-turn token"


def test_ctrl_c_while_idle_ends(tmp_path: Path, quick: Path, toolkit: bool) -> None:
    with terminal(tmp_path, quick, toolkit) as chat:
        chat.say("Hello")
        chat.expect("SEQ LEN")
        prompted(chat)
        chat.send("half a line")
        chat.expect("half a line")
        chat.send(b"\x03")
        ends(chat, 130)


def test_ctrl_d_ends(tmp_path: Path, quick: Path, toolkit: bool) -> None:
    with terminal(tmp_path, quick, toolkit) as chat:
        chat.end_of_input()
        ends(chat, 0)


@pytest.mark.parametrize(
    ("number", "status"),
    [(signal.SIGTERM, 143), (signal.SIGINT, 130), pytest.param(signal.SIGHUP, 129, marks=pytest.mark.soak)],
)
def test_a_signal_while_idle_ends(tmp_path: Path, quick: Path, toolkit: bool, number: int, status: int) -> None:
    with terminal(tmp_path, quick, toolkit) as chat:
        chat.child("inference")
        chat.interrupt(number)
        ends(chat, status)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_while_generating_ends(tmp_path: Path, slow: Path, number: int, status: int) -> None:
    with terminal(tmp_path, slow, False, "--max-tokens", 500) as chat:
        generating(chat)
        chat.interrupt(number)
        ends(chat, status)


@pytest.mark.parametrize("busy", [pytest.param(False, marks=pytest.mark.soak), True], ids=["idle", "generating"])
def test_the_terminal_goes_away(tmp_path: Path, slow: Path, toolkit: bool, busy: bool) -> None:
    with terminal(tmp_path, slow, toolkit, "--max-tokens", 500) as chat:
        if busy:
            generating(chat)
        else:
            chat.child("inference")
        chat.hang_up()
        assert chat.process.wait(END_S) == 129
        assert (chat.run_folder() / "stderr.txt").read_text() == ""


def test_history_editing_and_completion(tmp_path: Path, quick: Path, toolkit: bool) -> None:
    with terminal(tmp_path, quick, toolkit) as chat:
        chat.say("/xyzQ\x7f9")
        chat.expect("/xyz9: unknown command")
        prompted(chat)
        chat.say("\x1b[A")
        chat.expect("error: /xyz9: unknown command")
        prompted(chat)
        chat.send("/cle")
        if toolkit:
            chat.expect("/clear")  # offered while typing
        chat.say("\t")
        chat.expect("the conversation is forgotten")
        prompted(chat)
        chat.end_of_input()
        ends(chat, 0)
    with terminal(tmp_path, quick, toolkit) as chat:  # the history of the run before
        chat.say("\x1b[A\x1b[A")
        chat.expect("error: /xyz9: unknown command")
        prompted(chat)
        chat.end_of_input()
        ends(chat, 0)


@pytest.mark.parametrize("newline", ["\n", pytest.param("\r", marks=pytest.mark.soak)], ids=["LF", "CR"])
def test_pasted_lines_are_one_prompt(tmp_path: Path, quick: Path, toolkit: bool, newline: str) -> None:
    with terminal(tmp_path, quick, toolkit, "--max-tokens", 5) as chat:
        chat.send(f"\x1b[200~/* one{newline}two */\x1b[201~")
        chat.expect("two */")
        chat.say("")
        chat.expect("SEQ LEN")
        prompted(chat)
        chat.say(f"/save {tmp_path / 'saved.json'}")
        chat.expect("saved 1 turn to")
        prompted(chat)
        chat.end_of_input()
        ends(chat, 0)
    assert json.loads((tmp_path / "saved.json").read_text())["turns"][0]["prompt"] == "/* one\ntwo */"


def test_bytes_that_are_no_text_are_typed(tmp_path: Path, quick: Path, toolkit: bool) -> None:
    with terminal(tmp_path, quick, toolkit, "--max-tokens", 5) as chat:
        chat.send(b"ab\xff\xe9c\r")
        chat.expect("SEQ LEN")
        prompted(chat)
        chat.end_of_input()
        ends(chat, 0)


def test_a_terminal_gets_no_control_characters_from_the_model(tmp_path: Path, quick: Path) -> None:
    options = ("--model", quick, "--temperature", 1.5, "--top-p", 1, "--max-tokens", 300)
    _, piped, _ = run(tmp_path, 7, *options, text="Hello\n")
    control = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
    assert control.search(piped), "this model's text would have some"
    with terminal(tmp_path, quick, False, 7, *options[2:], environment={"TERM": "dumb"}) as chat:
        chat.await_events("worker_ready", 1)  # no progress line then
        chat.say("Hello")
        chat.expect("[INFO] SEQ LEN")
        prompted(chat)
        chat.end_of_input()
        ends(chat, 0)
        raw = chat.raw.replace("\r\n", "\n")
    answer = raw[raw.index("Hello\n") : raw.index("[INFO] SEQ LEN")]
    assert len(answer) > 200 and not control.search(answer)


def test_a_hostile_saved_session_does_not_steer_the_terminal(tmp_path: Path, quick: Path) -> None:
    saved = {"model": "\x1b[31mred", "tokenizer": "x", "ids": [], "draws": 0, "seed": 1, "turns": []}
    chosen = {"template": "chatml", "temperature": 0.6, "top_p": 0.9, "max_tokens": 9, "system": "\x1b]0;title\x07"}
    (tmp_path / "saved.json").write_text(json.dumps({**saved, **chosen}))
    with terminal(tmp_path, quick, False) as chat:
        chat.say(f"/load {tmp_path / 'saved.json'}")
        chat.expect("saved with")
        prompted(chat)
        chat.say("/show")
        chat.expect("verbose")
        prompted(chat)
        chat.end_of_input()
        ends(chat, 0)
        said = chat.raw
    assert "[31mred" in said and "]0;title" in said
    assert "\x1b[31m" not in said and "\x1b]0" not in said and "\x07" not in said


@pytest.mark.parametrize("busy", [pytest.param(False, marks=pytest.mark.soak), True], ids=["idle", "generating"])
def test_ctrl_z_stops_the_whole_group_and_fg_goes_on(tmp_path: Path, slow: Path, toolkit: bool, busy: bool) -> None:
    shell = ("bash", "--norc", "--noprofile", "-i")
    environment = {"PS1": "shell$ ", "HISTFILE": None}
    with Chat(tmp_path, command=shell, terminal=True, toolkit=toolkit, environment=environment) as chat:
        chat.expect("shell$ ")
        chat.say(f"{sys.executable} -m llmproc.main --model {slow} --max-tokens 80; echo status $((1000 + $?))")
        chat.expect("+ $?))")
        prompted(chat)
        main = until(lambda: next(iter(children(chat.pid)), 0))
        ready_for_keys(chat)
        until(lambda: "inference" in [name(pid) for pid in children(main)])
        group = [main, *children(main)]
        assert sorted(name(pid) for pid in group[1:]) == ["inference", "template"]
        if busy:
            generating(chat)
        chat.send(b"\x1a")
        chat.until(lambda: all(stat(pid)[0] == "T" for pid in group))
        chat.expect("Stopped")
        chat.expect("shell$ ")
        chat.say("fg")
        if not busy:
            if toolkit:  # readline stays in the shell's mode until Enter: Python's takes no notice of SIGCONT
                ready_for_keys(chat)
            chat.say("Hello")
        chat.expect("SEQ LEN")
        prompted(chat)
        assert [pid for pid in group if not alive(pid)] == [], "nobody was taken for dead"
        ready_for_keys(chat)
        chat.end_of_input()
        chat.expect("Child exited with 0")
        chat.expect("shell$ ")
        chat.say("exit")
        chat.wait()
