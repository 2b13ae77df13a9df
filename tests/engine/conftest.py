"""Random models, and the shared checkpoints as a naive loader reads them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from engine.naive_models import Model, load_legacy, load_version_2, random_model


@pytest.fixture
def make_model() -> Callable[..., Model]:
    """The builder of random models."""
    return random_model


@pytest.fixture(scope="session")
def shared_models(shared_data: Path) -> dict[str, Model]:
    """The two shared checkpoints, read by the naive loader; skips where they are absent."""
    return {
        "course-tiny-v2": load_version_2(shared_data / "course-tiny-v2.bin"),
        "stories260K": load_legacy(shared_data / "stories260K.bin"),
    }
