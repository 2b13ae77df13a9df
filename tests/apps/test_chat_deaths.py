"""kill -9 of worker, template and main, in every state, under a real prompt loop: nothing left, the same text."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from apps.test_chat_pipe import check_log
from support.chatting import PROMPT, SPEED, Chat, answers, run
from support.processes import children
from support.waiting import until

PROMPTS = ("What is a process?", "And a thread?", "And a pipe?")
NEW_TOKENS = 60
SOAK = pytest.mark.soak
SOME = re.compile(r"(?s).{12}")
KILLED = "inference process {} exited with signal {}; another one continues"


def options(model: Path, seed: int) -> tuple[object, ...]:
    return (seed, "--model", model, "--max-tokens", NEW_TOKENS)


@pytest.fixture(scope="module")
def undisturbed(slow: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[int, list[str]]:
    """A seed with three full answers, and these."""
    for seed in range(1, 20):
        text = "".join(f"{prompt}\n" for prompt in PROMPTS)
        code, out, _ = run(tmp_path_factory.mktemp("undisturbed"), *options(slow, seed), text=text)
        if code == 0 and out.count("the answer was cut at max_tokens") == len(PROMPTS):
            return seed, answers(out)
    raise AssertionError("every answer ends early")


def turn(chat: Chat, prompt: str, hurt: Callable[[], None]) -> None:
    """One prompt; `hurt` is called in the middle of its answer."""
    chat.say(prompt)
    chat.expect(SOME)
    assert "SEQ LEN" not in chat.text[chat.mark - 12 :]
    hurt()
    chat.expect(SPEED)
    chat.expect(PROMPT)


def test_workers_and_the_template_die_while_generating(
    tmp_path: Path, slow: Path, undisturbed: tuple[int, list[str]]
) -> None:
    """SIGABRT, then the template and SIGKILL: the text of the undisturbed run, a log of course lines only."""
    seed, expected = undisturbed
    with Chat(tmp_path, *options(slow, seed)) as chat:
        killed = []

        def kill(number: int) -> None:
            killed.append(chat.child("inference"))
            os.kill(killed[-1], number)

        def kill_both() -> None:
            os.kill(chat.child("template"), signal.SIGKILL)
            kill(signal.SIGKILL)

        chat.expect(PROMPT)
        turn(chat, PROMPTS[0], lambda: kill(signal.SIGABRT))
        turn(chat, PROMPTS[1], kill_both)
        turn(chat, PROMPTS[2], lambda: kill(signal.SIGTERM))
        chat.end_of_input()
        assert chat.wait() == 0
        assert answers(chat.text) == expected
        assert "Child exited with 0\n" in chat.text
        words = ("6 (SIGABRT)", "9 (SIGKILL)")
        for pid, word in zip(killed, words, strict=False):
            assert KILLED.format(pid, word) in chat.text
        assert len(set(killed)) == 3
        lines = check_log(chat.log, 3)
        for pid in killed:  # each had its turn, and a closing line of it
            assert any(line.startswith(f"[pid] {pid} ") for line in lines)
        assert "Fatal Python error: Aborted" in (chat.run_folder() / "stderr.txt").read_text(), "its stacks"


def test_deaths_while_idle(tmp_path: Path, slow: Path, undisturbed: tuple[int, list[str]]) -> None:
    seed, expected = undisturbed
    with Chat(tmp_path, *options(slow, seed)) as chat:
        chat.expect(PROMPT)
        chat.await_events("worker_ready", 1)
        worker = chat.child("inference")
        os.kill(worker, signal.SIGKILL)
        chat.await_events("worker_ready", 2)
        second = chat.child("inference", but=[worker])
        chat.ask(PROMPTS[0])
        template = chat.child("template")
        os.kill(template, signal.SIGKILL)
        chat.child("template", but=[template])
        assert chat.child("inference") == second, "the worker outlives the template"
        chat.ask(PROMPTS[1])
        os.kill(second, signal.SIGABRT)
        third = chat.child("inference", but=[second])
        assert f"PPid:\t{chat.pid}\n" in Path(f"/proc/{third}/status").read_text()
        chat.ask(PROMPTS[2])
        chat.end_of_input()
        assert chat.wait() == 0
        assert answers(chat.text) == expected
        check_log(chat.log, 3)


@pytest.mark.parametrize(
    "state", [pytest.param(state, marks=SOAK) for state in ("starting", "prefill")] + ["idle", "generating"]
)
def test_main_is_killed(tmp_path: Path, slow: Path, state: str) -> None:
    """Within a second nothing is left (asserted when the context ends), and the log has whole lines only."""
    with Chat(tmp_path, "--model", slow, "--max-tokens", 500) as chat:
        chat.child("template")
        if state != "starting":
            chat.child("inference")
        if state == "prefill":
            chat.say("a long one " * 60)
            chat.await_events("request_dispatched", 1)
        if state == "generating":
            chat.say("Hello")
            chat.await_events("step", 2)
        chat.interrupt(signal.SIGKILL)
        assert chat.wait() == -signal.SIGKILL
        for line in chat.logged().splitlines():
            assert line.startswith("[pid] ") and line.endswith("%")


@SOAK
def test_the_worker_is_killed_in_prefill(tmp_path: Path, slow: Path) -> None:
    """A long prompt is on its way through the model: the answer is the same as without the kill."""
    prompt = "a long one " * 60
    found = []
    for disturb in (False, True):
        (tmp_path / str(disturb)).mkdir()
        with Chat(tmp_path / str(disturb), "--model", slow, "--max-tokens", 5) as chat:
            chat.await_events("worker_ready", 1)
            worker = chat.child("inference")
            chat.expect(PROMPT)
            chat.say(prompt)
            chat.await_events("request_dispatched", 1)
            if disturb:
                os.kill(worker, signal.SIGKILL)
            chat.expect(SPEED)
            chat.end_of_input()
            assert chat.wait() == 0
            found.append(answers(chat.text))
    assert found[0] == found[1] and found[0][0]


def test_a_prompt_whose_every_worker_dies_fails_and_the_loop_goes_on(tmp_path: Path, slow: Path) -> None:
    with Chat(tmp_path, "--model", slow, "--max-tokens", 5) as chat:
        chat.expect(PROMPT)
        chat.await_events("worker_ready", 1)
        known = [chat.child("inference")]
        chat.say("a long one " * 80)
        for count in range(1, 4):
            chat.await_events("request_dispatched", count)
            os.kill(known[-1], signal.SIGKILL)
            known.append(chat.child("inference", but=known))
        chat.expect("error: 3 workers in a row died on this request")
        chat.expect(PROMPT)
        assert "SEQ LEN" in chat.ask("Hello")
        chat.end_of_input()
        assert chat.wait() == 1, "a piped prompt failed"


def test_workers_that_keep_dying_before_they_are_ready_end_the_program(tmp_path: Path, slow: Path) -> None:
    """No template starts any more after a first worker was ready: exit 5, one line, the child's status."""
    with Chat(tmp_path, "--model", slow) as chat:
        chat.expect(PROMPT)
        known = [chat.child("inference")]
        chat.await_events("worker_ready", 1)
        templates: list[int] = []

        def fell() -> bool:
            chat.pump(0.01)
            for pid in children(chat.pid):
                if pid not in templates and pid not in known:
                    os.kill(pid, signal.SIGKILL)
                    templates.append(pid)
            return chat.process.poll() is not None

        os.kill(chat.child("template"), signal.SIGKILL)
        until(fell)
        assert chat.wait() == 5
        assert chat.text.count("Child exited with") == 1
        assert chat.logged() == "", "stderr is the log and takes course lines only"
        said = chat.text.splitlines()
        assert said[-3].startswith("[INFO] error: the template keeps dying") and "run folder" in said[-1]


