"""The model of the labs' tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from labs.checking import make_model


@pytest.fixture(scope="session")
def lab_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random model: a turn of the given engine takes about a second."""
    path = tmp_path_factory.mktemp("lab") / "model.bin"
    make_model(path)
    return path
