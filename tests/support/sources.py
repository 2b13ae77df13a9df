"""The sources as syntax trees, each parsed once: for tests of the shape of the house."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from support.paths import ROOT

PACKAGE = ROOT / "llmproc"
Function = ast.FunctionDef | ast.AsyncFunctionDef
Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


@lru_cache(maxsize=1024)
def tree_of(path: Path) -> ast.Module:
    """Return the syntax tree of a source."""
    return ast.parse(path.read_text())


def package_sources() -> list[Path]:
    """Return every source of the package."""
    return sorted(PACKAGE.rglob("*.py"))


def program_sources() -> list[Path]:
    """Return every source that users run: the package and the tools."""
    return [*package_sources(), *sorted((ROOT / "tools").glob("*.py"))]


def shown(path: Path, line: int | None = None) -> str:
    """Return the path from the top of the checkout, with a line."""
    name = str(path.relative_to(ROOT))
    return name if line is None else f"{name}:{line}"


def functions_of(path: Path) -> list[Function]:
    """Return all functions and methods, nested ones too."""
    return [node for node in ast.walk(tree_of(path)) if isinstance(node, Function)]


def docstrings_of(path: Path) -> Iterator[tuple[Documented, str]]:
    """Yield what has a docstring: modules, classes, functions."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, Documented) and (text := ast.get_docstring(node)):
            yield node, text


def texts_of(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (line, text) of every comment and string literal, docstrings and parts of f-strings included."""
    for token in tokenize.generate_tokens(io.StringIO(path.read_text()).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value
