"""Entries compiled in this process by Numba, for where object files cannot be made or linked. Slow, the same results.

Used by `build` as a last resort; nothing is kept on disk. Only here does a process that serves import Numba.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from llmproc.kernels import environment
from llmproc.kernels.entries import ENTRIES
from llmproc.kernels.linking import function_at

_kept: list[Any] = []  # Numba's objects own the memory that functions lie in


def compile_here(names: Iterable[str]) -> dict[str, Callable[..., Any]]:
    """Entry's name -> its function. Whatever Numba raises where it cannot compile."""
    environment.prepare()
    from numba import cfunc

    from llmproc.kernels import choice, embedding, forward, limits, products, rings, rotation, tiling  # noqa: F401  (importing fills the table)
    from llmproc.kernels.registry import FUNCTIONS, signature_of

    found = {}
    for name in names:
        compiled = cfunc(signature_of(name), error_model="numpy")(FUNCTIONS[name])
        _kept.append(compiled)
        found[name] = function_at(ENTRIES[name], compiled.address)
    return found
