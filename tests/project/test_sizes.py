"""How big things are: functions fit on a screen, files have one job, modules do not know each other in circles."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

import pytest
from support.paths import ROOT
from support.sources import PACKAGE, functions_of, package_sources, program_sources, shown, tree_of

FUNCTION, FILE = 40, 300  # lines at most
LONG_TESTS: dict[str, str] = {  # at most ten, each with its reason
    "tests/apps/test_batch_app.py": "whole runs of one verb over the same few models",
    "tests/apps/test_chat_options.py": "one list of options, in the order of --help",
    "tests/batch/test_batch_rows.py": "one schema: every field and format of a row",
    "tests/batch/test_batch_stages.py": "one fake service, and every way in which stages meet",
    "tests/monitor/test_watch_turns.py": "one timeline on a fake clock, moment by moment",
    "tests/processes/test_requestboard.py": "one memory layout, and both sides of it",
    "tests/service/board/board_program.py": "one program that is executed as a whole",
    "tests/service/test_dispatcher.py": "one world of fake workers, and every order of events in it",
    "tests/monitor/test_recorder.py": "one rig of a fake /proc, clock and sinks",
    "tests/processes/test_channel.py": "one pair of ends, and all that can come through it",
}


def longer_functions(path: Path, most: int = FUNCTION) -> list[str]:
    """Return the functions of more than `most` lines, from `def` to the last line."""
    return [
        f"{shown(path)} {node.name}: {lines}"
        for node in functions_of(path)
        if (lines := (node.end_lineno or 0) - node.lineno + 1) > most
    ]


def lines_of(path: Path) -> int:
    return len(path.read_text().splitlines())


def test_functions_fit_on_a_screen() -> None:
    """Kernels apart: their loops are unrolled and inlined by hand."""
    sources = [path for path in program_sources() if path.relative_to(ROOT).parts[:2] != ("llmproc", "kernels")]
    found = [long for path in sources for long in longer_functions(path)]
    assert found == []


def test_files_have_one_job() -> None:
    assert {shown(path): lines_of(path) for path in program_sources() if lines_of(path) > FILE} == {}


def test_long_test_files_are_few_and_have_a_reason() -> None:
    found = {shown(path) for path in (ROOT / "tests").rglob("*.py") if lines_of(path) > FILE}
    assert found == set(LONG_TESTS), "a long file is split, or named with its reason"
    assert len(LONG_TESTS) <= 10 and all(LONG_TESTS.values())


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(tree: ast.Module, modules: set[str]) -> set[str]:
    """Return the modules that importing this one imports by name; not those inside functions or for types only."""
    found: set[str] = set()
    waiting: list[ast.stmt] = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                found.add(inner if inner in modules else node.module or "")
        elif isinstance(node, ast.If) and "TYPE_CHECKING" not in ast.unparse(node.test):
            waiting += [*node.body, *node.orelse]
        elif isinstance(node, ast.Try | ast.With | ast.ClassDef):
            waiting += node.body
    return found & modules


def cycles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Return the groups of modules that reach each other."""
    reach: dict[str, set[str]] = {}
    for start in graph:
        seen, waiting = set(), list(graph[start])
        while waiting:
            name = waiting.pop()
            if name not in seen:
                seen.add(name)
                waiting += graph.get(name, ())
        reach[start] = seen
    groups = {frozenset(b for b in reach[a] if a in reach.get(b, ())) for a in graph if a in reach[a]}
    return sorted(sorted(group) for group in groups)


def test_modules_do_not_import_each_other_in_circles() -> None:
    sources = {module_name(path): path for path in package_sources()}
    assert cycles({name: imported(tree_of(path), set(sources)) for name, path in sources.items()}) == []


def test_class_names_are_unique() -> None:
    places = defaultdict(list)
    for path in package_sources():
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.ClassDef):
                places[node.name.lstrip("_")].append(shown(path, node.lineno))
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


@pytest.mark.parametrize(
    ("graph", "found"),
    [
        ({"a": {"b"}, "b": {"c"}, "c": set()}, []),
        ({"a": {"b"}, "b": {"a"}, "c": {"a"}}, [["a", "b"]]),
        ({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"d"}}, [["a", "b", "c"], ["d"]]),
    ],
)
def test_a_circle_is_seen(graph: dict[str, set[str]], found: list[list[str]]) -> None:
    assert cycles(graph) == found


def test_imports_are_seen_where_they_count() -> None:
    code = (
        "from __future__ import annotations\nfrom llmproc import errors\nfrom llmproc.config import X\n"
        "if TYPE_CHECKING:\n    import llmproc.api\ntry:\n    import llmproc.text\nexcept ImportError:\n    pass\n"
        "def late():\n    import llmproc.cli\n"
    )
    modules = {"llmproc", "llmproc.errors", "llmproc.config", "llmproc.api", "llmproc.text", "llmproc.cli"}
    assert imported(ast.parse(code), modules) == {"llmproc.errors", "llmproc.config", "llmproc.text"}


def test_a_long_function_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "x.py"
    source.write_text("class A:\n    async def f(self):\n" + "        pass\n" * 40)
    monkeypatch.setattr("support.sources.ROOT", tmp_path)
    assert longer_functions(source) == ["x.py f: 41"] and not longer_functions(source, 41)
    assert PACKAGE.is_dir()
