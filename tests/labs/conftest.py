"""The model of the labs' tests, and the path to their modules."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from lab_checking import make_model


@pytest.fixture(scope="session")
def lab_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random model: a turn of the given engine takes about a second."""
    path = tmp_path_factory.mktemp("lab") / "model.bin"
    make_model(path)
    return path
