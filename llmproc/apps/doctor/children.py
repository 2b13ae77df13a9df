"""Python processes of the doctor's own, which find this very package wherever they are started."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import llmproc


def command(module: str) -> list[str]:
    """To run `module` in a fresh interpreter."""
    return [sys.executable, "-m", module]


def environment() -> dict[str, str]:
    """Ours, with this package first on the path."""
    package = str(Path(llmproc.__file__).resolve().parents[1])
    path = os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH", "")]))
    return {**os.environ, "PYTHONPATH": path}
