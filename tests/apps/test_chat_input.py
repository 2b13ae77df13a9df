"""Unusual input to the prompt loop: open blocks, byte order marks, lines that begin with a slash, folders."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from apps.test_chat_terminal import prompted, ready_for_keys
from support.chatting import PROMPT, SPEED, Chat, answers, run

OPEN = '[INFO] the input ended before the closing """: asked as far as it came'
MARK = b"\xef\xbb\xbf"


@pytest.fixture(scope="module")
def whole_block(tmp_path_factory: pytest.TempPathFactory, quick: Path) -> str:
    """What a block that is closed prints."""
    options = ("--model", quick, "--max-tokens", 6)
    return run(tmp_path_factory.mktemp("whole"), *options, text='"""One\ntwo"""\n')[1]


@pytest.mark.parametrize("block", ['"""One\ntwo\n', '"""One\ntwo', '"""\nOne\ntwo\n'])
def test_a_block_that_the_input_ends_in_is_asked(tmp_path: Path, quick: Path, whole_block: str, block: str) -> None:
    options = ("--model", quick, "--max-tokens", 6)
    code, out, _ = run(tmp_path, *options, text=block)
    assert code == 0 and out.count(OPEN) == 1 and len(SPEED.findall(out)) == 1
    assert SPEED.findall(out)[0][0] == SPEED.findall(whole_block)[0][0] and OPEN not in whole_block


@pytest.mark.parametrize("block", ['"""', '"""\n', '"""\n\n  \n'])
def test_an_empty_open_block_asks_nothing_and_says_so(tmp_path: Path, quick: Path, block: str) -> None:
    code, out, _ = run(tmp_path, "--model", quick, text=block)
    assert code == 0 and out.count(OPEN) == 1 and not SPEED.search(out)


@pytest.mark.parametrize("toolkit", [True, False], ids=["prompt_toolkit", "readline"])
def test_ctrl_d_inside_a_block_asks_it_and_the_loop_goes_on(tmp_path: Path, quick: Path, toolkit: bool) -> None:
    if toolkit:
        pytest.importorskip("prompt_toolkit", reason="prompt_toolkit is not installed")
    with Chat(tmp_path, "--model", quick, "--max-tokens", 6, terminal=True, toolkit=toolkit) as chat:
        prompted(chat)
        chat.say('"""One')
        chat.expect("...")
        ready_for_keys(chat)
        chat.end_of_input()
        chat.expect(OPEN)
        chat.expect(SPEED)
        prompted(chat)
        chat.end_of_input()
        assert chat.wait() == 0


def test_a_byte_order_mark_is_not_part_of_the_first_line(tmp_path: Path, quick: Path) -> None:
    options = ("--model", quick, "--max-tokens", 6)
    code, out, _ = run(tmp_path, *options, text=MARK + b"/show\nHello\n")
    assert code == 0 and "  template " in out
    plain = run(tmp_path, *options, text=b"/show\nHello\n")[1]
    assert answers(out)[1] == answers(plain)[1] and "error" not in out
    later = run(tmp_path, *options, text=b"Hello\n" + MARK + b"/show\n")[1]
    assert len(SPEED.findall(later)) == 2, "only what begins the input is a mark"


def test_a_byte_order_mark_is_not_part_of_a_file(tmp_path: Path, quick: Path) -> None:
    (tmp_path / "marked").write_bytes(MARK + b"Hello\n")
    (tmp_path / "plain").write_bytes(b"Hello\n")
    text = "/read marked\n/clear\n/set seed 42\n/read plain\n"
    _, out, _ = run(tmp_path, "--model", quick, "--max-tokens", 6, text=text, cwd=tmp_path)
    first, *_, last = [answer for answer in answers(out) if answer.strip()]
    assert first == last and len(SPEED.findall(out)) == 2


def test_a_piped_prompt_that_begins_with_a_slash_fails_and_says_how_to_ask_it(tmp_path: Path, quick: Path) -> None:
    options = ("--model", quick, "--max-tokens", 6)
    code, out, _ = run(tmp_path, *options, text="/etc/passwd is what?\n")
    assert code == 1 and not SPEED.search(out)
    assert (
        'error: /etc/passwd: unknown command; /? lists the commands, a prompt that begins with / goes between """'
        in out
    )
    code, out, _ = run(tmp_path, *options, text='"""/etc/passwd is what?"""\n')
    assert code == 0 and SPEED.search(out) and "error" not in out


