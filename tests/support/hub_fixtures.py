"""A hub on this machine, asked by the real huggingface_hub in this process, and folders of its own for every test."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from llmproc.hub.hub_client import RemoteFile
from support.hub_server import Faults, Hub, serving

CHUNK = 1 << 16  # bytes that the client keeps at once; 10 MB where nothing says otherwise


class Heard:
    """A FetchReport that keeps what it hears."""

    def __init__(self) -> None:
        self.plans: list[tuple[str, list[str], Path]] = []
        self.files: list[tuple[str, bool]] = []
        self.bytes: list[tuple[str, int]] = []

    def on_plan(self, source: str, files: Sequence[RemoteFile], folder: Path) -> None:
        self.plans.append((source, [file.name for file in files], folder))

    def on_bytes(self, file: RemoteFile, done: int) -> None:
        self.bytes.append((file.name, done))

    def on_file(self, file: RemoteFile, fetched: bool) -> None:
        self.files.append((file.name, fetched))


@pytest.fixture(scope="module")
def hub_server() -> Iterator[Hub]:
    with serving() as hub:
        yield hub


@pytest.fixture
def hub(hub_server: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """The server with nothing in it; the client's cache is in tmp_path/home, it never waits, it keeps small parts."""
    import huggingface_hub.constants as constants

    hub_server.repositories.clear()
    hub_server.asked.clear()
    hub_server.faults = Faults()
    monkeypatch.setenv("HF_ENDPOINT", hub_server.url)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", CHUNK)
    monkeypatch.setattr("tqdm.tqdm.monitor_interval", 0)  # else a thread of its own, which stays
    monkeypatch.setattr("huggingface_hub.file_download.time.sleep", lambda seconds: None)
    yield hub_server


@pytest.fixture
def heard() -> Heard:
    return Heard()
