"""Where compiled kernels are kept: a folder of ours alone, named by everything that decides what the code is.

Used by `build`, which reads and fills it (`store`). The name is a hash of the contents of all kernel sources, the
versions of Numba, llvmlite, NumPy and Python, the CPU and its features, the instruction set, and every NUMBA_* setting;
where the sources lie, and how old they are, does not matter. Who can write there can run code here, so the folder
is private (mode 0700, owner checked). Numba is not imported here.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import json
import os
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from llmproc.config import Environment
from llmproc.hardware import isa
from llmproc.kernels.environment import ALWAYS

SOURCES = Path(__file__).parent
SIMD = SOURCES.parent / "simd"  # a kernel is made of its intrinsics too
MANIFEST = "manifest.json"
LOCK = "lock"
KEEP_S = 30 * 86400.0
NOT_CODE = {"NUMBA_CACHE_DIR"}  # a setting that says where, not what

_chosen: Path | None = None


def directory() -> Path:
    """Return the folder for this process, made if need be; later calls return the same one."""
    global _chosen
    if _chosen is None:
        _chosen = choose_directory(key())
    return _chosen


def key(settings: Mapping[str, str] = os.environ, sources: Path = SOURCES) -> str:
    """Hash (32 hex digits) of everything that decides which machine code the kernels become.

    UsageError for an instruction set that `settings` name and that cannot be.
    """
    from llvmlite import binding  # not Numba: this asks LLVM what CPU it would compile for

    digest = hashlib.sha256()

    def add(*parts: object) -> None:
        digest.update(json.dumps([str(part) for part in parts]).encode())

    add(sys.version, *(version(package) for package in ("numba", "llvmlite", "numpy")))
    add(binding.get_host_cpu_name(), binding.get_host_cpu_features().flatten())
    chosen = isa.choose(Environment.read(settings).isa)
    add(chosen.name)
    seen = {**settings, **ALWAYS, **chosen.numba_settings}  # by the compiler, whether or not they are set here already
    for name in sorted(seen):
        if name.startswith("NUMBA_") and name not in NOT_CODE:
            add(name, seen[name])
    for folder in (sources, SIMD):
        for path in sorted(folder.glob("*.py")):
            add(folder.name if folder == SIMD else "kernels", path.name, path.read_text())
    return digest.hexdigest()[:32]


def version(package: str) -> str:
    """Return what tells releases of a package apart, without importing it.

    Its file of its version, else what is installed.
    """
    found = importlib.util.find_spec(package)
    for folder in (found and found.submodule_search_locations) or ():
        for name in ("_version.py", "version.py"):
            with suppress(OSError):
                return (Path(folder) / name).read_text()
    from importlib.metadata import version as installed  # a hundredth of a second to import

    return installed(package)


def choose_directory(name: str) -> Path:
    """Return the first place that is ours alone and can be written.

    The user's cache, the temporary folder, a fresh folder.
    """
    for base in (_user_cache(), Path(tempfile.gettempdir()) / f"llmproc-{os.geteuid()}"):
        if base is not None and all(_private(folder) for folder in (base, base / "kernels", base / "kernels" / name)):
            return base / "kernels" / name
    return Path(tempfile.mkdtemp(prefix="llmproc-kernels-"))


def _user_cache() -> Path | None:
    """Return $XDG_CACHE_HOME/llmproc or ~/.cache/llmproc, as the XDG base directory specification says."""
    given = os.environ.get("XDG_CACHE_HOME", "")
    base = Path(given) if given.startswith("/") else Path(os.path.expanduser("~")) / ".cache"
    return base / "llmproc" if base.is_absolute() else None


def _private(folder: Path) -> bool:
    """Make `folder` if it is missing; whether it is a real directory of ours, closed to others, and writable."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o022:
            return False  # what others could write there may be theirs: never loaded, not even after a chmod
        if status.st_mode & 0o077:
            folder.chmod(0o700)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"x")
            probe.flush()  # a full disk says no here
    except OSError:
        return False
    return True


@contextmanager
def locked(directory: Path, exclusive: bool) -> Iterator[None]:
    """Hold the directory's lock: shared while loading, exclusive while compiling. Waits; dies with the process."""
    fd = os.open(directory / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH)
        yield
    finally:
        os.close(fd)


def wipe(directory: Path) -> None:
    """Remove every file of an unfinished or damaged build. The exclusive lock must be held."""
    for entry in directory.iterdir():
        if entry.name == LOCK:
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def touch(directory: Path) -> None:
    """Note that the build was used now; what `prune` goes by."""
    with suppress(OSError):
        os.utime(directory / MANIFEST)


def prune(directory: Path, keep_s: float = KEEP_S) -> None:
    """Remove builds beside `directory` unused for `keep_s` seconds: other sources, another CPU.

    One that a process is loading just now is locked and stays. Only folders that look like ours are touched.
    """
    for sibling in directory.parent.glob("[0-9a-f]" * 32):
        with suppress(OSError):
            if sibling == directory or time.time() - (sibling / MANIFEST).stat().st_mtime < keep_s:
                continue
            fd = os.open(sibling / LOCK, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(sibling)
            finally:
                os.close(fd)
