"""With nothing but the core packages installed, chat, watch and tools work, from a wheel and from a checkout.

The environment is a real one (python -m venv) whose site-packages holds links to the core distributions and what they
need, and nothing else; so the test needs no network.
"""

from __future__ import annotations

import configparser
import importlib.metadata as metadata
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.paths import ROOT

PROMPTS = "What is a process?\nAnd a thread?\n"
_NAME = re.compile(r"[A-Za-z0-9._-]+")


def core_distributions() -> set[str]:
    """The core packages of setup.cfg and, without extras, everything they need."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    wanted = {_NAME.match(line)[0] for line in config["options"]["install_requires"].split()}  # type: ignore[index]
    found: set[str] = set()
    while wanted:
        name = wanted.pop()
        found.add(name)
        for line in metadata.requires(name) or []:
            needed = _NAME.match(line)
            if "extra ==" not in line and needed and needed[0] not in found and _installed(needed[0]):
                wanted.add(needed[0])
    return found


def _installed(name: str) -> bool:
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:  # needed on other platforms or Pythons only
        return False
    return True


def top_level_entries(name: str) -> Iterator[Path]:
    """Files and folders a distribution owns directly in site-packages."""
    distribution = metadata.distribution(name)
    tops = {Path(str(file)).parts[0] for file in distribution.files or []}
    for top in tops - {"..", "__pycache__"}:
        yield Path(str(distribution.locate_file(top)))


@pytest.fixture(scope="module")
def core_only(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The environment's folder."""
    place = tmp_path_factory.mktemp("core") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", place], check=True)
    for name in core_distributions():
        for entry in top_level_entries(name):
            link = site_packages(place) / entry.name
            if not link.exists():
                link.symlink_to(entry)
    return place


def site_packages(place: Path) -> Path:
    return place / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"


def clean_environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "LLMPROC_", "XDG_S"))}
    return {**kept, "XDG_STATE_HOME": str(folder / "state")}


def chat(python: Path, folder: Path, **settings: str) -> str:
    """Two prompts through the prompt loop, from `folder`; the log is looked at too."""
    with (folder / "log.txt").open("w") as log:
        done = subprocess.run(
            [python, "-m", "llmproc.main", "42"],
            cwd=folder, input=PROMPTS, stdout=subprocess.PIPE, stderr=log, text=True,
            env={**clean_environment(folder), **settings}, timeout=120,
        )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert done.stdout.count(">>> ") == 3 and "Child exited with 0" in done.stdout
    lines = (folder / "log.txt").read_text().splitlines()
    assert len(lines) >= 2 and all("(inference)" in line for line in lines)
    return done.stdout


def test_the_environment_has_the_core_and_nothing_else(core_only: Path) -> None:
    code = (
        "import importlib.util as u; print([n for n in ('pytest', 'hypothesis', 'prompt_toolkit', 'torch', 'ruff')"
        " if u.find_spec(n)], [n for n in ('numpy', 'numba', 'psutil', 'pandas', 'matplotlib', 'msgspec')"
        " if not u.find_spec(n)])"
    )
    out = subprocess.run([core_only / "bin/python", "-I", "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[] []"


def test_chat_watch_and_tools_work_from_a_checkout(core_only: Path, tmp_path: Path) -> None:
    python = core_only / "bin/python"
    chat(python, tmp_path, PYTHONPATH=str(ROOT), LLMPROC_RUN_DIR=str(tmp_path / "runs"))
    environment = {**clean_environment(tmp_path), "PATH": f"{core_only / 'bin'}:{os.environ['PATH']}"}
    for tool, arguments in (
        ("avg_cpu_use.py", ["log.txt"]),
        ("plot_cpu.py", ["runs/latest", "-o", "cpu.png"]),
        ("plot_timing.py", ["runs/latest", "-o", "timing.png"]),
    ):
        done = subprocess.run(
            [ROOT / "tools" / tool, *arguments],
            cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "cpu.png").stat().st_size > 5000 and (tmp_path / "timing.png").stat().st_size > 5000


def test_the_wheel_brings_model_and_tokenizer(core_only: Path, tmp_path: Path) -> None:
    source = tmp_path / "source"
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in listed.stdout.splitlines():  # built from a copy: a build leaves folders behind
        if name.startswith(("llmproc/", "model/", "tokenizer/")) or "/" not in name:
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    build = [sys.executable, "-c", "import setuptools.build_meta as b; print(b.build_wheel('.'))"]
    done = subprocess.run(build, cwd=source, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    wheel = next(source.glob("llmproc_cpu-*.whl"))
    installed = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
        inside = archive.namelist()
    assert "llmproc/shipped_model/model.bin" in inside and "llmproc/shipped_tokenizer/tokenizer.meta.json" in inside
    assert not [name for name in inside if "recipe" in name or name.startswith("tests")]
    page = [name for name in listed.stdout.splitlines() if name.startswith("llmproc/server/page/")]
    assert set(page) <= set(inside) and len(page) > 15, "the server's page"
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    out = chat(core_only / "bin/python", elsewhere, PYTHONPATH=str(installed))
    assert str(elsewhere / "state" / "llmproc") in out, "outside a checkout run folders are kept under XDG_STATE_HOME"


def test_an_editable_install_works_from_another_folder(tmp_path: Path) -> None:
    try:
        metadata.distribution("llmproc-cpu")
    except metadata.PackageNotFoundError:
        pytest.skip("llmproc is not installed in this environment")
    chat(Path(sys.executable), tmp_path, LLMPROC_RUN_DIR="none")
