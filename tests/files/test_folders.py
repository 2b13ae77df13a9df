"""The user's folders by the XDG base directory specification."""

from __future__ import annotations

import pwd
from pathlib import Path

import pytest

from llmproc.files.folders import runtime_base, user_folder

HOME_FOLDERS = {"cache": ".cache", "state": ".local/state"}


@pytest.mark.parametrize("kind", ["cache", "state"])
def test_the_variable_goes_first(kind: str) -> None:
    assert user_folder(kind, {f"XDG_{kind.upper()}_HOME": "/x"}) == Path("/x/llmproc")  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["cache", "state"])
@pytest.mark.parametrize("value", [None, "", "relative", "./x"])
def test_a_relative_or_empty_one_is_ignored(kind: str, value: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/of/user")
    environ = {} if value is None else {f"XDG_{kind.upper()}_HOME": value}
    found = user_folder(kind, environ)  # type: ignore[arg-type]
    assert found == Path("/home/of/user", HOME_FOLDERS[kind], "llmproc")


@pytest.mark.parametrize("kind", ["cache", "state"])
def test_a_user_without_a_home(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(uid: int) -> object:
        raise KeyError(uid)

    monkeypatch.delenv("HOME")
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    assert user_folder(kind, {}) is None  # type: ignore[arg-type]


def test_the_environment_of_the_process_by_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert user_folder("state") == tmp_path / "llmproc" and runtime_base() == tmp_path
    assert list(tmp_path.iterdir()) == [], "nothing is made"


@pytest.mark.parametrize(("value", "base"), [("/run/u", Path("/run/u")), ("", None), ("run", None)])
def test_the_runtime_folder(value: str, base: Path | None) -> None:
    assert runtime_base({"XDG_RUNTIME_DIR": value}) == base and runtime_base({}) is None
