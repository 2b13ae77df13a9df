"""The kernel cache: found again, rebuilt when damaged, written by one process at a time, trusted only when ours."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from support.paths import ROOT

from llmproc.kernels import build, cache

FEW = 3  # kernels a child builds: enough to have several files, quick to compile
CHILD = f"""
import sys
from llmproc import kernels
directory = kernels.cache.prepare()
from llmproc.kernels import registry, build
del registry.KERNELS[{FEW}:]
print("started", flush=True)
sys.stdin.readline()
kernels.compile_all()
import numpy
from llmproc.kernels.choice import argmax
found = numpy.zeros(1, numpy.int64)
argmax(found, numpy.array([[1, 3, 2]], numpy.float32))
assert found == [1]
print(kernels.cache_misses(), directory)
"""


def child_environment(home: Path, **more: str) -> dict[str, str]:
    """What a child sees: caches under `home`, nothing of NUMBA_* but what is given."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("NUMBA_", "XDG_"))}
    (home / "tmp").mkdir(exist_ok=True)
    return {**kept, "HOME": str(home), "TMPDIR": str(home / "tmp"), "PYTHONPATH": str(ROOT), **more}


def start(environment: dict[str, str]) -> subprocess.Popen[str]:
    """A child that has imported everything and waits for its line."""
    pipe = subprocess.PIPE
    child = subprocess.Popen([sys.executable, "-c", CHILD], env=environment, stdin=pipe, stdout=pipe, text=True)
    assert child.stdout is not None and child.stdout.readline() == "started\n"
    return child


def finish(child: subprocess.Popen[str]) -> tuple[int, Path]:
    """Let the child go on: its cache misses and its cache directory."""
    out, _ = child.communicate("go\n", timeout=120)
    assert child.returncode == 0, out
    misses, directory = out.split(maxsplit=1)
    return int(misses), Path(directory.strip())


def run(environment: dict[str, str]) -> tuple[int, Path]:
    return finish(start(environment))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, list[int]]:
    """Two processes that compile at once into one empty cache: (home, cache directory, their misses)."""
    home = tmp_path_factory.mktemp("home")
    children = [start(child_environment(home)) for _ in range(2)]
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    results = [finish(child) for child in children]
    assert results[0][1] == results[1][1]
    return home, results[0][1], [misses for misses, _ in results]


def test_two_processes_at_once_compile_once_and_the_compiler_counts_its_misses(built) -> None:
    home, directory, misses = built
    assert sorted(misses) == [0, FEW]
    assert directory.is_relative_to(home / ".cache" / "llmproc")
    assert cache.variants(directory) == {""}


def test_a_later_start_loads_and_misses_nothing(built) -> None:
    home, directory, _ = built
    before = cache._contents(directory)
    assert run(child_environment(home)) == (0, directory)
    assert cache._contents(directory) == before


