"""The shape of the house: what stands at the top level, who imports whom, what the sources must not contain."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from support.paths import ROOT

from llmproc.cli import VERBS

PACKAGE = ROOT / "llmproc"
ROOMS = (  # from the top: an import goes downwards only
    ("main", "__main__"),
    ("cli",),
    ("apps",),
    ("api", "batch", "labs", "server", "cluster"),
    ("experiments",),
    ("report",),
    ("session",),
    ("service",),
    ("monitor",),
    ("dispatch",),
    ("engine", "processes"),
    ("checkpoints", "grammars"),
    ("text",),
    ("kernels",),
    ("simd",),
    ("hardware",),
    ("hub",),
    ("config",),
    ("files",),
    ("errors",),
)
LEVEL = {room: depth for depth, rooms in enumerate(ROOMS) for room in rooms}
WITHOUT_NUMBA = {
    "checkpoints",
    "text",
    "dispatch",
    "monitor",
    "processes",
    "apps",
    "api",
    "batch",
    "labs",
    "session",
    "files",
    "experiments",
    "report",
    "hardware",
    "hub",
    "config",
    "errors",
    "cli",
    "main",
}
TOP_LEVEL = {
    "setup.cfg", "README.md", "llmproc", "model", "tokenizer", "logs", "tools", "tests",
    "pyproject.toml", "LICENSE", ".gitignore", ".ci",
}  # fmt: skip
OPTIONAL = {"findings"}  # scripts outside CI that measured something once


def _tracked() -> list[str]:
    found = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if found.returncode:
        pytest.skip("not a git checkout: what is tracked cannot be told")
    return found.stdout.splitlines()


def _imports(path: Path) -> Iterator[str]:
    """Modules a file imports, those inside functions and under TYPE_CHECKING too."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _room(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[0] == "llmproc" else None


def _upward(room: str, modules: Iterator[str]) -> list[str]:
    found = []
    for module in modules:
        other = _room(module)
        if other in LEVEL and other != room and LEVEL[other] <= LEVEL[room]:
            found.append(module)
    return found


SOURCES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_downwards_only(path: Path) -> None:
    room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if room != "__init__":
        assert room in LEVEL, f"{room} is no room of the design"
        assert not _upward(room, _imports(path))


def _siblings(place: Path, modules: Iterable[str]) -> list[str]:
    """Modules of another verb's folder; `place`: the importing file's, below apps/."""
    verbs = {path.name for path in (PACKAGE / "apps").iterdir() if (path / "app.py").is_file()}
    others = verbs - {place.parts[0]}
    return [module for module in modules if module.startswith("llmproc.apps.") and module.split(".")[2] in others]


@pytest.mark.parametrize(
    "path", sorted((PACKAGE / "apps").rglob("*.py")), ids=lambda path: f"{path.parent.name}/{path.name}"
)
def test_verbs_do_not_import_each_other(path: Path) -> None:
    assert not _siblings(path.relative_to(PACKAGE / "apps"), _imports(path))


def test_every_verb_is_a_folder_with_options_and_app() -> None:
    for verb in VERBS.values():
        folder = PACKAGE.parent / Path(*verb.target.partition(":")[0].split(".")).parent
        assert verb.target.endswith(".app:main") and (folder / "app.py").is_file()
        assert (folder / "options.py").is_file(), folder


def test_the_sibling_check_sees_a_sibling() -> None:
    found = ["llmproc.apps.chat.app", "llmproc.apps.exits", "llmproc.apps.threads.options", "llmproc.batch.rows"]
    assert _siblings(Path("threads/app.py"), found) == ["llmproc.apps.chat.app"]
    assert _siblings(Path("screen.py"), found) == ["llmproc.apps.chat.app", "llmproc.apps.threads.options"]


def test_the_import_check_sees_an_upward_import() -> None:
    assert _upward("engine", iter(["llmproc.service.service"])) == ["llmproc.service.service"]
    assert _upward("engine", iter(["llmproc.processes.frames"])) == ["llmproc.processes.frames"]
    assert not _upward("engine", iter(["llmproc.kernels", "numpy"]))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_kernels_and_those_above_the_engine_see_numba(path: Path) -> None:
    room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if room in WITHOUT_NUMBA:
        seen = [m for m in _imports(path) if not m.startswith("llmproc.kernels.stored")]  # memory is planned by it
        assert not [m for m in seen if m.split(".")[0] in ("numba", "llvmlite") or m.startswith("llmproc.kernels")]


def test_top_level_is_the_agreed_one() -> None:
    assert {name.split("/")[0] for name in _tracked()} - OPTIONAL == TOP_LEVEL


def test_rooms_have_no_drawers() -> None:
    names = {part for name in _tracked() for part in Path(name).with_suffix("").parts}
    assert not names & {"utils", "helpers", "common", "manager", "util", "misc"}


def test_every_source_has_a_docstring_that_says_what_it_is_for() -> None:
    without = [str(path) for path in SOURCES if not (ast.get_docstring(ast.parse(path.read_text())) or "").strip()]
    assert without == []


def test_no_pickle_no_parallel_no_fastmath() -> None:
    for path in SOURCES:
        text = path.read_text()
        assert not [m for m in _imports(path) if m.split(".")[0] in ("pickle", "multiprocessing", "marshal")], path
        assert "parallel=True" not in text.replace("`parallel=True`", ""), path
        assert "fastmath" not in text or "no fastmath" in text.lower(), path


def test_setup_cfg_lists_every_package() -> None:
    import configparser

    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    listed = set(config["options"]["packages"].split())
    there = {".".join(path.parent.relative_to(ROOT).parts) for path in PACKAGE.rglob("__init__.py")}
    assert listed == there | {"llmproc.shipped_model", "llmproc.shipped_tokenizer"}


@pytest.mark.parametrize("word", ["streaming", "nonstreaming", "workstealing"])
def test_words_of_the_field_select_tests(word: str) -> None:
    """`pytest -k streaming` and its like: some test of the default tier has the word in its name."""
    found = [path for path in (ROOT / "tests").rglob("test_*.py") if re.search(rf"def test_{word}_", path.read_text())]
    assert found
