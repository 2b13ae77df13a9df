"""The table of other systems: the page is the table, every command of ours runs, every word gets its one line."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.paths import ROOT

from llmproc.apps import coming_from
from llmproc.apps.coming_from import Counterpart, hint, nearest, page, rows
from llmproc.cli import VERBS

COMMANDS = [row.ours for row in rows() if row.ours and not row.is_python]
EXPRESSIONS = [row.ours for row in rows() if row.is_python]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as a newcomer has it: a checkout's tools, and a file of prompts."""
    place = tmp_path_factory.mktemp("coming")
    (place / "tools").symlink_to(ROOT / "tools")
    (place / "prompts.txt").write_text("What is a pipe?\nWhat is a process?\n")
    return place


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "LLMPROC_RUN_DIR": str(folder / "logs"),
    }
    return subprocess.run(
        command, shell=True, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=120, executable=shutil.which("bash"),
    )  # fmt: skip


def test_the_page_is_the_table() -> None:
    written = (ROOT / "llmproc" / "coming-from.md").read_text()
    assert written == page(), "write it again: the command stands in llmproc/apps/coming_from.py"


def test_every_command_of_ours_runs_in_the_order_of_the_page(folder: Path) -> None:
    assert len(COMMANDS) > 15
    for command in COMMANDS:
        done = run(command, folder)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stdout + done.stderr, command


def test_every_python_of_ours_runs(folder: Path) -> None:
    calls = [line for line in EXPRESSIONS if not line.startswith("LLM(")]
    assert len(calls) > 5 and len(EXPRESSIONS) > len(calls)
    program = [
        "from llmproc import LLM, SamplingParams",
        "with LLM() as llm:",
        *(f"    print({call})" for call in calls),
    ]
    program += [f"{made}.close()" for made in EXPRESSIONS if made.startswith("LLM(")]
    (folder / "program.py").write_text("\n".join(program) + "\n")
    done = run("python3 -W error program.py", folder)
    assert done.returncode == 0, done.stderr
    assert "12" in done.stdout


@pytest.mark.parametrize("row", list(rows()), ids=lambda row: row.theirs)
def test_a_row_has_a_command_or_a_reason(row: Counterpart) -> None:
    assert row.theirs and (row.ours or row.note.startswith(("not here", "`python3")))
    assert "|" not in row.theirs + row.note, "it would break the page's table"


def test_no_word_stands_twice_and_none_is_a_command_of_ours() -> None:
    words = [word for row in rows() for word in row.words]
    assert len(set(words)) == len(words)
    assert not set(words) & set(VERBS)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("seq", "batch prompts.txt -o seq.jsonl --mode seq"),
        ("sp", "--mode sp"),
        ("ws", "--mode ws"),
        ("prepare", "llmproc fetch course"),
        ("single_inference.py", "--mode seq --json"),
        ("./profile_gpu.sh", "llmproc record"),
        ("parallel_project/run_baseline.py", "llmproc bench"),
        ("RUN_BASELINE.PY", "llmproc bench"),
        ("conda", "pip is all it needs"),
    ],
)
def test_a_word_is_answered_by_one_line(word: str, expected: str) -> None:
    found = hint(word)
    assert expected in found and "\n" not in found


def test_words_that_the_table_does_not_know() -> None:
    assert hint("frob") == "" == hint("") == hint("--frob")


@pytest.mark.parametrize(("word", "expected"), [("bacth", "batch"), ("tops", "top"), ("docter", "doctor"), ("zzz", "")])
def test_the_nearest_command(word: str, expected: str) -> None:
    assert nearest(word, VERBS) == expected


def test_every_system_has_its_rows() -> None:
    assert [len(system.rows) >= 8 for system in coming_from.SYSTEMS] == [True] * 5
