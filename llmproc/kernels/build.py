"""Gets every kernel from the cache, or compiles it: one writer, others wait, damaged caches are rebuilt once.

    shared lock     build complete? -> load everything
    exclusive lock  complete by now? -> load; else wipe, compile, seal

Serves `kernels.compile_all`. What the files contain is Numba's affair, where they lie is `cache`'s.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from llmproc.kernels import attention, cache, choice, matmul, pointwise, tiles  # noqa: F401  (importing fills the table)
from llmproc.kernels.registry import KERNELS

Progress = Callable[[int, int, str], None]


def compile_all(progress: Progress | None = None) -> None:
    """See `llmproc.kernels.compile_all`."""
    if all(entry.dispatcher.overloads for entry in KERNELS):
        return
    directory = cache.prepare()
    try:
        with cache.locked(directory, exclusive=False):
            if _load(directory, progress):
                cache.touch(directory)
                return
        with cache.locked(directory, exclusive=True):
            if not _load(directory, progress):  # else another process compiled while this one waited
                cache.wipe(directory)
                for entry in KERNELS:
                    entry.forget()  # those that did load must stand in the new build too
                _build_all(progress)
                cache.seal(directory)
                cache.prune(directory)
    except OSError as error:  # a cache that cannot be kept (disk full, read-only by now) must not stop the program
        _build_without_cache(progress, error)


def _load(directory: Path, progress: Progress | None) -> bool:
    """Load a finished build; False when there is none or its files do not make sense to Numba."""
    if not cache.complete(directory):
        return False
    try:
        _build_all(progress)
    except Exception:  # unpickling what somebody damaged can raise anything
        return False
    return True


def _build_all(progress: Progress | None) -> None:
    total = len(KERNELS)
    for done, entry in enumerate(KERNELS):
        if progress is not None:
            progress(done, total, entry.name)
        entry.build()
    if progress is not None:
        progress(total, total, "done")


def _build_without_cache(progress: Progress | None, error: OSError) -> None:
    for entry in KERNELS:
        if not entry.dispatcher.overloads:
            entry.dispatcher._cache.disable()  # Numba has no public switch for it
    if progress is not None:
        progress(0, len(KERNELS), f"the kernel cache cannot be used: {error.strerror}")
    _build_all(progress)
