"""Numbers only: the arithmetic of one forward pass and of choosing a token, compiled by Numba for this CPU.

And the compare-and-swap of the request rings. Serves `engine` and `service`. Importing this package starts neither
Numba nor NumPy: `cache.prepare()` must set the environment first (it is called by `compile_all` too; a process that
imports NumPy earlier calls it itself, before that).

    template (or a test)                        worker (forked from the template)
    cache.prepare()   environment, directory
    compile_all()     load, or compile and      inherits every kernel in memory; `cache_misses()` must
    compile_rings()   write under a lock        stay what it was at the fork

Nothing here knows of files, processes, requests or text.
"""

from __future__ import annotations

from collections.abc import Callable

from llmproc.kernels import cache


def compile_all(progress: Callable[[int, int, str], None] | None = None, variant: str = "") -> None:
    """Load the kernels from the disk cache, or compile them and write them there (one process at a time).

    `variant`: also those that only this kind of weights needs (a name of `kinds.NAMES`). `progress(done, total, name)`
    is called before each kernel and once at the end with `done == total`. Costs nothing when called again.
    """
    cache.prepare()
    from llmproc.kernels import build

    build.compile_all(progress, variant)


def compile_rings(progress: Callable[[int, int, str], None] | None = None) -> None:
    """The same for the request rings alone (`rings`), which no model needs and every worker: a fraction of a second."""
    cache.prepare()
    from llmproc.kernels import build

    build.compile_rings(progress)


def cache_misses() -> int:
    """Kernels that this process (or the one it was forked from) had to compile because the cache had none."""
    from llmproc.kernels import registry

    return registry.cache_misses()
