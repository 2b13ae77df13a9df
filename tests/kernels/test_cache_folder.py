"""Where compiled kernels are kept: a place of ours alone, named by all that decides the code; locks and pruning."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from llmproc.kernels import cache, environment


def test_xdg_cache_home_is_used_when_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache.choose_directory("k") == tmp_path / "xdg" / "llmproc" / "kernels" / "k"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert cache.choose_directory("k") == tmp_path / "home" / ".cache" / "llmproc" / "kernels" / "k"


def test_directories_are_made_for_the_owner_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        assert cache._private(tmp_path / "made")
    finally:
        os.umask(before)
    assert (tmp_path / "made").stat().st_mode & 0o777 == 0o700


def test_a_readable_directory_is_closed_and_one_others_could_write_is_refused(tmp_path: Path) -> None:
    for mode, ours in ((0o755, True), (0o777, False), (0o770, False)):
        folder = tmp_path / oct(mode)
        folder.mkdir()
        folder.chmod(mode)
        assert cache._private(folder) is ours
        assert folder.stat().st_mode & 0o777 == (0o700 if ours else mode)


def test_somebody_elses_directory_a_link_and_a_file_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, link, file = tmp_path / "folder", tmp_path / "link", tmp_path / "file"
    folder.mkdir(mode=0o700)
    link.symlink_to(folder)
    file.write_text("")
    assert [cache._private(path) for path in (folder, link, file)] == [True, False, False]
    owner = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    assert not cache._private(folder)


def test_nothing_private_at_all_gives_a_fresh_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache.tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(cache, "_private", lambda folder: False)
    first, second = cache.choose_directory("k"), cache.choose_directory("k")
    assert first != second and first.parent == second.parent == tmp_path
    assert first.stat().st_mode & 0o777 == 0o700


def test_the_key_follows_contents_and_settings_but_not_place_and_age(tmp_path: Path) -> None:
    """Cluster tools unpack the package elsewhere, and at another time, for every job."""
    one, other = tmp_path / "one", tmp_path / "other"
    for folder in (one, other):
        folder.mkdir()
        (folder / "a.py").write_text("a = 1")
    os.utime(other / "a.py", (1, 1))
    plain = cache.key({}, one)
    assert plain == cache.key({}, other)
    assert plain == cache.key({"NUMBA_CACHE_DIR": "/elsewhere", "HOME": "/x"}, one)
    assert plain == cache.key(environment.settings({}), one), "a process that has imported Numba finds the same"
    assert plain != cache.key({"NUMBA_CPU_NAME": "generic"}, one)
    assert cache.key({"NUMBA_A": "1", "NUMBA_B": "2"}, one) != cache.key({"NUMBA_A": "2", "NUMBA_B": "1"}, one)
    assert plain != cache.key({"LLMPROC_ISA": "portable"}, one)
    age = (one / "a.py").stat().st_mtime_ns
    (one / "a.py").write_text("a = 2")
    os.utime(one / "a.py", ns=(age, age))
    changed = cache.key({}, one)
    assert changed != plain, "contents count, not age"
    (one / "b.py").write_text("")
    assert cache.key({}, one) != changed


def test_the_key_follows_the_cpu_and_the_versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from llvmlite import binding

    keys = {cache.key({}, tmp_path)}
    for owner, name, value in (
        (binding, "get_host_cpu_name", lambda: "another"),
        (binding, "get_host_cpu_features", lambda: SimpleNamespace(flatten=lambda: "+none")),
        (cache, "version", lambda package: "0.0"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, value)
            keys.add(cache.key({}, tmp_path))
    assert len(keys) == 4


def test_the_lock_excludes_writers_and_lets_readers_share(tmp_path: Path) -> None:
    with (tmp_path / cache.LOCK).open("w") as other:
        with cache.locked(tmp_path, exclusive=True), pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_SH | fcntl.LOCK_NB)
        with cache.locked(tmp_path, exclusive=False):
            fcntl.flock(other, fcntl.LOCK_SH | fcntl.LOCK_NB)
            with pytest.raises(BlockingIOError):
                fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_builds_nobody_used_for_long_are_removed(tmp_path: Path) -> None:
    names = {name: tmp_path / (name * 32) for name in "abcd"}
    for folder in names.values():
        (folder / "sub").mkdir(parents=True)
        (folder / "sub" / "code").write_text("x")
        (folder / cache.LOCK).touch()
        (folder / cache.MANIFEST).write_text("{}")
    (tmp_path / "mine").mkdir()
    for name in "abd":
        os.utime(names[name] / cache.MANIFEST, (1, 1))
    cache.touch(names["b"])
    with cache.locked(names["d"], exclusive=False):
        cache.prune(names["c"])
    left = {name for name, folder in names.items() if folder.exists()}
    assert left == {"b", "c", "d"}, "old a goes; b was used, c is ours, d is being loaded"
    assert (tmp_path / "mine").exists()