@pytest.mark.soak
@pytest.mark.parametrize("victim", ["template", "main"])
def test_killed_while_compiling(tmp_path: Path, quick: Path, victim: str) -> None:
    """And the half-built cache does not harm the next start."""
    environment = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    with Chat(tmp_path, "--model", quick, environment=environment) as chat:
        chat.expect(PROMPT)
        chat.say("Hello")
        chat.expect("compiling kernels, on the first run only (about 10 s)")
        pid = chat.child("template")
        if victim == "main":
            chat.interrupt(signal.SIGKILL)
            assert chat.wait() == -signal.SIGKILL
        else:
            os.kill(pid, signal.SIGKILL)
            assert chat.wait() == 3
            assert chat.logged().splitlines() == ["llmproc: the template died before it was ready (signal 9)"]
    code, out, _ = run(tmp_path, "--model", quick, text="Hello\n", environment=environment, timeout=150)
    assert code == 0 and len(answers(out)) == 1


@pytest.mark.soak
def test_forty_random_deaths_change_nothing(tmp_path: Path, slow: Path, undisturbed: tuple[int, list[str]]) -> None:
    seed, expected = undisturbed
    for round in range(10):
        folder = tmp_path / str(round)
        folder.mkdir()
        with Chat(folder, *options(slow, seed)) as chat:
            chat.expect(PROMPT)
            for number, prompt in enumerate(PROMPTS):
                victims = ("inference", "template")[: 1 + (round + number) % 2]
                turn(chat, prompt, lambda victims=victims: [os.kill(chat.child(v), signal.SIGKILL) for v in victims])
            chat.end_of_input()
            assert chat.wait() == 0
            assert answers(chat.text) == expected
            check_log(chat.log, 3)
