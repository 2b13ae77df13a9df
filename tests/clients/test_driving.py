"""Client programs as processes: outcomes case by case, exceptions among them, and nothing left at the end."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from clients.driving import PROGRAMS, client_program
from support.processes import alive
from support.waiting import until

PROGRAM = """\
import asyncio, os, subprocess, sys
sys.path.insert(0, {programs!r})
from cases import named, serve

class FakeError(Exception):
    status_code = 418

def whole(): print("not an answer"); return {{"url": sys.argv[1], "home": os.environ.get("SETTING")}}
async def loop(): return id(asyncio.get_running_loop())
def fails(): raise FakeError("a teapot")
def child(): return subprocess.Popen(["sleep", "1000"]).pid
def dies(): os._exit(3)
def proxies(): return [name for name in os.environ if name.lower().endswith("_proxy") or name.startswith("OPENAI")]
def hangs(): import time; time.sleep(1000)
serve("pytest", named(whole, loop, fails, child, dies, proxies, hangs))
"""


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    (tmp_path / "bin" / "python").chmod(0o755)
    (tmp_path / "program.py").write_text(PROGRAM.format(programs=str(PROGRAMS)))
    return tmp_path


def test_cases_are_answered_one_by_one(environment: Path) -> None:
    with client_program(str(environment / "program.py"), environment, "http://x", SETTING="set") as program:
        assert program.version == pytest.__version__ and "loop" in program.cases
        assert program.result("whole") == {"url": "http://x", "home": "set"}
        assert program.outcome("fails") == {"raised": "FakeError", "status": 418, "message": "a teapot"}
        assert program.result("loop") == program.result("loop"), "one event loop for all cases"
        with pytest.raises(AssertionError, match="a teapot"):
            program.result("fails")
        with pytest.raises(AssertionError, match="unknown"):
            program.outcome("unknown")


def test_settings_of_whoever_runs_the_tests_are_not_the_clients(
    environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://elsewhere")
    monkeypatch.setenv("HTTP_PROXY", "http://elsewhere")
    with client_program(str(environment / "program.py"), environment, "http://x") as program:
        assert program.result("proxies") == []


def test_a_program_that_dies_is_not_waited_for(environment: Path) -> None:
    with (
        client_program(str(environment / "program.py"), environment, "http://x") as program,
        pytest.raises(AssertionError, match="ended with 3"),
    ):
        program.outcome("dies")
    (environment / "program.py").write_text("raise SystemExit(4)")
    with (
        pytest.raises(AssertionError, match="ended with 4"),
        client_program(str(environment / "program.py"), environment, "http://x"),
    ):
        pass


def test_what_a_program_started_is_gone_with_it(environment: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that does not end by itself is killed, and its children with it."""
    monkeypatch.setattr("clients.driving.ENDING_S", 0.2)
    with client_program(str(environment / "program.py"), environment, "http://x") as program:
        child = program.result("child")
        assert program.process.stdin is not None
        program.process.stdin.write("hangs\n")
        program.process.stdin.flush()
    assert program.process.returncode is not None
    until(lambda: not alive(child), "the child lives")


def test_node_programs_speak_the_same_way(tmp_path: Path) -> None:
    """Without a package: the text of cases.mjs alone, with a program of its own."""
    package = tmp_path / "node_modules" / "fake"
    package.mkdir(parents=True)
    (package / "package.json").write_text(json.dumps({"version": "1.2.3"}))
    source = 'await serve("fake", { url: async () => URL_BASE, bad: async () => { throw new TypeError("no"); } });'
    (tmp_path / "program.mjs").write_text(source)
    with client_program(str(tmp_path / "program.mjs"), tmp_path, "http://x") as program:
        assert (program.version, program.cases) == ("1.2.3", ("url", "bad"))
        assert program.result("url") == "http://x"
        assert program.outcome("bad") == {"raised": "TypeError", "status": None, "message": "no"}
    assert os.listdir(tmp_path / "node_modules") == ["fake"]