def test_bare_set_system_tells_it_and_forgets_nothing(tmp_path: Path, quick: Path) -> None:
    text = '/set system\n/set system Be brief\nHello\n/set system\n/show\n/set system ""\n/show\n'
    code, out, _ = run(tmp_path, "--model", quick, "--max-tokens", 6, text=text)
    assert code == 0
    parts = out.split(PROMPT)[1:]
    assert 'the system message is empty; /set system "" removes it' in parts[0]
    assert 'the system message is Be brief; /set system "" removes it' in parts[3]
    assert "a new conversation begins" not in parts[3] and "turns        1\n" in parts[4]
    assert "a new conversation begins, without a system message" in parts[5]
    assert "turns        0\n" in parts[6] and "system       None\n" in parts[6]


def test_reading_what_is_not_a_file_says_what_it_is(tmp_path: Path, quick: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    code, out, _ = run(tmp_path, "--model", quick, text="/read .\n/read pipe\n/read missing\n", cwd=tmp_path)
    assert "error: .: is a directory, not a file" in out
    assert "error: pipe: is a FIFO, not a file" in out
    assert "error: missing: no such file" in out
    assert code == 1, "what was to be asked was not"


def _notes(out: str) -> int:
    return out.count("[INFO] ./model.bin is not used: add --model model.bin to use it, or --course for the exercise\n")


def test_a_model_in_the_current_folder_that_is_not_used_is_said_once(tmp_path: Path, quick: Path) -> None:
    here = tmp_path / "here"
    here.mkdir()
    assert _notes(run(tmp_path, text="", cwd=here)[1]) == 0
    shutil.copy(quick, here)
    shutil.copy(quick.with_name("tokenizer.bin"), here)
    assert _notes(run(tmp_path, text="", cwd=here)[1]) == 1
    for options in (("--model", "model.bin"), ("--model", quick), ("--course",)):
        assert _notes(run(tmp_path, *options, text="", cwd=here)[1]) == 0, options
    named = {"LLMPROC_MODEL": str(quick)}
    assert _notes(run(tmp_path, text="", cwd=here, environment=named)[1]) == 0, "the environment chose one"


@pytest.mark.parametrize("name", ["model.bin", "tokenizer.bin"])
def test_a_link_to_nothing_is_an_error_under_course(tmp_path: Path, quick: Path, name: str) -> None:
    here = tmp_path / "here"
    here.mkdir()
    for file in (quick, quick.with_name("tokenizer.bin")):
        shutil.copy(file, here)
    (here / name).unlink()
    (here / name).symlink_to("gone")
    code, out, err = run(tmp_path, "--course", text="Hello\n", cwd=here)
    assert (code, out) == (4, "") and f"{name}: no such file" in err.splitlines()[-1]


@pytest.mark.parametrize(("seed", "same"), [(2**64 + 7, 7), (2**70 + 2**64 - 1, 2**64 - 1)])
def test_a_seed_is_taken_modulo_2_to_the_64(tmp_path: Path, quick: Path, seed: int, same: int) -> None:
    options = ("--model", quick, "--max-tokens", 12)
    long, short = (run(tmp_path, given, *options, text=f"Hello\n/set seed {given}\nHello\n") for given in (seed, same))
    assert long[0] == 0 and answers(long[1])[0] == answers(short[1])[0]
    assert answers(long[1])[2] == answers(short[1])[2] and f"seed {same}: the random stream starts over" in long[1]


@pytest.mark.parametrize("word", ["/bye", "/exit", "/quit"])
def test_words_that_leave(tmp_path: Path, quick: Path, word: str) -> None:
    status, out, _ = run(tmp_path, "--model", quick, "--max-tokens", 4, text=f"{word}\nHello\n")
    assert status == 0 and "unknown command" not in out and "SEQ LEN" not in out


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32-be"])
@pytest.mark.parametrize("course", [(), ("--course",)], ids=["plain", "course"])
def test_a_pipe_that_is_not_utf8_is_one_line(tmp_path: Path, quick: Path, encoding: str, course: tuple[str]) -> None:
    text = "What is a pipe?\nAnd a process?\n".encode(encoding)
    code, out, err = run(tmp_path, "--model", quick, *course, text=text)
    said = f"stdin: is not UTF-8, looks like UTF-{encoding[4:6]}: iconv "
    assert code == 2 and not SPEED.search(out) and (out + err).count(said) == 1


def test_a_file_to_read_that_is_not_utf8_is_refused(tmp_path: Path, quick: Path) -> None:
    (tmp_path / "wide").write_text("What is a pipe?\n", encoding="utf-16")
    code, out, _ = run(tmp_path, "--model", quick, text="/read wide\n", cwd=tmp_path)
    assert code == 1 and "error: wide: is not UTF-8, looks like UTF-16" in out and not SPEED.search(out)
