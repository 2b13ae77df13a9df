"""Arguments and paths that are not UTF-8, for every verb; and UTF-8 where the locale knows only ASCII."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest
from support.paths import ROOT

from llmproc.config import shipped_file

ODD = b"caf\xe9"
C_LOCALE = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A folder with an odd name that holds a model, a tokenizer and prompts with odd names."""
    place = os.fsencode(tmp_path_factory.mktemp("odd")) + b"/" + ODD
    os.mkdir(place)
    shutil.copy(shipped_file("model", "model.bin"), place + b"/" + ODD + b".bin")
    shutil.copy(shipped_file("tokenizer", "tokenizer.bin"), place + b"/" + ODD + b".tok")
    shutil.copy(shipped_file("tokenizer", "tokenizer.meta.json"), os.fsdecode(place))
    for name in (ODD, "é".encode()):
        with open(place + b"/" + name + b".txt", "wb") as file:
            file.write(b"What is a pipe?\n")
    return place


def run(folder: bytes, *command: bytes | str, text: bytes = b"Hi\n", **more: str) -> subprocess.CompletedProcess[bytes]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LLMPROC_", "PYTHON"))}
    environment = {**kept, "PYTHONPATH": str(ROOT), "LLMPROC_RUN_DIR": os.fsdecode(folder) + "/runs", **more}
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, env=environment, input=text, capture_output=True, timeout=120
    )
    assert b"Traceback" not in done.stdout + done.stderr, done.stderr.decode(errors="replace")
    done.stderr.decode()
    if "record" not in command:  # what the recorded command writes is its own
        done.stdout.decode()
    return done


def run_json(folder: bytes, base: bytes = b"runs") -> dict[str, object]:
    with open(folder + b"/" + base + b"/latest/run.json", "rb") as file:
        found: dict[str, object] = json.loads(file.read().decode())
    with open(folder + b"/" + base + b"/latest/events.jsonl", "rb") as file:
        for line in file.read().decode().splitlines():
            json.loads(line)
    return found


SHORT = ("--max-tokens", "2")
BENCH = ("llmproc", "bench", "-p", "4", "-n", "2", "--batched", "none", "--no-limits", "--repeat", "1")


@pytest.mark.parametrize(
    "command",
    [
        ("llmproc.main", *SHORT, "--system", ODD),
        ("llmproc.main", *SHORT, "--model", ODD + b".bin", "--tokenizer", ODD + b".tok"),
        ("llmproc.main", *SHORT, "--log", ODD + b".log"),
        ("llmproc", "batch", ODD + b".txt", "-o", ODD + b".jsonl", *SHORT, "--system", ODD),
        ("llmproc", "threads", "1", "42", ODD, *SHORT),
        (*BENCH, "--model", ODD + b".bin", "-o", ODD + b".md"),
        ("llmproc", "record", "--log", ODD + b".log", "--", "echo", ODD),
        ("llmproc", "compare-modes", ODD + b".txt", "--workers", "1", "--repeat", "1", *SHORT, "--system", ODD),
    ],
    ids=lambda command: " ".join(os.fsdecode(word) for word in command[:2]).encode("ascii", "replace").decode(),
)
def test_it_runs_and_its_json_is_utf8(folder: bytes, command: tuple[bytes | str, ...]) -> None:
    done = run(folder, *command)
    assert done.returncode == 0, done.stderr
    assert "caf\\xe9" in json.dumps(run_json(folder), ensure_ascii=False).replace("\\\\", "\\")


def test_a_run_folder_with_an_odd_name(folder: bytes) -> None:
    done = run(folder, "llmproc.main", *SHORT, "--run-dir", ODD + b".runs")
    assert done.returncode == 0 and b"run folder: caf\\xe9.runs/" in done.stdout
    run_json(folder, ODD + b".runs")


@pytest.mark.parametrize(
    ("command", "line"),
    [
        (("llmproc", ODD), b"llmproc: unknown command 'caf\\xe9'; "),
        (("llmproc.main", "--model", ODD), b"llmproc: caf\\xe9: "),
        (("llmproc", "batch", ODD), b"llmproc: caf\\xe9: "),
        (("llmproc.main", "--cpus", ODD), b"llmproc: cpus is caf\\xe9: "),
    ],
)
def test_errors_show_the_byte(folder: bytes, command: tuple[bytes | str, ...], line: bytes) -> None:
    done = run(folder, *command)
    assert done.returncode in (2, 4) and done.stderr.startswith(line) and done.stderr.count(b"\n") == 1


def test_utf8_in_a_c_locale(folder: bytes) -> None:
    done = run(folder, "llmproc.main", *SHORT, "--system", "é", "--run-dir", "é.runs", **C_LOCALE)
    assert done.returncode == 0 and "run folder: é.runs/".encode() in done.stdout
    assert "--system é" in str(run_json(folder, "é.runs".encode())["command"]).replace("'", "")
    done = run(folder, "llmproc", "batch", "é.txt", "-o", "é.jsonl", "--json", *SHORT, **C_LOCALE)
    assert done.returncode == 0 and json.loads(done.stdout)["output"] == "é.jsonl"
    assert os.path.getsize(folder + "/é.jsonl".encode())
    done = run(folder, "llmproc", "é", **C_LOCALE)
    assert "unknown command 'é'".encode() in done.stderr


def test_the_same_system_message_gives_the_same_answer_in_every_locale(folder: bytes) -> None:
    command = ("llmproc.main", "--max-tokens", "12", "--temperature", "0", "--system", "Réponds: é")
    assert run(folder, *command).stdout.split(b"\n")[0] == run(folder, *command, **C_LOCALE).stdout.split(b"\n")[0]
