"""Every command of the prompt loop, with good and bad values, over one running program where that is possible."""

from __future__ import annotations

import ctypes
import json
import os
import re
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.chatting import PROMPT, SPEED, Chat, answers, run
from support.processes import tasks

from llmproc.apps.chat.commands import COMMANDS
from llmproc.processes.scheduling import get_task

CAP_SYS_NICE, PR_CAPBSET_DROP = 23, 24


@pytest.fixture(scope="module")
def shared_chat(quick: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chat]:
    """One program for all commands that leave it as they found it."""
    with Chat(tmp_path_factory.mktemp("commands"), "--model", quick, "--max-tokens", 8) as chat:
        chat.expect(PROMPT)
        chat.child("inference")
        yield chat
        chat.end_of_input()
        assert chat.wait() == (1 if "unknown command" in chat.text else 0)
        assert "Traceback" not in chat.logged()


@pytest.fixture
def chat(shared_chat: Chat) -> Chat:
    shared_chat.ask("/clear")
    return shared_chat


@pytest.fixture(autouse=True)
def nothing_left_behind() -> None:
    """The shared program is left on purpose; its own context checks the rest."""


ERRORS = {
    "/nonsense": "/nonsense: unknown command; /? lists the commands",
    "/": "/: unknown command",
    "/SHOW": "/SHOW: unknown command",
    "/set colour red": "/set colour: must be one of",
    "/set temperature": "temperature is missing: must be a number",
    "/set temperature warm": "temperature is warm: must be a number",
    "/set temperature -0.1": "temperature is -0.1: must be from 0 to 100",
    "/set temperature nan": "temperature is nan: must be from 0 to 100",
    "/set temperature inf": "temperature is inf: must be",
    "/set top_p 1.5": "top_p is 1.5: must be from 0 to 1",
    "/set top_p nan": "top_p is nan",
    "/set max_tokens 0": "max_tokens is 0: must be from 1 to",
    "/set max_tokens 1.5": "max_tokens is 1.5: must be a whole number",
    "/set max_tokens 99999999999": "max_tokens is 99999999999",
    "/set seed x": "seed is x: must be a whole number",
    "/set verbose": "verbose is empty: must be on or off",
    "/sched": "policy is missing: must be one of other, batch, idle, fifo, rr",
    "/sched fastest": "policy is fastest: must be one of",
    "/sched fifo high": "priority is high: must be a whole number",
    "/sched rr 100": "rt-priority is 100: must be from 1 to 99",
    "/nice": "nice is missing: must be a whole number",
    "/nice 20": "nice is 20: must be from -20 to 19",
    "/pin 4095": "core 4095: must be among the allowed cores",
    "/pin 1-0": "ranges must rise",
    "/pin a": "cores is a: must look like 0,2-3",
    "/regen": "nothing to repeat: no prompt has been answered yet",
    "/read": "a file name is missing",
    "/read /does/not/exist": "/does/not/exist: no such file",
    "/read /proc": "/proc: is a directory, not a file",
    "/read ~nobody-of-this-name/x": "~nobody-of-this-name/x: no such user",
    "/read a\0b": "a file name cannot hold the byte 0",
    "/read " + "x" * 300: "cannot be read: File name too long",
    "/save": "a file name is missing",
    "/save /": "/: is not a regular file",
    "/save .": ".: is not a regular file",
    "/save /does/not/exist": "/does/not/exist: cannot be written: No such file or directory",
    "/save a\0b": "a file name cannot hold the byte 0",
    "/load": "a file name is missing",
    "/load /does/not/exist": "/does/not/exist: no such file",
    "/load /proc/self/status": "not a saved session",
}


@pytest.mark.parametrize("command", ERRORS, ids=lambda command: command[:40].replace("\0", "NUL"))
def test_a_bad_command_is_an_error_and_the_loop_goes_on(chat: Chat, command: str) -> None:
    said = chat.ask(command)
    assert "[INFO] error: " in said and ERRORS[command] in said
    assert said.count("\n") <= 2 and not SPEED.search(said)


def test_help_names_every_command(chat: Chat) -> None:
    said = chat.ask("/?")
    for command in COMMANDS:
        assert f"  {command.usage} " in said and command.help in said
    assert '"""' in said and "Ctrl-C cancels an answer; at the prompt it leaves" in said


def test_settings_are_shown(chat: Chat) -> None:
    for line in ("temperature 0.5", "top_p 0.25", "max_tokens 3", "seed 99", "verbose on", "system Be brief"):
        assert ("\n" if "system" in line else f"[INFO] {line}") in chat.ask(f"/set {line}")
    said = chat.ask("/show")
    for name, value in (("temperature", "0.5"), ("top_p", "0.25"), ("max_tokens", "3"), ("seed", "99"), ("draws", "0")):
        assert re.search(rf"^  {name} +{re.escape(value)}$", said, re.MULTILINE), name
    assert re.search(r"^  system +Be brief$", said, re.MULTILINE) and "verbose      True" in said
    answer = chat.ask("Hello")
    assert "max_tokens = 3" in answer and re.search(
        r"prompt \d+ tokens, \d+ of them cached, .* 3 draws from the", answer
    )
    assert "a new conversation begins" in chat.ask('/set system ""')
    for line in ("temperature 0.6", "top_p 0.9", "max_tokens 8", "verbose off"):
        chat.ask(f"/set {line}")
    assert re.search(r"^  system +None$", chat.ask("/show"), re.MULTILINE)


