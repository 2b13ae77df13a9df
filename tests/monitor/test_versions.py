"""Versions of installed packages, read from the names of what installers leave: the same as importlib.metadata says."""

from __future__ import annotations

import sys
from importlib import metadata
from pathlib import Path

from llmproc.monitor.machine import _PACKAGES, _installed, versions


def test_they_are_those_of_importlib_metadata() -> None:
    wanted = {"python": sys.version.split()[0]}
    for name in _PACKAGES:
        try:
            wanted[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    assert versions() == wanted and list(versions()) == list(wanted) and "numpy" in wanted


def test_names_of_notes(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder, note in (
        (first, "llmproc_cpu-0.1.0.dist-info"),
        (first, "NumPy-2.0rc1+local.dist-info"),
        (first, "msgspec-0.18.egg-info"),
        (first, "psutil-5.9.4-py3.11.egg-info"),
        (first, "llmproc_cpu.egg-info"),
        (first, "numba"),
        (second, "numpy-1.26.dist-info"),
        (second, "numba-0.60.0.dist-info"),
    ):
        (folder / note).mkdir(parents=True)
    assert _installed([str(first), str(tmp_path / "missing"), str(second)]) == {
        "llmproc-cpu": "0.1.0", "numpy": "2.0rc1+local", "msgspec": "0.18", "psutil": "5.9.4", "numba": "0.60.0",
    }  # fmt: skip
