"""One real server for each file of tests that wants one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from clients.own_server import OwnServer, own_server


@pytest.fixture(scope="module")
def server(quick: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnServer]:
    """A server of a small random model, 512 positions, with as many sequences as these tests have requests at once."""
    with own_server(quick, tmp_path_factory.mktemp("server"), "--sequences", 8, "--threads", 1) as started:
        yield started
