"""`llmproc fetch course`: the two files of the C project, checked, and never in the place of others."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from support.hub_fixtures import Heard
from support.hub_server import Hub

from llmproc.errors import FetchError
from llmproc.labs.course import files
from llmproc.labs.course.files import fetch_course

MODEL, TOKENIZER = random.Random(2).randbytes(20_000), random.Random(3).randbytes(3_000)
BOTH = {"model.bin": MODEL, "tokenizer.bin": TOKENIZER}
NEW, OLD = files.REPOSITORIES


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of 23 kB instead of 143 MB."""
    monkeypatch.setattr(files, "SIZES", {name: len(data) for name, data in BOTH.items()})


def refused(folder: Path, heard: Heard) -> str:
    with pytest.raises(FetchError) as caught:
        fetch_course(folder, heard)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.exists() else {}


def test_both_come_from_the_newer_repository(hub: Hub, heard: Heard, tmp_path: Path) -> None:
    hub.add(NEW, {**BOTH, "README.md": b"x"})
    hub.add(OLD, {"model.bin": b"old", "tokenizer.bin": b"old"})
    found = fetch_course(tmp_path / "lab", heard)
    assert content(tmp_path / "lab") == BOTH and found.path == tmp_path / "lab" / "model.bin"
    assert heard.plans == [(f"HF://{NEW}", ["model.bin", "tokenizer.bin"], tmp_path / "lab")]
    assert {file.name for file in found.files} == set(BOTH)


@pytest.mark.parametrize(
    "newer", [None, {"README.md": b"x"}, {"model.bin": b"another size", "tokenizer.bin": TOKENIZER}]
)
def test_else_from_the_older_one(hub: Hub, heard: Heard, tmp_path: Path, newer: dict[str, bytes] | None) -> None:
    if newer is not None:
        hub.add(NEW, newer)
    hub.add(OLD, BOTH)
    fetch_course(tmp_path, heard)
    assert content(tmp_path) == BOTH and heard.plans[0][0] == f"HF://{OLD}"


def test_neither_has_them_in_their_sizes(hub: Hub, heard: Heard, tmp_path: Path) -> None:
    hub.add(NEW, {**BOTH, "model.bin": b"x" * 999})
    message = refused(tmp_path, heard)
    assert f"HF://{NEW}/model.bin: 999 bytes, not the course's 20,000 bytes" in message
    assert f"HF://{OLD}: " in message and "no such repository" in message and content(tmp_path) == {}


def test_files_that_are_there_are_kept_wherever_they_came_from(hub: Hub, heard: Heard, tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(bytes(len(MODEL)))  # by wget
    hub.add(NEW, BOTH)
    fetch_course(tmp_path, heard)
    assert content(tmp_path) == {"model.bin": bytes(len(MODEL)), "tokenizer.bin": TOKENIZER}
    assert heard.files == [("model.bin", False), ("tokenizer.bin", True)]


def test_with_both_there_the_hub_is_not_asked(
    hub: Hub, heard: Heard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "HubClient", lambda: pytest.fail("asked"))
    for name, data in BOTH.items():
        (tmp_path / name).write_bytes(data)
    assert len(fetch_course(tmp_path, heard).files) == 2


@pytest.mark.parametrize("name", BOTH)
def test_a_file_of_another_size_is_not_replaced(hub: Hub, heard: Heard, tmp_path: Path, name: str) -> None:
    hub.add(NEW, BOTH)
    (tmp_path / name).write_bytes(b"mine")
    assert refused(tmp_path, heard) == (
        f"{tmp_path}/{name}: is there already and has 4 bytes, not {len(BOTH[name]):,}: move it away"
    )
    assert content(tmp_path) == {name: b"mine"}


def test_a_folder_or_a_link_to_nothing_is_not_replaced(hub: Hub, heard: Heard, tmp_path: Path) -> None:
    hub.add(NEW, BOTH)
    (tmp_path / "model.bin").mkdir()
    assert "is there already and has no file" in refused(tmp_path, heard)
    (tmp_path / "model.bin").rmdir()
    (tmp_path / "model.bin").symlink_to("nothing")
    assert "is there already and has no file" in refused(tmp_path, heard)


@pytest.mark.parametrize("name", BOTH)
def test_the_shipped_pair_is_never_overwritten(
    hub: Hub, heard: Heard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Also where it has the right size, and through a link."""
    hub.add(NEW, BOTH)
    shipped = tmp_path / "shipped"
    shipped.write_bytes(BOTH[name])
    monkeypatch.setattr(files, "shipped_file", lambda folder, file: shipped)
    (tmp_path / name).symlink_to(shipped)
    assert "is the one that llmproc ships with, which is not replaced" in refused(tmp_path, heard)


def test_without_a_network_it_says_how_to_do_it_by_hand(
    hub: Hub, heard: Heard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.chdir(tmp_path)
    message = refused(Path(), heard)
    for name in BOTH:
        assert f"http://127.0.0.1:9/huangs0/smollm/resolve/main/{name}" in message
    assert message.endswith(f"put them into {tmp_path}")


def test_the_sizes_are_the_courses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert files.SIZES == {"model.bin": 143_025_664, "tokenizer.bin": 725_587}
