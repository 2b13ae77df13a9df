"""The recipe's scripts, loaded by path: they are tools of a folder that is no package."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from support.paths import ROOT


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """`script("model/recipe/judging.py")`: the module; what it imports from its own folder is forgotten afterwards."""
    before = set(sys.modules)
    folders = [ROOT / "model" / "recipe", ROOT / "model" / "recipe" / "corpus", ROOT / "tokenizer" / "recipe"]
    for folder in folders:
        monkeypatch.syspath_prepend(str(folder))

    def load(path: str) -> ModuleType:
        name = Path(path).stem
        if name in sys.modules:
            return sys.modules[name]
        spec = importlib.util.spec_from_file_location(name, ROOT / path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        return module

    yield load
    for name in set(sys.modules) - before:
        origin = getattr(sys.modules[name], "__file__", None) or ""
        if any(origin.startswith(str(folder)) for folder in folders):
            del sys.modules[name]
