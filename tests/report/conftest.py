"""Draws once before any test: matplotlib keeps its font files open for good, which is no leak of ours."""

from __future__ import annotations

import io
from pathlib import Path

import pytest


@pytest.fixture(scope="session", autouse=True)
def fonts_are_open() -> None:
    """A plain and a bold text, rendered."""
    from llmproc.report.figure import panels

    figure, _ = panels([1.0], str(Path("title")), ["note"], sharex=True)
    figure.savefig(io.BytesIO(), format="png")
