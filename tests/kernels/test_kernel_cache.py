"""The kernel cache: found again, made once more when damaged, written by one process at a time, trusted only when ours.

Real processes, with the entries of the rings: they are compiled in a second.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.paths import ROOT

from llmproc.kernels import build, cache, calls, entries, in_process, store
from llmproc.kernels.linking import LinkError

RINGS = {entry.name for entry in entries.wanted({entries.RINGS})}
FEW = len(RINGS)
CHILD = """
import ctypes, os, sys
from llmproc import kernels
from llmproc.kernels import environment
os.environ.update(dict.fromkeys(environment.ONE_THREAD, "1"))
print("started", flush=True)
sys.stdin.readline()
kernels.load(kernels.RINGS)
from llmproc.kernels import cache, calls
words = (ctypes.c_int64 * 17)()
calls.linked("publish")(ctypes.addressof(words), 1, 4, 7)
assert (words[8], words[16]) == (5, 7)
assert "numba" not in sys.modules and len(os.listdir("/proc/self/task")) == 1
print(kernels.cache_misses(), kernels.fallback_reason() or "-", cache.directory())
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
    misses, reason, directory = out.split(maxsplit=2)
    assert reason == "-"
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


def contents(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir() if path.name != cache.LOCK}


def test_two_processes_at_once_compile_once_and_the_compiler_counts_its_misses(built) -> None:
    home, directory, misses = built
    assert sorted(misses) == [0, FEW]
    assert directory.is_relative_to(home / ".cache" / "llmproc")
    assert build.variants(directory) == {entries.RINGS}
    assert set(contents(directory)) == {cache.MANIFEST, *(f"{name}.o" for name in RINGS)}
    assert {path.stat().st_mode & 0o777 for path in directory.iterdir()} == {0o600}


def test_a_later_start_loads_and_misses_nothing(built) -> None:
    home, directory, _ = built
    before = contents(directory)
    assert run(child_environment(home)) == (0, directory)
    assert contents(directory) == before


