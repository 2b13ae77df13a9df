"""Object files are machine code: only a file of ours whose hash the manifest names is handed out."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from llmproc.kernels import cache, store

BOTH = {"take": b"12345678", "publish": b"abc"}


def test_every_kind_of_change_is_noticed(tmp_path: Path) -> None:
    assert store.read(tmp_path, BOTH) == {}, "nothing was ever written"
    store.add(tmp_path, BOTH)
    assert store.read(tmp_path, BOTH) == BOTH
    data = tmp_path / "take.o"
    data.write_bytes(b"12345679")
    assert set(store.read(tmp_path, BOTH)) == {"publish"}, "one byte"
    data.write_bytes(b"12345678")
    assert store.read(tmp_path, BOTH) == BOTH
    data.unlink()
    assert set(store.read(tmp_path, BOTH)) == {"publish"}, "one file less"
    (tmp_path / "fence.o").write_bytes(b"x")
    assert store.read(tmp_path, ["fence"]) == {}, "a file that the manifest does not name"
    cache.wipe(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_is_added_stands_beside_what_was_there(tmp_path: Path) -> None:
    store.add(tmp_path, {"take": b"one"})
    store.add(tmp_path, {"publish": b"two"})
    assert store.read(tmp_path, BOTH) == {"take": b"one", "publish": b"two"}
    store.add(tmp_path, {"take": b"new"})
    assert store.read(tmp_path, BOTH) == {"take": b"new", "publish": b"two"}
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_could_write_is_not_read(mode: int, tmp_path: Path) -> None:
    store.add(tmp_path, BOTH)
    (tmp_path / "take.o").chmod(mode)
    assert set(store.read(tmp_path, BOTH)) == {"publish"}
    (tmp_path / cache.MANIFEST).chmod(mode)
    assert store.read(tmp_path, BOTH) == {}


def test_a_file_of_another_user_a_link_and_a_pipe_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store.add(tmp_path, BOTH)
    path = tmp_path / "take.o"
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert set(store.read(tmp_path, BOTH)) == {"publish"}
    path.unlink()
    path.mkdir()
    assert set(store.read(tmp_path, BOTH)) == {"publish"}
    owner = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    assert store.read(tmp_path, BOTH) == {}


NO_MANIFESTS = ("", "{", "[]", "null", '{"objects": 3}', '{"objects": ["take"]}', '{"objects": {"take": 1}}', "\x00")


@pytest.mark.parametrize("text", NO_MANIFESTS)
def test_a_manifest_that_is_none_names_nothing(text: str, tmp_path: Path) -> None:
    store.add(tmp_path, BOTH)
    (tmp_path / cache.MANIFEST).write_text(text)
    assert store.read(tmp_path, BOTH) == {}
    store.add(tmp_path, {"take": b"again"})
    assert store.read(tmp_path, BOTH) == {"take": b"again"}


def test_names_that_are_not_entries_are_dropped(tmp_path: Path) -> None:
    store.add(tmp_path, BOTH)
    path = tmp_path / cache.MANIFEST
    known = json.loads(path.read_text())
    known["objects"]["../../outside"] = known["objects"]["take"]
    path.write_text(json.dumps(known))
    assert set(store.names(tmp_path)) == set(BOTH)
