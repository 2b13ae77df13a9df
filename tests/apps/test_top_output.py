"""`llmproc top` behind a pipe, and on real instances: a prompt loop, a program of one's own, an idle one."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from apps.topping import BUSY, Stage
from support.chatting import Chat, run
from support.paths import ROOT
from support.waiting import PATIENCE_S


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with Stage(tmp_path / "place") as made:
        yield made


def top(folder: Path, *arguments: object, **settings: object) -> Chat:
    environment = {"LLMPROC_RUNTIME_DIR": str(folder / "place")}
    return Chat(folder, "top", *arguments, module="llmproc", environment=environment, **settings)  # type: ignore[arg-type]


def call(folder: Path, *arguments: object) -> tuple[int, str, str]:
    (folder / "log.txt").unlink(missing_ok=True)
    return run(folder, "top", *arguments, module="llmproc", environment={"LLMPROC_RUNTIME_DIR": str(folder / "place")})


def test_once(tmp_path: Path, stage: Stage) -> None:
    busy = stage.worker(0, BUSY)
    code, out, err = call(tmp_path, "--once", "--interval", 0.4)
    assert (code, err) == (0, "") and out.count("\n") == 4 and "\x1b" not in out
    worker = next(line for line in out.splitlines() if line.split()[:1] == [str(busy)]).split()
    assert worker[1:3] == ["worker", "0"] and float(worker[7]) + float(worker[8]) + float(worker[9]) > 50


def test_once_as_json(tmp_path: Path, stage: Stage) -> None:
    stage.worker(0)
    code, out, err = call(tmp_path, "--once", "--json", "--interval", 0.1)
    assert (code, err, out.count("\n")) == (0, "", 1)
    (found,) = json.loads(out)["instances"]
    assert [process["user_percent"] is not None for process in found["processes"]] == [True, True]


def test_a_stream_goes_on_until_nobody_reads(tmp_path: Path, stage: Stage) -> None:
    with top(tmp_path, "--interval", 0.1) as chat:
        for _ in range(3):
            chat.expect(f"{os.getpid()} main")
        chat.hang_up()
        assert chat.process.wait(PATIENCE_S) == 141


def test_a_stream_ended_by_a_signal(tmp_path: Path, stage: Stage) -> None:
    with top(tmp_path, "--interval", 0.1, "--json") as chat:
        chat.expect("}]}]}\n")
        chat.interrupt()
        assert chat.wait() == 130
        assert [json.loads(line)["instances"][0]["pid"] for line in chat.text.splitlines()] == [os.getpid()] * len(
            chat.text.splitlines()
        )


def test_nothing_runs(tmp_path: Path) -> None:
    code, out, err = call(tmp_path, "--once")
    assert (code, out, err) == (0, f"no instance of llmproc is running (looked in {tmp_path / 'place'})\n", "")
    code, out, _ = call(tmp_path, "--once", "--json")
    assert code == 0 and json.loads(out)["instances"] == []
    assert not (tmp_path / "place").exists(), "looking makes nothing"


@pytest.mark.parametrize(
    "arguments", [("--interval", 0), ("--interval", "nan"), ("--interval", "x"), ("--frob",), ("x",)]
)
def test_wrong_usage_is_one_line(tmp_path: Path, arguments: tuple[object, ...]) -> None:
    code, out, err = call(tmp_path, *arguments)
    assert (code, out, err.count("\n")) == (2, "", 1) and err.startswith("llmproc: ")


def test_a_full_disk_is_one_line(tmp_path: Path, stage: Stage) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        with top(tmp_path, "--once", stdout=full) as chat:
            assert chat.wait() == 1
            assert chat.logged() == "llmproc: stdout: cannot be written: No space left on device\n"
    finally:
        os.close(full)


# -- a real instance --------------------------------------------------------------------------------------------------


def test_a_real_prompt_loop_from_beginning_to_end(tmp_path: Path, slow: Path) -> None:
    place = {"LLMPROC_RUNTIME_DIR": str(tmp_path / "place")}

    def looked() -> list[dict[str, object]]:
        _, out, _ = run(tmp_path, "top", "--once", "--json", "--interval", 0.5, module="llmproc", environment=place)
        instances = json.loads(out)["instances"]
        return instances[0]["processes"] if instances else []

    folder = tmp_path / "chat"
    folder.mkdir()
    with Chat(folder, "--model", slow, "--max-tokens", 700, environment=place) as chat:
        chat.until(lambda: list((tmp_path / "place").glob("*.json")))
        chat.send(b"Hello\n")
        chat.await_events("step", 3)  # the second comes 0.3 s after the first: all has been announced
        found = {str(process["role"]): process for process in looked()}
        assert set(found) == {"main", "template", "worker"}
        assert found["main"]["pid"] == chat.pid and found["worker"]["pid"] == chat.child("inference")
        worker = found["worker"]
        assert (worker["sequences"], worker["queue"]) == (1, 0)
        assert float(str(worker["tokens_per_s"])) > 3 and float(str(worker["user_percent"])) > 20
        chat.expect("SEQ LEN")
        chat.until(lambda: [p["sequences"] for p in looked() if p["role"] == "worker"] == [0])
        chat.end_of_input()
        assert chat.wait() == 0
    assert list((tmp_path / "place").iterdir()) == [] and looked() == []


def test_an_idle_instance_is_not_woken(tmp_path: Path, quick: Path) -> None:
    """The announcing adds nothing: no thread of main runs while nobody asks for anything."""
    with Chat(tmp_path, "--model", quick, "--max-tokens", 5) as chat:
        chat.ask("Hello")

        def woken() -> dict[str, int]:
            return {
                path.parent.name: int(path.read_text().rpartition("\nvoluntary_ctxt_switches:")[2].split()[0])
                for path in Path(f"/proc/{chat.pid}/task").glob("*/status")
            }

        before: dict[str, int] = {}

        def settled() -> bool:
            """Half a second without a wake-up: the last count has been written."""
            nonlocal before
            last, before = before, woken()
            signal.sigtimedwait([], 0.5)
            return last == before

        chat.until(settled)
        signal.sigtimedwait([], 1.5)  # five intervals of the watch: this is the time that is tested
        assert woken() == before
        assert len(before) >= 3, "the loop, the I/O thread, the watch"
        chat.end_of_input()
        assert chat.wait() == 0


def test_a_program_of_ones_own_is_found_too(tmp_path: Path, quick: Path) -> None:
    """One that uses the Python API keeps no run folder, and announces itself all the same."""
    code = (
        "import sys; from llmproc import LLM, SamplingParams\n"
        f"with LLM({str(quick)!r}, {str(quick.with_name('tokenizer.bin'))!r}) as llm:\n"
        " llm.generate(['go on'], SamplingParams(max_tokens=5)); print('ready', flush=True); sys.stdin.read()\n"
    )
    place = {"LLMPROC_RUNTIME_DIR": str(tmp_path / "place"), "PYTHONPATH": str(ROOT)}
    folder = tmp_path / "program"
    folder.mkdir()
    with Chat(folder, command=(sys.executable, "-c", code), environment=place) as program:
        program.expect("ready")

        def tokens() -> list[object]:
            _, out, _ = run(tmp_path, "top", "--once", "--json", "--interval", 0.1, module="llmproc", environment=place)
            return [(p["role"], p["sequences"]) for i in json.loads(out)["instances"] for p in i["processes"]]

        program.until(lambda: tokens() == [("main", 0), ("template", None), ("worker", 0)])
        program.end_of_input()
        assert program.wait() == 0
    assert list((tmp_path / "place").iterdir()) == []
