"""One real server for each file of tests that wants one, and one running program of a client."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from clients.driving import ClientProgram
from clients.own_server import OwnServer, own_server
from clients.running import running


@pytest.fixture(scope="module")
def server(quick: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnServer]:
    """A server of a small random model, 512 positions. $CLIENT_SERVER: the URL of one that runs already."""
    if url := os.environ.get("CLIENT_SERVER"):
        yield OwnServer(url)
        return
    with own_server(quick, tmp_path_factory.mktemp("server"), "--sequences", 8, "--threads", 1) as started:
        yield started


@pytest.fixture(scope="module")
def program(
    request: pytest.FixtureRequest, server: OwnServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ClientProgram]:
    """The program of the client that the test's file names by `parametrize(..., indirect=True)`."""
    with running(request.param, server.url, tmp_path_factory.mktemp("program")) as started:
        yield started
