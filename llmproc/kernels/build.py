"""Gets every kernel from the cache, or compiles it: one writer, others wait, damaged caches are rebuilt once.

    shared lock     build complete? -> load everything
    exclusive lock  complete by now? -> load; else wipe, compile, seal

Serves `kernels.compile_all` and `kernels.compile_rings`. What the files contain is Numba's affair, where they lie is
`cache`'s.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from llmproc.kernels import cache, choice, forward, rings, rotation  # noqa: F401  (importing fills the table)
from llmproc.kernels.registry import KERNELS, Kernel

Progress = Callable[[int, int, str], None]


def compile_all(progress: Progress | None = None, variant: str = "") -> None:
    """See `llmproc.kernels.compile_all`."""
    _get({"", variant}, progress)


def compile_rings(progress: Progress | None = None) -> None:
    """See `llmproc.kernels.compile_rings`."""
    _get({rings.VARIANT}, progress)


def _get(variants: set[str], progress: Progress | None) -> None:
    wanted = [entry for entry in KERNELS if entry.variant in variants]
    if all(entry.dispatcher.overloads for entry in wanted):
        return
    directory = cache.prepare()
    try:
        with cache.locked(directory, exclusive=False):
            if _load(directory, wanted, variants, progress):
                cache.touch(directory)
                return
        with cache.locked(directory, exclusive=True):
            if not _load(directory, wanted, variants, progress):  # else another process compiled while this one waited
                _add(directory, wanted, variants, progress)
    except OSError as error:  # a cache that cannot be kept (disk full, read-only by now) must not stop the program
        _build_without_cache(wanted, progress, error)


def _load(directory: Path, wanted: list[Kernel], variants: set[str], progress: Progress | None) -> bool:
    """Load a finished build; False when there is none or its files do not make sense to Numba."""
    if not variants <= cache.variants(directory):
        return False
    try:
        _build(wanted, progress)
    except Exception:  # unpickling what somebody damaged can raise anything
        return False
    return True


def _add(directory: Path, wanted: list[Kernel], variants: set[str], progress: Progress | None) -> None:
    """Compile what is missing beside what is there; everything anew when what is there cannot be used."""
    there = cache.variants(directory)
    if not there or variants <= there:
        there = set()
        cache.wipe(directory)
        for entry in wanted:
            entry.forget()  # those that did load must stand in the new build too
    _build(wanted, progress)
    cache.seal(directory, there | variants)
    cache.prune(directory)


def _build(wanted: list[Kernel], progress: Progress | None) -> None:
    for done, entry in enumerate(wanted):
        if progress is not None:
            progress(done, len(wanted), entry.name)
        entry.build()
    if progress is not None:
        progress(len(wanted), len(wanted), "done")


def _build_without_cache(wanted: list[Kernel], progress: Progress | None, error: OSError) -> None:
    for entry in wanted:
        if not entry.dispatcher.overloads:
            entry.dispatcher._cache.disable()  # Numba has no public switch for it
    if progress is not None:
        progress(0, len(wanted), f"the kernel cache cannot be used: {error.strerror}")
    _build(wanted, progress)