@pytest.mark.parametrize("value", ["0", "-1", "-99999999999999999999999"])
def test_a_drawn_seed_is_said(chat: Chat, value: str) -> None:
    drawn = re.search(r"\[INFO\] seed (\d+): the random stream starts over", chat.ask(f"/set seed {value}"))
    assert drawn and int(drawn[1]) > 0
    assert f"seed         {drawn[1]}\n" in chat.ask("/show")


def texts(*said: str) -> list[str]:
    return [SPEED.split(text)[0] for text in said]


def test_seed_clear_and_regen(chat: Chat) -> None:
    chat.ask("/set seed 5")
    first, again = texts(chat.ask("Hello"), chat.ask("/regen"))
    assert first != again, "the stream goes on"
    chat.ask("/clear")
    assert "positions    0 of 512" in chat.ask("/show")
    chat.ask("/set seed 5")
    assert texts(chat.ask("Hello"), chat.ask("/regen")) == [first, again]
    chat.ask("/set temperature 0")
    one, two = texts(chat.ask("More"), chat.ask("/regen"))
    assert one == two, "without chance the same prompt has the same answer"
    assert "turns        2\n" in chat.ask("/show")
    chat.ask("/set temperature 0.6")


def test_read_and_quotes(chat: Chat, tmp_path: Path) -> None:
    (tmp_path / "prompt.txt").write_text("one\ntwo")
    saved = tmp_path / "saved.json"
    assert SPEED.search(chat.ask(f"/read {tmp_path / 'prompt.txt'}"))
    for line in ('"""three', "/bye", ""):
        chat.say(line)
    assert SPEED.search(chat.ask('four"""'))
    assert SPEED.search(chat.ask('"""/show"""'))
    assert not SPEED.search(chat.ask('""""""')) and not SPEED.search(chat.ask("")) and not SPEED.search(chat.ask("  "))
    assert "saved 3 turns" in chat.ask(f"/save {saved}")
    prompts = [turn["prompt"] for turn in json.loads(saved.read_text())["turns"]]
    assert prompts == ["one\ntwo", "three\n/bye\n\nfour", "/show"]


def test_a_session_with_bytes_that_are_no_text_can_be_saved(chat: Chat, tmp_path: Path) -> None:
    assert SPEED.search(chat.ask(b"a\xff\xfe"))
    assert "saved 1 turn to" in chat.ask(f"/save {tmp_path / 's.json'}")
    assert "1 turn, " in chat.ask(f"/load {tmp_path / 's.json'}")
    assert "unknown command" in chat.ask(b"/\xff")
    assert "no such file" in chat.ask(b"/read /\xff")