def test_starts_again_when_every_cache_file_is_truncated(built) -> None:
    home, directory, _ = built
    for path in directory.rglob("*"):
        if path.is_file():
            os.truncate(path, path.stat().st_size // 2)
    assert run(child_environment(home)) == (FEW, directory)
    assert run(child_environment(home)) == (0, directory)


def test_only_what_is_damaged_is_compiled_once_more(built) -> None:
    home, directory, _ = built
    path = directory / "take.o"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    assert run(child_environment(home)) == (1, directory)
    assert run(child_environment(home)) == (0, directory)


def test_starts_again_after_a_build_that_was_killed_in_the_middle(built) -> None:
    home, directory, _ = built
    (directory / cache.MANIFEST).unlink()
    for path in directory.glob("*.o"):
        path.write_bytes(b"")
    (directory / "take.o.new").write_bytes(b"half")
    assert run(child_environment(home)) == (FEW, directory)
    assert not list(directory.glob("*.new"))


@pytest.mark.parametrize("code", [b"not an object file", b"another symbol"])
def test_starts_again_when_sealed_files_cannot_be_linked(built, code: bytes) -> None:
    home, directory, _ = built
    if code == b"another symbol":
        code = (directory / "publish.o").read_bytes()
    with cache.locked(directory, exclusive=True):
        store.add(directory, {"take": code})
    assert run(child_environment(home)) == (FEW, directory), "whatever it is: all of it is made once more"
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


def test_importing_the_package_starts_nothing(tmp_path: Path) -> None:
    code = """
import sys
import llmproc.kernels, llmproc.kernels.entries, llmproc.kernels.compilers, llmproc.kernels.environment
assert not {"numba", "numpy", "llvmlite"} & set(sys.modules)
import llmproc.kernels.build, llmproc.kernels.calls, llmproc.kernels.records, llmproc.kernels.sizes
assert not {"numba", "llvmlite"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], env=child_environment(tmp_path), check=True, timeout=60)


# -- with compilers and a linker that only keep count -----------------------------------------------------------------


class Counting:
    """Stands for compilers and linker: what was compiled and linked, and how often linking is to fail."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.compiled: list[str] = []
        self.linked: list[list[str]] = []

    def compile(self, names: list[str]) -> list[tuple[str, bytes]]:
        self.compiled += names
        return [(name, name.encode()) for name in names]

    def link(self, objects: dict[str, bytes]) -> dict[str, Any]:
        self.linked.append(sorted(objects))
        if len(self.linked) <= self.failures:
            raise LinkError("it cannot be linked")
        assert all(data == name.encode() for name, data in objects.items())
        return dict.fromkeys(objects, lambda *arguments: None)


@pytest.fixture
def new_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What makes this process one that has loaded nothing, over the same cache."""

    def begin(failures: int = 0) -> Counting:
        made = Counting(failures)
        monkeypatch.setattr(cache, "_chosen", tmp_path)
        monkeypatch.setattr(calls, "_functions", {})
        monkeypatch.setattr(build._LoadCount, "compiled", 0)
        monkeypatch.setattr(build._LoadCount, "fallback", "")
        monkeypatch.setattr(build.compilers, "compile_objects", made.compile)
        monkeypatch.setattr(build, "link", made.link)
        return made

    return begin


def test_variants_are_added_to_what_is_there(tmp_path: Path, new_process: Any) -> None:
    common = {entry.name for entry in entries.wanted({""})}
    for wanted, compiled, there in (
        ({"", "int8"}, common | {"multiply_int8", "embed_int8"}, {"", "int8"}),
        ({"", "int8"}, set(), {"", "int8"}),
        ({""}, set(), {"", "int8"}),
        ({"rings"}, RINGS, {"", "int8", "rings"}),
        ({"", "rings", "q8_0"}, {"multiply_q8_0", "embed_q8_0"}, {"", "int8", "rings", "q8_0"}),
        ({"", "tile_q6_k"}, {"tile_q6_k"}, {"", "int8", "rings", "q8_0", "tile_q6_k"}),
    ):
        made = new_process()
        build.load(wanted)
        assert set(made.compiled) == compiled and build.cache_misses() == len(compiled)
        assert build.variants(tmp_path) == there
        build.load(wanted, lambda *event: pytest.fail("a second call has nothing to do"))
        assert len(made.linked) == 1


def test_what_cannot_be_linked_is_compiled_once_more(new_process: Any) -> None:
    new_process()
    build.load({"rings"})
    made = new_process(failures=1)
    build.load({"rings"})
    assert set(made.compiled) == RINGS and len(made.linked) == 2 and build.fallback_reason() == ""


@pytest.mark.parametrize("already", [False, True])
def test_what_can_never_be_linked_is_numbas(already: bool, new_process: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    if already:
        new_process()
        build.load({"rings"})
    made = new_process(failures=2)
    monkeypatch.setattr(in_process, "compile_here", lambda names: dict.fromkeys(names, "Numba's"))
    said: list[str] = []
    build.load({"rings"}, lambda done, total, name: said.append(name))
    assert set(calls._functions.values()) == {"Numba's"} and set(calls._functions) == RINGS
    assert build.fallback_reason() == "it cannot be linked"
    assert len(made.linked) == 1 + already, "what was compiled just now is not compiled again"
    assert sum("cannot be used (it cannot be linked)" in line for line in said) == 1 and said[-1] == "done"


def test_an_error_of_the_compiler_itself_is_not_hidden(
    tmp_path: Path, new_process: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_process()

    def broken(names: list[str]) -> Any:
        raise EOFError("torn")

    monkeypatch.setattr(build.compilers, "compile_objects", broken)
    with pytest.raises(EOFError):
        build.load({"rings"})
    assert not build.variants(tmp_path)


@pytest.mark.parametrize("when", ["at the lock", "when it is written"])
def test_a_cache_that_cannot_be_written_does_not_stop_the_program(
    when: str, tmp_path: Path, new_process: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = new_process()
    if when == "at the lock":
        monkeypatch.setattr(cache, "_chosen", tmp_path / "gone")
    else:
        monkeypatch.setattr(store, "_write", lambda path, data: os.open("/proc/none/such", os.O_WRONLY))
    said: list[str] = []
    build.load({"rings"}, lambda done, total, name: said.append(name))
    assert sorted(made.compiled) == sorted(RINGS), "each of them once"
    assert set(calls._functions) == RINGS
    assert sum("the kernel cache cannot be used: No such file" in line for line in said) == 1
