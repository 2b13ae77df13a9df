"""--course: the exercise exactly, through the program itself."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
from pathlib import Path

import pytest
from apps.test_chat_pipe import check_log
from apps.test_chat_terminal import prompted
from support.chatting import PROMPT, SPEED, Chat, answers, run
from support.processes import tasks

from llmproc.checkpoints.synth import write_synthetic
from llmproc.labs.course.text import printed
from llmproc.text.tokenizers.tokenizer import load_tokenizer


@pytest.fixture
def course(shared_data: Path) -> tuple[object, ...]:
    files = ("--model", shared_data / "course-tiny-v2.bin", "--tokenizer", shared_data / "smollm-tokenizer.bin")
    return ("--course", *files)


def test_golden_turns_are_the_text_that_is_shown(tmp_path: Path, course: tuple[object, ...], shared_data: Path) -> None:
    golden = json.loads((shared_data / "course-golden.json").read_text())
    with Chat(tmp_path, *course, 42) as chat:
        chat.send("".join(f"{prompt}\n" for prompt in golden["prompts"]))
        chat.end_of_input()
        assert chat.wait() == 0
    out = chat.output.decode("latin-1")  # every byte a character
    assert [int(length) for length, _ in SPEED.findall(out)] == golden["seq_len_after_turn"]
    tokenizer = load_tokenizer(shared_data / "smollm-tokenizer.bin", 49152)
    for shown, ids in zip(answers(out), golden["next_ids"], strict=True):
        drawn = ids[-257:]  # 255 sampled, the closing one, the discarded one
        text = b"".join(printed(tokenizer, before, token) for before, token in zip([1, *drawn], drawn, strict=False))
        assert b"<|im_end|>" in text and shown == text.decode("latin-1") + "\n"
    assert out.splitlines()[-1] == "Child exited with 0", "the course's output has nothing after it"
    check_log(tmp_path / "log.txt", 2)


def test_four_prompts_at_most_and_commands_are_prompts(tmp_path: Path, course: tuple[object, ...]) -> None:
    code, out, _ = run(tmp_path, *course, "--max-tokens", 1, text='/x\n\n"""\nd\n/bye\nfifth\n')
    assert code == 0 and out.count(PROMPT) == 4
    lengths = [int(length) for length, _ in SPEED.findall(out)]
    assert len(lengths) == 4 and "unknown command" not in out
    assert lengths[1] - lengths[0] == 256 + 4, "an empty prompt is the bare template"
    assert lengths[3] == 1024 and "the context is full" in out


def test_bye_ends(tmp_path: Path, course: tuple[object, ...]) -> None:
    code, out, _ = run(tmp_path, *course, text="/bye\nx\n")
    assert code == 0 and out.count(PROMPT) == 1 and not SPEED.search(out)


def test_it_never_stops_at_the_end_token(tmp_path: Path, quick: Path) -> None:
    """A model that says the end-of-turn token all the time: 256 positions a turn all the same."""
    data = bytearray(quick.read_bytes())
    norms, dim = 256 + 4 * 64 * 2 * 2, 64  # the final norm begins after those of two layers
    embedding = norms + 4 * dim
    data[norms:embedding] = b"\x00\x00\x00\x00" * dim  # all logits are equal: argmax is the first id...
    ends = tmp_path / "ends"
    ends.mkdir()
    (ends / "model.bin").write_bytes(data)
    shutil.copy(quick.with_name("tokenizer.bin"), ends)
    (ends / "tokenizer.meta.json").write_text('{"bos": 1, "eos": [0], "unk": 0, "template": "chatml"}')
    options = ("--temperature", 0, "--model", ends / "model.bin")
    _, out, _ = run(tmp_path, *options, text="a\n")
    plain = int(SPEED.search(out)[1])  # type: ignore[index]
    assert plain < 30, "without --course the first token ends it"  # ...which is an end token
    _, out, _ = run(tmp_path, "--course", *options, text="a\n")
    assert 256 < int(SPEED.search(out)[1]) < 280  # type: ignore[index]


@pytest.mark.parametrize("busy", [False, True], ids=["idle", "generating"])
def test_one_interrupt_ends(tmp_path: Path, slow: Path, busy: bool) -> None:
    with Chat(tmp_path, "--course", "--model", slow) as chat:
        chat.expect(PROMPT)
        chat.child("inference")
        if busy:
            chat.say("Hello")
            chat.await_events("first_token", 1)
        chat.interrupt(signal.SIGINT)
        assert chat.wait() == 130
        assert chat.text.endswith("\nChild exited with 0\n")


def test_one_ctrl_c_on_a_terminal_ends(tmp_path: Path, slow: Path) -> None:
    with Chat(tmp_path, "--course", "--model", slow, terminal=True, toolkit=False) as chat:
        chat.expect(PROMPT)
        chat.say("Hello")
        chat.await_events("first_token", 1)
        chat.send(b"\x03")
        assert chat.wait() == 130
        assert "Child exited with 0" in chat.text and re.search(r"\[pid\] \d+ \[tcomm\]", chat.text)