def test_save_replaces_files_only(chat: Chat, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    assert "not a regular file" in chat.ask(f"/save {tmp_path / 'fifo'}")
    (tmp_path / "there").write_text("old")
    assert "saved 0 turns" in chat.ask(f"/save {tmp_path / 'there'}")
    assert json.loads((tmp_path / "there").read_text())["turns"] == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fifo", "there"], "nothing temporary is left"


def save(**changes: object) -> str:
    """A saved session that would load, but for the changes."""
    good: dict[str, object] = {
        "model": "m", "tokenizer": "t", "ids": [], "draws": 0, "seed": 1, "turns": [], "template": "chatml",
        "temperature": 0.6, "top_p": 0.9, "max_tokens": 9,
    }  # fmt: skip
    return json.dumps({**good, **changes})


BAD_SAVES = {
    "empty": "",
    "no JSON": "{",
    "list": "[]",
    "missing": '{"model": "m"}',
    "more": save(x=1),
    "ids": save(ids=[99999999]),
    "an id below": save(ids=[-1]),
    "draws": save(draws=-1),
    "draws beyond": save(draws=1 << 40),
    "seed beyond": save(seed=1 << 70),
    "long": save(ids=[1] * 601),
    "types": save(ids=["1"]),
    "template": save(template="plain"),
    "temperature": save(temperature=-1.0),
    "a turn below": save(ids=[5, 6], turns=[{"prompt": "a", "start": -1}]),
    "a turn beyond": save(ids=[5, 6], turns=[{"prompt": "a", "start": 2}]),
    "turns that fall": save(ids=[5, 6], turns=[{"prompt": "a", "start": 1}, {"prompt": "b", "start": 0}]),
    "deep": "[" * 50000,
}  # fmt: skip


def test_the_good_save_loads(chat: Chat, tmp_path: Path) -> None:
    (tmp_path / "good.json").write_text(save())
    assert "[INFO] 0 turns, 0 positions" in chat.ask(f"/load {tmp_path / 'good.json'}")


@pytest.mark.parametrize("kind", BAD_SAVES)
def test_a_bad_saved_session_changes_nothing(chat: Chat, tmp_path: Path, kind: str) -> None:
    chat.ask("Hello")
    before = chat.ask("/show")
    (tmp_path / "bad.json").write_text(BAD_SAVES[kind])
    assert "[INFO] error: " in chat.ask(f"/load {tmp_path / 'bad.json'}")
    assert chat.ask("/show") == before


def test_a_saved_session_continues_byte_for_byte_in_another_process(tmp_path: Path, quick: Path) -> None:
    options = (3, "--model", quick, "--max-tokens", 20)
    saved = tmp_path / "saved.json"
    _, whole, _ = run(tmp_path, *options, text="One\nTwo\nThree\n/regen\n")
    run(tmp_path, *options, text=f"One\nTwo\n/save {saved}\n")
    _, rest, _ = run(tmp_path, 77, *options[1:], text=f"/load {saved}\nThree\n/regen\n")
    assert answers(rest)[1:] == answers(whole)[2:]
    assert SPEED.findall(rest)[-1][0] == SPEED.findall(whole)[-1][0]


def test_ps_speaks_of_main_and_worker(chat: Chat) -> None:
    said = chat.ask("/ps")
    assert re.search(rf"^  main +{chat.pid} running +SCHED_OTHER +0 ", said, re.MULTILINE)
    assert re.search(rf"^  inference +{chat.child('inference')} ready +SCHED_OTHER +0 ", said, re.MULTILINE)


POLICY = {"other": 0, "fifo": 1, "rr": 2, "batch": 3, "idle": 5}


def test_scheduling_reaches_every_task_and_the_next_worker(tmp_path: Path, quick: Path) -> None:
    with Chat(tmp_path, "--model", quick, "--max-tokens", 8) as chat:
        chat.expect(PROMPT)
        worker = chat.child("inference")
        chat.ask("Hello")

        def told(command: str, said: str, *wanted: int) -> None:
            assert said in chat.ask(command)
            assert {get_task(tid)[: len(wanted)] for tid in tasks(worker)} == {wanted}

        told("/sched batch", "policy batch", 3, 0)
        told("/nice 7", "nice 7", 3, 7)
        cpu = min(os.sched_getaffinity(0))
        assert f"cores {cpu}" in chat.ask(f"/pin {cpu}")
        assert {frozenset(os.sched_getaffinity(tid)) for tid in tasks(worker)} == {frozenset({cpu})}
        os.kill(worker, 9)
        worker = chat.child("inference", but=[worker])
        chat.await_events("worker_ready", 2)
        assert {get_task(tid)[:2] for tid in tasks(worker)} == {(3, 7)}
        assert os.sched_getaffinity(worker) == {cpu}
        chat.ask("/pin")
        assert os.sched_getaffinity(worker) == os.sched_getaffinity(chat.pid)
        if os.geteuid() == 0:
            assert "policy rr" in chat.ask("/sched rr 3")
            assert {get_task(tid)[::2] for tid in tasks(worker)} == {(2, 3)}
            assert "policy idle" in chat.ask("/sched idle")
            told("/nice 7", "nice 7", 5, 7)
            told("/sched other", "policy other", 0, 7)
        assert "SEQ LEN" in chat.ask("Hello again")
        assert "[policy] SCHED_BATCH" not in chat.logged().splitlines()[-1]
        chat.end_of_input()
        assert chat.wait() == 0


def without_the_privilege() -> None:
    """Root, but no CAP_SYS_NICE after exec: what an ordinary user may do."""
    resource.setrlimit(resource.RLIMIT_NICE, (0, 0))
    if os.geteuid() == 0 and ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_SYS_NICE, 0, 0, 0) != 0:
        os._exit(99)


def test_without_privilege_idle_is_left_by_a_fresh_worker(tmp_path: Path, quick: Path) -> None:
    with Chat(tmp_path, "--model", quick, "--max-tokens", 8, before=without_the_privilege) as chat:
        chat.expect(PROMPT)
        worker = chat.child("inference")
        first = chat.ask("Hello")
        assert "error" not in chat.ask("/sched idle")
        for command in ("/sched other", "/sched fifo", "/nice -5"):
            said = chat.ask(command)
            assert "[INFO] error: the system refuses" in said and "CAP_SYS_NICE" in said and "fresh" in said, command
            assert get_task(worker)[:2] == (5, 0)
        assert "in a freshly forked worker" in chat.ask("/sched other fresh")
        chat.await_events("worker_ready", 2)
        assert get_task(chat.child("inference", but=[worker]))[:2] == (0, 0)
        assert "SEQ LEN" in first and "SEQ LEN" in chat.ask("And now?")
        chat.end_of_input()
        assert chat.wait() == 0 and "Child exited with 0" in chat.text and f"worker {worker} has ended" in chat.text
