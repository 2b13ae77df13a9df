"""The lower bounds in setup.cfg are true: an environment of the oldest allowed versions runs the default tier too."""

from __future__ import annotations

import configparser
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.paths import ROOT

NOT_INSTALLED = {"mypy", "ruff"}  # they look at the sources, no test runs them


def bounds() -> dict[str, str]:
    """Return the oldest allowed version of each distribution of the core and of the extras tty and test."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    lines = config["options"]["install_requires"].split()
    lines += config["options.extras_require"]["tty"].split() + config["options.extras_require"]["test"].split()
    found = {}
    for line in lines:
        name, _, version = line.partition(">=")
        found[name] = version
    return found


def test_every_requirement_has_a_lower_bound_and_no_other() -> None:
    """`wheel` only packs a folder, in every version there is."""
    assert {name for name, version in bounds().items() if not re.fullmatch(r"\d+(\.\d+)*", version)} == {"wheel"}


def make_environment(folder: Path) -> Path:
    """Return the Python of a virtual environment with the oldest versions; skips where pip finds no packages."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = folder / "bin" / "python"
    wanted = [f"{name}=={version}" if version else name for name, version in bounds().items()]
    wanted = [line for line in wanted if line.split("==")[0] not in NOT_INSTALLED]
    command = [str(python), "-m", "pip", "install", "--quiet", "--only-binary", ":all:", *wanted]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1500)
    if done.returncode and not has_packages(python, folder):
        pytest.skip("pip finds no packages here")
    assert done.returncode == 0, done.stderr
    return python


def has_packages(python: Path, folder: Path) -> bool:
    """Return whether pip finds anything at all."""
    probe = [str(python), "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), "wheel"]
    return subprocess.run(probe, capture_output=True, timeout=300).returncode == 0


@pytest.mark.soak
def test_the_default_tier_passes_with_the_oldest_versions(tmp_path: Path) -> None:
    """Old libraries warn of each other's newer versions, which a user does not see: deprecations are no errors here."""
    python = make_environment(tmp_path / "venv")
    quiet = ["-W", "ignore::DeprecationWarning", "-W", "ignore::PendingDeprecationWarning"]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "XDG_"))}
    (tmp_path / "tmp").mkdir()
    done = subprocess.run(
        [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *quiet], cwd=ROOT, capture_output=True, text=True,
        env={**inherited, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path / "tmp")},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-8000:]