def test_starts_again_when_every_cache_file_is_truncated(built) -> None:
    home, directory, _ = built
    for path in directory.rglob("*"):
        if path.is_file():
            os.truncate(path, path.stat().st_size // 2)
    assert run(child_environment(home)) == (FEW, directory)
    assert run(child_environment(home)) == (0, directory)


def test_starts_again_after_a_build_that_was_killed_in_the_middle(built) -> None:
    home, directory, _ = built
    (directory / cache.MANIFEST).unlink()
    for path in directory.rglob("*.nbc"):
        path.write_bytes(b"")
    assert run(child_environment(home)) == (FEW, directory)


def test_starts_again_when_sealed_files_make_no_sense_to_numba(built) -> None:
    home, directory, _ = built
    path = max(directory.rglob("*.nbi"))  # one of them: the others load, and must be written again all the same
    path.write_bytes(b"neither pickle nor code")
    with cache.locked(directory, exclusive=True):
        cache.seal(directory, {""})
    misses, again = run(child_environment(home))
    assert misses >= FEW and again == directory
    assert len(list(directory.rglob("*.nbi"))) == FEW
    assert run(child_environment(home)) == (0, directory)


def test_other_numba_settings_get_another_directory(built) -> None:
    home, directory, _ = built
    misses, other = run(child_environment(home, NUMBA_OPT="2"))
    assert (misses, other != directory) == (FEW, True)


def test_unwritable_home_falls_back_to_a_private_folder(tmp_path: Path) -> None:
    environment = child_environment(tmp_path, HOME="/proc/self")  # cannot be written to, not even by root
    misses, directory = run(environment)
    assert misses == FEW
    assert directory.is_relative_to(tmp_path / "tmp")
    assert directory.stat().st_mode & 0o777 == 0o700
    assert run(environment) == (0, directory), "the fallback is found again too"


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


def test_the_key_follows_sources_and_settings_but_not_the_place(tmp_path: Path) -> None:
    source = tmp_path / "one.py"
    source.write_text("a = 1")
    plain = cache.key({}, tmp_path)
    assert plain == cache.key({"NUMBA_CACHE_DIR": "/elsewhere", "HOME": "/x"}, tmp_path)
    assert plain != cache.key({"NUMBA_CPU_NAME": "generic"}, tmp_path)
    assert cache.key({"NUMBA_A": "1", "NUMBA_B": "2"}, tmp_path) != cache.key(
        {"NUMBA_A": "2", "NUMBA_B": "1"}, tmp_path
    )
    age = source.stat().st_mtime_ns
    source.write_text("a = 2")
    os.utime(source, ns=(age, age))
    changed = cache.key({}, tmp_path)
    assert changed != plain, "content counts, not only age"
    (tmp_path / "two.py").write_text("")
    assert cache.key({}, tmp_path) != changed


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


def test_every_kind_of_change_is_noticed(tmp_path: Path) -> None:
    inner = tmp_path / "kernels"
    inner.mkdir()
    data = inner / "a.nbc"
    data.write_bytes(b"12345678")
    assert not cache.variants(tmp_path), "never sealed"
    cache.seal(tmp_path, {""})
    assert cache.variants(tmp_path) == {""}
    data.write_bytes(b"12345679")
    assert not cache.variants(tmp_path), "one byte"
    data.write_bytes(b"12345678")
    assert cache.variants(tmp_path) == {""}
    (inner / "b.nbc").write_bytes(b"")
    assert not cache.variants(tmp_path), "one file more"
    cache.wipe(tmp_path)
    assert list(tmp_path.iterdir()) == []
    cache.seal(tmp_path, {""})
    assert not cache.variants(tmp_path), "an empty build is none"


def test_the_lock_excludes_writers_and_lets_readers_share(tmp_path: Path) -> None:
    with (tmp_path / cache.LOCK).open("w") as other:
        with cache.locked(tmp_path, exclusive=True), pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_SH | fcntl.LOCK_NB)
        with cache.locked(tmp_path, exclusive=False):
            fcntl.flock(other, fcntl.LOCK_SH | fcntl.LOCK_NB)
            with pytest.raises(BlockingIOError):
                fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


class FakeKernel:
    """Counts its builds; fails as often as told."""

    def __init__(self, failures: int, name: str = "fake", variant: str = "") -> None:
        self.name, self.variant, self.failures, self.builds = name, variant, failures, 0
        self.disabled = False
        self.dispatcher = SimpleNamespace(overloads={}, _cache=SimpleNamespace(disable=self.disable))

    def disable(self) -> None:
        self.disabled = True

    def forget(self) -> None:
        self.dispatcher.overloads.clear()

    def build(self) -> None:
        self.builds += 1
        if self.builds <= self.failures:
            raise EOFError("torn")
        self.dispatcher.overloads["signature"] = "code"


@pytest.mark.parametrize("failures", [0, 1])
def test_one_rebuild_after_a_load_error(failures: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "kernels").mkdir()
    (tmp_path / "kernels" / "a.nbc").write_bytes(b"x")
    cache.seal(tmp_path, {""})
    fake = FakeKernel(failures)
    monkeypatch.setattr(build, "KERNELS", [fake])
    monkeypatch.setattr(cache, "_prepared", tmp_path)
    said: list[tuple[int, int, str]] = []
    # After a failure under the shared lock it is tried again under the exclusive one: somebody may have repaired it.
    build.compile_all(lambda *event: said.append(event))
    assert fake.builds == failures + 1
    assert said[0] == (0, 1, "fake") and said[-1] == (1, 1, "done")
    build.compile_all(lambda *event: pytest.fail("a second call has nothing to do"))


class WritingKernel(FakeKernel):
    """Writes a file of its own into the cache when it is compiled, as Numba does."""

    def __init__(self, name: str, variant: str, folder: Path) -> None:
        super().__init__(0, name, variant)
        self.file, self.compiled = folder / "inner" / name, 0

    def build(self) -> None:
        if self.dispatcher.overloads:
            return
        super().build()
        if not self.file.exists():
            self.compiled += 1
            self.file.parent.mkdir(exist_ok=True)
            self.file.write_text(self.name)


