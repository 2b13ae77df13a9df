"""Every command in README.md is run, and prints what README.md says; every file it links to is there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.paths import ROOT

README = (ROOT / "README.md").read_text()
# Run as they stand by .ci/run, in a fresh virtual environment; what follows `&&` is run here.
INSTALLS = (
    "python3 -m pip install -e .",
    "python3 -m pip install -e '.[test]'",
    "python3 -m pip install -e '.[server]'",
)
PIPED = "python3 -m llmproc.main 42 2>log.txt"  # what the first lines show
# The server's own README has commands, and a test that runs them.
NOT_HERE = ("python3 -m pytest", "python3 -m llmproc serve", "python3 -m venv", ". .venv/bin/activate")


def sections() -> dict[str, list[str]]:
    """Return the indented command lines of README by heading, in order, installs taken off."""
    found: dict[str, list[str]] = {}
    heading = ""
    for line in re.sub(r"(?ms)^```.*?^```$", "", README).splitlines():
        if line.startswith("#"):
            heading = line.lstrip("# ")
        if line.startswith("    ") and not line.startswith("     "):
            for part in line.split(" && ", 1) if line.strip().startswith(INSTALLS) else [line]:
                command = re.sub(r"\s+#.*", "", part).strip()
                if command and not command.startswith(INSTALLS + NOT_HERE):
                    found.setdefault(heading, []).append(command)
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A stand-in for the checkout: its tools, its files, a place of its own for logs."""
    place = tmp_path
    (place / "tools").symlink_to(ROOT / "tools")
    (place / "bin").mkdir()
    (place / "bin" / "python3").symlink_to(sys.executable)
    (place / "bin" / "python").symlink_to(sys.executable)
    return place


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "LLMPROC_RUN_DIR": str(folder / "logs"),
    }
    return subprocess.run(
        command, shell=True, cwd=folder, env=environment, input="What is a process?\n", capture_output=True, text=True,
        timeout=180, executable=shutil.which("bash"),
    )  # fmt: skip


@pytest.mark.parametrize("section", sections())
def test_every_command_runs(section: str, folder: Path) -> None:
    """One after the other, as a reader types them: a section may use what its earlier lines made."""
    for command in sections()[section]:
        done = run(command, folder)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stdout + done.stderr, command
        if PIPED in command:
            shown = re.search(r"```\n(>>> .*?)```", README, re.S)
            assert shown, "README shows what the prompt loop prints"
            assert _stable(done.stdout) == _stable(shown[1])


def test_commands_are_found() -> None:
    assert sum(map(len, sections().values())) >= 6
    assert any(PIPED in command for commands in sections().values() for command in commands)


def _stable(text: str) -> list[str]:
    """Without what differs from run to run: speed and the run folder's name."""
    return [re.sub(r"Speed: .*|run folder: .*", "...", line).rstrip() for line in text.strip().splitlines()]


def test_readme_is_short_and_opens_with_the_two_commands() -> None:
    lines = README.splitlines()
    assert len(lines) < 150
    head = "\n".join(lines[:12])
    assert "python3 -m pip install -e . && python3 -m llmproc.main 42" in head
    assert "python3 -m pip install -e '.[test]' && python3 -m pytest" in head


@pytest.mark.parametrize("document", [*sorted(ROOT.glob("*/README.md")), ROOT / "README.md"], ids=str)
def test_links_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text()):
        assert (document.parent / target).exists(), f"{document}: {target}"


def test_no_machine_paths_in_documents() -> None:
    for document in [ROOT / "README.md", *ROOT.glob("*/README.md")]:
        assert not re.search(r"/work/|/root/|/opt/|/home/", document.read_text()), document


def test_the_python_example_runs(folder: Path) -> None:
    example = re.search(r"(?ms)^```python\n(.*?)^```$", README)
    assert example is not None
    (folder / "example.py").write_text(example[1])
    done = run("python3 example.py", folder)
    assert done.returncode == 0, done.stderr
    assert "A process is" in done.stdout and "A thread is" in done.stdout
