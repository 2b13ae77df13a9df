"""Rule 22 of formats.md: compiled code may call into other files only if the key of its cache covers them all."""

from __future__ import annotations

import ast
import shutil
from pathlib import Path

import pytest

from llmproc.kernels import cache

FILES = sorted([*cache.SOURCES.glob("*.py"), *cache.SIMD.glob("*.py")])
COVERED = ("llmproc.kernels", "llmproc.simd")


def imported(path: Path) -> set[str]:
    """Modules of the project that a file imports, whether at its head or in a function."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    found = {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    found |= {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return {name for name in found if name.startswith("llmproc")}


def compiled(path: Path) -> bool:
    """Whether a file defines functions that Numba compiles."""
    return any(name in path.read_text() for name in ("@njit", "@entry", "@intrinsic", "@overload", "entry("))


def test_rule_22_what_is_compiled_takes_nothing_from_other_rooms() -> None:
    sources = [path for path in FILES if compiled(path)]
    assert len(sources) > 10
    outside = {(path.name, name) for path in sources for name in imported(path) if not name.startswith(COVERED)}
    assert outside == set()


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Both folders of sources, where they may be changed."""
    for folder in (cache.SOURCES, cache.SIMD):
        (tmp_path / folder.name).mkdir()
        for path in folder.glob("*.py"):
            shutil.copyfile(path, tmp_path / folder.name / path.name)
    monkeypatch.setattr(cache, "SIMD", tmp_path / "simd")
    return tmp_path


def test_rule_22_an_edited_helper_is_compiled_again(copied: Path) -> None:
    """Numba's own cache would go on with the old constant: it looks at the file of the entry alone."""
    keys = {cache.key({}, copied / "kernels")}
    assert keys == {cache.key({}, copied / "kernels")}
    for path in FILES:
        helper = copied / path.parent.name / path.name
        before = helper.read_text()
        helper.write_text(before + "\nCONSTANT = 2000\n")
        keys.add(cache.key({}, copied / "kernels"))
        helper.write_text(before)
    assert len(keys) == len(FILES) + 1, "a file that the key does not cover"