def test_a_variant_is_added_to_what_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "_prepared", tmp_path)

    def new_process() -> list[WritingKernel]:
        made = [WritingKernel(name, name.strip("0123456789"), tmp_path) for name in ("1", "2", "a1", "b1")]
        monkeypatch.setattr(build, "KERNELS", made)
        return made

    for variant, compiled, there in (
        ("a", [1, 1, 1, 0], {"", "a"}),
        ("a", [0, 0, 0, 0], {"", "a"}),
        ("", [0, 0, 0, 0], {"", "a"}),
        ("b", [0, 0, 0, 1], {"", "a", "b"}),
        ("a", [0, 0, 0, 0], {"", "a", "b"}),
    ):
        made = new_process()
        build.compile_all(variant=variant)
        assert [kernel.compiled for kernel in made] == compiled
        assert cache.variants(tmp_path) == there
    built = new_process()
    (tmp_path / "inner" / "1").write_text("damaged")
    build.compile_all(variant="b")
    assert [kernel.compiled for kernel in built] == [1, 1, 0, 1], "what is damaged anywhere is compiled anew"
    assert cache.variants(tmp_path) == {"", "b"}


def test_the_rings_are_built_before_and_beside_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "_prepared", tmp_path)

    def new_process() -> list[WritingKernel]:
        made = [WritingKernel(name, name.strip("0123456789"), tmp_path) for name in ("1", "a1", "rings1")]
        monkeypatch.setattr(build, "KERNELS", made)
        return made

    for compile_them, compiled, there in (
        (build.compile_rings, [0, 0, 1], {"rings"}),
        (build.compile_rings, [0, 0, 0], {"rings"}),
        (lambda: build.compile_all(variant="a"), [1, 1, 0], {"", "a", "rings"}),
        (build.compile_rings, [0, 0, 0], {"", "a", "rings"}),
        (build.compile_all, [0, 0, 0], {"", "a", "rings"}),
    ):
        made = new_process()
        compile_them()
        assert [kernel.compiled for kernel in made] == compiled
        assert cache.variants(tmp_path) == there


def test_an_error_of_the_compiler_itself_is_not_hidden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "KERNELS", [FakeKernel(99)])
    monkeypatch.setattr(cache, "_prepared", tmp_path)
    with pytest.raises(EOFError):
        build.compile_all()
    assert not cache.variants(tmp_path)


def test_a_cache_that_cannot_be_written_does_not_stop_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = FakeKernel(0)
    monkeypatch.setattr(build, "KERNELS", [fake])
    monkeypatch.setattr(cache, "_prepared", tmp_path / "gone")
    said: list[str] = []
    build.compile_all(lambda done, total, name: said.append(name))
    assert fake.builds == 1 and fake.disabled
    assert "cannot be used" in said[0]


def test_prepare_refuses_to_come_after_numba(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "numba" in sys.modules
    monkeypatch.setattr(cache, "_prepared", None)
    with pytest.raises(RuntimeError, match="before numba"):
        cache.prepare()


def test_importing_the_package_starts_nothing_and_prepare_sets_the_environment(tmp_path: Path) -> None:
    code = """
import sys, os
import llmproc.kernels
assert not {"numba", "numpy", "llvmlite"} & set(sys.modules)
directory = llmproc.kernels.cache.prepare()
assert not {"numba", "numpy"} & set(sys.modules)
import numba
assert numba.config.CACHE_DIR == str(directory) and numba.config.DISABLE_INTEL_SVML
assert [os.environ[n] for n in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")] == ["1"] * 3
import llmproc.kernels.build
assert len(os.listdir("/proc/self/task")) == 1
"""
    environment = child_environment(tmp_path, OMP_NUM_THREADS="4")
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, timeout=60)


def test_builds_nobody_used_for_long_are_removed(tmp_path: Path) -> None:
    names = {name: tmp_path / (name * 32) for name in "abcd"}
    for folder in names.values():
        (folder / "sub").mkdir(parents=True)
        (folder / "sub" / "code").write_text("x")
        (folder / cache.LOCK).touch()
        cache.seal(folder, {""})
    (tmp_path / "mine").mkdir()
    for name in "abd":
        os.utime(names[name] / cache.MANIFEST, (1, 1))
    cache.touch(names["b"])
    with cache.locked(names["d"], exclusive=False):
        cache.prune(names["c"])
    left = {name for name, folder in names.items() if folder.exists()}
    assert left == {"b", "c", "d"}, "old a goes; b was used, c is ours, d is being loaded"
    assert (tmp_path / "mine").exists()
