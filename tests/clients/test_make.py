"""make.sh: what it refuses, what it leaves alone, and what it makes, with stand-ins for Python and npm."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from clients.driving import pins
from support.paths import ROOT

SCRIPT = ROOT / "tests" / "clients" / "make.sh"
# As `python -m venv PLACE` and as `PLACE/bin/python -m pip install ...`; pip fails for a package named `missing`.
PYTHON = """\
#!/bin/sh
echo "$@" >> "$CALLS"
case "$*" in
*venv*) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
*missing*) exit 1 ;;
esac
"""


def made(*arguments: object, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the script with stand-ins that write down how they are called."""
    programs = folder / "programs"
    programs.mkdir(exist_ok=True)
    for name in ("python", "npm"):
        (programs / name).write_text(PYTHON)
        (programs / name).chmod(0o755)
    environment = {
        "PATH": f"{programs}:{os.environ['PATH']}", "PYTHON": str(programs / "python"), "CALLS": str(folder / "calls"),
        "XDG_CACHE_HOME": str(folder / "cache"), "HOME": str(folder),
    }  # fmt: skip
    command = [str(SCRIPT), *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)


def calls(folder: Path) -> list[str]:
    return (folder / "calls").read_text().splitlines() if (folder / "calls").exists() else []


def test_a_virtual_environment_is_made_once(tmp_path: Path) -> None:
    place = tmp_path / "cache" / "llmproc-clients" / "openai2"
    for _ in range(2):
        done = made("openai2", folder=tmp_path)
        assert (done.returncode, done.stdout.splitlines()[-1]) == (0, str(place))
    venv, install = calls(tmp_path)
    assert venv == f"-m venv {place}"
    assert install.startswith("-m pip install") and install.endswith(" openai==2.54.0")


def test_node_packages_are_made_in_the_folder_that_is_named(tmp_path: Path) -> None:
    done = made("ai-sdk", tmp_path / "elsewhere", folder=tmp_path)
    place = tmp_path / "elsewhere" / "ai-sdk"
    assert (done.returncode, done.stdout) == (0, f"{place}\n")
    (install,) = calls(tmp_path)
    assert install.startswith("install") and install.endswith(" ai@6.0.326 @ai-sdk/openai-compatible@2.0.92")
    assert '"private": true' in (place / "package.json").read_text()


def test_an_environment_of_other_pins_is_made_again(tmp_path: Path) -> None:
    place = Path(made("ollama", folder=tmp_path).stdout.splitlines()[-1])
    (place / "old").touch()
    (place / "pins").write_text("ollama pip ollama==0.1.0\n")
    made("ollama", folder=tmp_path)
    assert not (place / "old").exists() and "0.6.3" in (place / "pins").read_text()


def test_an_installation_that_fails_is_not_taken_for_one(tmp_path: Path) -> None:
    """make.sh reads the pins beside itself, so a copy of it beside other pins."""
    (tmp_path / "copy" / "tests" / "clients").mkdir(parents=True)
    script = tmp_path / "copy" / "tests" / "clients" / "make.sh"
    script.write_text(SCRIPT.read_text())
    script.chmod(0o755)
    (script.parent / "pins.txt").write_text("broken  pip  missing==1\n")
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "python").write_text(PYTHON)
    (programs / "python").chmod(0o755)
    environment = {"PATH": os.environ["PATH"], "PYTHON": str(programs / "python"), "CALLS": str(tmp_path / "calls")}
    for _ in range(2):
        done = subprocess.run([str(script), "broken", str(tmp_path / "made")], env=environment, capture_output=True)
        assert done.returncode == 1
    assert sum("venv" in call for call in calls(tmp_path)) == 2, "it is made again"


def test_what_it_refuses_is_one_line(tmp_path: Path) -> None:
    wrong = {
        (): "usage",
        ("openai2", tmp_path, "more"): "usage",
        ("openai",): "CLIENT openai",  # the beginning of a name is not a name
        (".*",): "CLIENT .*",
        ("openai2", ROOT / "tests" / "x"): "outside the checkout",
    }
    for arguments, word in wrong.items():
        done = made(*arguments, folder=tmp_path)
        assert done.returncode == 2 and done.stderr.startswith("make.sh: ") and word in done.stderr, arguments
        assert len(done.stderr.splitlines()) == 1
    assert calls(tmp_path) == [] and not (ROOT / "tests" / "x").exists()


def test_every_pin_is_an_exact_version() -> None:
    """But for what a client needs beside itself."""
    found = {client: packages.split() for client, packages in pins().items()}
    loose = {package for packages in found.values() for package in packages[1:] if "==" not in package[1:]}
    assert loose <= {"tenacity", "@ai-sdk/openai-compatible@2.0.92"}
    assert all("==" in packages[0] or "@" in packages[0] for packages in found.values())
