"""The folder in which instances meet: where it is, that it is ours alone, and what is refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from llmproc.errors import LogError
from llmproc.monitor import runtimedir


def test_the_places(tmp_path: Path) -> None:
    (tmp_path / "xdg").mkdir()
    shared, user = tmp_path / "tmp", f"llmproc-{os.geteuid()}"
    assert runtimedir.places({"XDG_RUNTIME_DIR": str(tmp_path / "xdg")}, shared) == [
        tmp_path / "xdg" / "llmproc",
        shared / user,
    ]
    for unusable in ("", "xdg", str(tmp_path / "missing")):
        assert runtimedir.places({"XDG_RUNTIME_DIR": unusable}, shared) == [shared / user]
    both = {"XDG_RUNTIME_DIR": str(tmp_path / "xdg"), "LLMPROC_RUNTIME_DIR": "/chosen"}
    assert runtimedir.places(both, shared) == [Path("/chosen")]
    assert runtimedir.places({})[-1] == Path("/tmp") / user


def test_the_folder_is_made_for_us_alone(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        place = runtimedir.open_place({}, tmp_path)
    finally:
        os.umask(old)
    assert place == tmp_path / f"llmproc-{os.geteuid()}" and place.stat().st_mode & 0o777 == 0o700
    place.chmod(0o777)
    assert runtimedir.open_place({}, tmp_path).stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("kind", ["symlink", "file"])
def test_what_is_no_folder_is_refused(tmp_path: Path, kind: str) -> None:
    place = tmp_path / f"llmproc-{os.geteuid()}"
    if kind == "symlink":
        (tmp_path / "elsewhere").mkdir()
        place.symlink_to(tmp_path / "elsewhere")
    else:
        place.write_text("")
    with pytest.raises(LogError, match=str(place)):
        runtimedir.open_place({}, tmp_path)


def test_the_second_place_serves_where_the_first_cannot(tmp_path: Path) -> None:
    (tmp_path / "xdg").mkdir()
    (tmp_path / "xdg" / "llmproc").write_text("in the way")
    found = runtimedir.open_place({"XDG_RUNTIME_DIR": str(tmp_path / "xdg")}, tmp_path)
    assert found == tmp_path / f"llmproc-{os.geteuid()}"
