"""Numbers only: the arithmetic of one forward pass and of choosing a token, compiled for this CPU ahead of its use.

And the compare-and-swap of the request rings. Used by `engine` and `service`.

    entries, records, sizes           what compiled code is told, for all sides: no Numba
    kinds, stored                     how matrices stand in tiles, and which stored type stands in which
    choice, forward, phases, ...      the functions that are compiled; only compilers import them
    products, blocks, embedding       one entry for each kind of matrix: a pass calls those that its matrices name
    tiling                            one entry for each stored type: rows of files to tiles
    compiling                         a function -> an object file, by Numba and LLVM
    compile_process, compilers        that, in processes of its own
    cache, store                      where object files are kept, and which of them are whole
    linking, calls                    object files -> functions that Python calls: llvmlite alone
    build                             from the cache, or compiled; then linked
    in_process                        Numba in this process, where linking fails

    template (or a test)                        worker (forked from the template)
    load()   reads object files, or has them    inherits every entry in memory; `cache_misses()` must
             compiled under a lock; links       stay what it was at the fork

Nothing here knows of files, processes, requests or text. Importing this package starts neither Numba nor NumPy.
"""

from __future__ import annotations

from collections.abc import Callable

from llmproc.kernels.entries import COMMON, LIMITS, PASS, RINGS, variant_name

__all__ = ["COMMON", "LIMITS", "PASS", "RINGS", "cache_misses", "fallback_reason", "load", "variant_name"]

Progress = Callable[[int, int, str], None]


def load(*variants: str, progress: Progress | None = None) -> None:
    """Load the entries of these variants from the cache, or have them compiled and kept there (one writer at a time).

    Variants: COMMON, PASS, RINGS, names of `variant_name`. `progress(done, total, name)` is called when an entry is
    there, and once at the end with `done == total`. Costs nothing when called again. StartError when the compiler dies.
    """
    from llmproc.kernels import build

    build.load(set(variants), progress)


def cache_misses() -> int:
    """Entries that this process (or the one it was forked from) had compiled because the cache had none."""
    from llmproc.kernels import build

    return build.cache_misses()


def fallback_reason() -> str:
    """Return why object files could not be used, so that Numba compiled in this process; empty when they could."""
    from llmproc.kernels import build

    return build.fallback_reason()