@pytest.mark.parametrize("toolkit", [True, False], ids=["prompt_toolkit", "readline"])
@pytest.mark.parametrize("key", [b"\x03", b"\x04"], ids=["Ctrl-C", "Ctrl-D"])
def test_the_status_stands_on_a_line_of_its_own(tmp_path: Path, quick: Path, toolkit: bool, key: bytes) -> None:
    """However early the key comes: the worker on its way is waited for."""
    if toolkit:
        pytest.importorskip("prompt_toolkit", reason="prompt_toolkit is not installed")
    options = ("--course", "--model", quick, "--log", "log.txt")
    with Chat(tmp_path, *options, terminal=True, toolkit=toolkit) as chat:
        prompted(chat)
        chat.send(key)
        assert chat.wait() == (130 if key == b"\x03" else 0)
        assert chat.text.splitlines()[-1] == "Child exited with 0"


@pytest.mark.parametrize("wait", ["prompt", "template", "worker"])
def test_an_early_interrupt_tells_the_childs_status(tmp_path: Path, quick: Path, wait: str) -> None:
    with Chat(tmp_path, "--course", "--model", quick) as chat:
        chat.expect(PROMPT)
        if wait != "prompt":
            chat.await_events("template_started" if wait == "template" else "worker_ready", 1)
        chat.interrupt(signal.SIGINT)
        assert chat.wait() == 130
        assert chat.text == ">>> \nChild exited with 0\n"


def test_a_second_interrupt_ends_the_wait_for_the_worker(tmp_path: Path, quick: Path) -> None:
    """The template is stopped, so that no worker ever comes."""
    with Chat(tmp_path, "--course", "--model", quick) as chat:
        chat.expect(PROMPT)
        template = chat.child("template")
        os.kill(template, signal.SIGSTOP)
        chat.interrupt(signal.SIGINT)
        chat.expect("\n")
        assert chat.process.poll() is None
        chat.interrupt(signal.SIGINT)
        assert chat.wait() == 130
        assert re.search(r"\n(\[INFO\] no worker had been started yet|Child exited with .*)\n$", chat.text)


def test_the_last_line_names_the_signal_of_the_child_that_died(tmp_path: Path, slow: Path) -> None:
    with Chat(tmp_path, "--course", "--model", slow) as chat:
        chat.expect(PROMPT)
        first = chat.child("inference")
        chat.say("Hello")
        chat.await_events("first_token", 1)
        os.kill(first, signal.SIGKILL)
        chat.expect(SPEED)
        chat.expect(PROMPT)
        chat.end_of_input()
        assert chat.wait() == 0
        *_, note, last = chat.text.splitlines()
        assert last == "Child exited with signal 9 (SIGKILL)" and note == "[INFO] its replacement exited with 0"
        assert f"[INFO] inference process {first} exited with signal 9 (SIGKILL)" in chat.text


@pytest.mark.parametrize(("options", "count"), [((), 1), (("--threads", 2), 2)])
def test_one_thread_unless_told_otherwise(tmp_path: Path, quick: Path, options: tuple[object, ...], count: int) -> None:
    with Chat(tmp_path, "--course", "--model", quick, *options) as chat:
        chat.expect(PROMPT)
        worker = chat.child("inference")
        chat.ask("Hello")
        names = [Path(f"/proc/{worker}/task/{task}/comm").read_text() for task in tasks(worker)]
        assert sum("rank" in name for name in names) == count - 1, names
        chat.end_of_input()
        assert chat.wait() == 0


def test_files_of_the_working_folder_are_used(tmp_path: Path, quick: Path) -> None:
    here = tmp_path / "here"
    here.mkdir()
    shutil.copy(quick, here)
    shutil.copy(quick.with_name("tokenizer.bin"), here)
    code, _, _ = run(tmp_path, "--course", text="", cwd=here)
    assert code == 0
    described = json.loads((tmp_path / "runs" / "latest" / "run.json").read_text())
    assert described["checkpoint"] == "model.bin" and described["checkpoint_bytes"] == quick.stat().st_size
    (here / "tokenizer.bin").write_bytes(b"")
    code, out, err = run(tmp_path, "--course", text="", cwd=here)
    assert (code, out) == (4, "") and "tokenizer.bin: file size" in err.splitlines()[-1]
    code, _, _ = run(tmp_path, "--model", quick, text="", cwd=here)
    assert code == 0, "only --course looks there"


def test_a_context_that_is_too_small_ends_with_a_notice(tmp_path: Path, quick: Path) -> None:
    code, out, _ = run(tmp_path, "--course", "--model", quick, text="a\nb\nc\n")
    assert code == 1, "the third prompt was refused"
    assert [int(length) for length, _ in SPEED.findall(out)][1:] == [512]
    assert "the context is full (512 positions): the answer ends here\n" in out
    assert "error: the conversation would need" in out, "the third prompt has no room"


@pytest.mark.soak
def test_the_golden_prompt_on_a_model_of_the_real_size(tmp_path: Path, shared_data: Path) -> None:
    write_synthetic(tmp_path / "model.bin", "smollm-135m", 42)
    tokenizer = ("--tokenizer", shared_data / "smollm-tokenizer.bin")
    text = "What is Fibonacci Number?\nAnd then?\n"
    code, out, _ = run(tmp_path, "--course", *tokenizer, text=text, timeout=280)
    assert code == 0
    first, second = (int(length) for length, _ in SPEED.findall(out))
    assert first == 266 and second > 512
