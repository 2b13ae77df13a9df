"""Draws once before any test: matplotlib keeps its font files open for good, which is no leak of ours."""

from __future__ import annotations

import io
from pathlib import Path

import pytest


@pytest.fixture(scope="session", autouse=True)
def fonts_are_open() -> None:
    """A plain and a bold text, and numbers of a logarithmic axis, rendered."""
    from llmproc.report.figure import panels

    figure, axes = panels([1.0], str(Path("title")), ["note"], sharex=True)
    axes[0].set(yscale="log", ylim=(0.02, 0.05))  # powers, and numbers between them: fonts of their own
    axes[0].set_xlabel("$x$")
    figure.savefig(io.BytesIO(), format="png")
