"""Where compiled kernels are kept, and the environment Numba needs: to be prepared before Numba is imported.

Serves the template, which is the only process that writes the cache. Numba's own cache looks at the age of one source
file and nothing else, so the directory's name is a hash of everything that changes the code: all kernel sources, the
versions of Numba, llvmlite, NumPy and Python, the CPU and its features, every NUMBA_* setting. Cache files are
pickles: whoever can write them can run code here, so the directory is ours alone (mode 0700, owner checked).
No kernel is defined here and Numba is never imported here.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path

from llmproc.config import Environment
from llmproc.files.interpreter import ONE_THREAD
from llmproc.hardware import isa

SOURCES = Path(__file__).parent
SIMD = SOURCES.parent / "simd"  # a kernel is made of its intrinsics too
MANIFEST = "manifest.json"
LOCK = "lock"
KEEP_S = 30 * 86400.0
NOT_CODE = {"NUMBA_CACHE_DIR"}  # a setting that says where, not what

_prepared: Path | None = None


def prepare() -> Path:
    """Set Numba's and the BLAS libraries' environment and return the cache directory (made if need be).

    To be called before Numba is imported, RuntimeError otherwise; later calls return the same directory. Call it
    before NumPy too where the process must stay single-threaded: BLAS pools start when NumPy is imported.
    """
    global _prepared
    if _prepared is None:
        if "numba" in sys.modules:
            raise RuntimeError("llmproc.kernels.cache.prepare() must run before numba is imported")
        os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
        os.environ["NUMBA_DISABLE_INTEL_SVML"] = "1"  # its sums depend on what happens to be installed
        os.environ.update(isa.choose(Environment.read().isa).numba_settings)
        _prepared = choose_directory(key())
        os.environ["NUMBA_CACHE_DIR"] = str(_prepared)
    return _prepared


def key(settings: Mapping[str, str] = os.environ, sources: Path = SOURCES) -> str:
    """Hash (32 hex digits) of everything that decides which machine code the kernels become."""
    from llvmlite import binding  # not Numba: this asks LLVM what CPU it would compile for

    digest = hashlib.sha256()

    def add(*parts: object) -> None:
        digest.update(json.dumps([str(part) for part in parts]).encode())

    add(sys.version, *(version(package) for package in ("numba", "llvmlite", "numpy")))
    add(binding.get_host_cpu_name(), binding.get_host_cpu_features().flatten())
    for name in sorted(settings):
        if name.startswith("NUMBA_") and name not in NOT_CODE:
            add(name, settings[name])
    for path in sorted([*sources.glob("*.py"), *SIMD.glob("*.py")]):
        status = path.stat()  # Numba itself compares age and size: another age must mean another directory
        add(path, status.st_mtime_ns, path.read_text())
    return digest.hexdigest()[:32]


def choose_directory(name: str) -> Path:
    """The first place that is ours alone and can be written: the user's cache, the temporary folder, a fresh folder."""
    for base in (_user_cache(), Path(tempfile.gettempdir()) / f"llmproc-{os.geteuid()}"):
        if base is not None and all(_private(folder) for folder in (base, base / "kernels", base / "kernels" / name)):
            return base / "kernels" / name
    return Path(tempfile.mkdtemp(prefix="llmproc-kernels-"))


def _user_cache() -> Path | None:
    """$XDG_CACHE_HOME/llmproc or ~/.cache/llmproc, as the XDG base directory specification says."""
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


def variants(directory: Path) -> set[str]:
    """What the directory holds a finished build of, every byte of its files; the empty set when it does not."""
    try:
        recorded = json.loads((directory / MANIFEST).read_bytes())
        files, names = recorded["files"], recorded["variants"]
        return set(names) if files and files == _contents(directory) else set()
    except (OSError, ValueError, TypeError, KeyError):
        return set()


def seal(directory: Path, names: set[str]) -> None:
    """Record that the build in `directory` is finished for these variants. The exclusive lock must be held."""
    temporary = directory / f"{MANIFEST}.new"
    with temporary.open("w") as file:
        json.dump({"variants": sorted(names), "files": _contents(directory)}, file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(directory / MANIFEST)


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
    """Remove builds beside `directory` that nobody has used for `keep_s` seconds: other sources, another CPU.

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


def _contents(directory: Path) -> dict[str, str]:
    """Relative name of every cache file -> hash of its bytes."""
    files = sorted(path for path in directory.rglob("*") if path.is_file() and path.parent != directory)
    return {str(path.relative_to(directory)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
