"""The table of kernels and the types their signatures are written in.

Serves the modules that define kernels. A kernel has exactly one signature and can be compiled only through
`Kernel.build`: calling one that was not built, or with other types, is a TypeError instead of a silent compilation.
Numba enters the room here, once its environment is prepared: other modules take `njit` and its like from this one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from llmproc.kernels import cache

cache.prepare()  # must stand before Numba is imported

from numba import from_dtype, literally, njit, types  # noqa: E402
from numba.extending import overload  # noqa: E402

__all__ = [
    "F32",
    "F32_IN",
    "F32_IN_2D",
    "F32_OUT",
    "F32_OUT_2D",
    "F32_ROWS",
    "I8_IN_2D",
    "I8_OUT_2D",
    "I64",
    "I64_IN",
    "I64_OUT",
    "KERNELS",
    "U64_IN",
    "U64_OUT",
    "VOID",
    "Kernel",
    "cache_misses",
    "from_dtype",
    "kernel",
    "literally",
    "njit",
    "overload",
    "types",
]  # fmt: skip

VOID, I64, F32 = types.void, types.int64, types.float32
# Inputs are declared read-only: the compiler then refuses a kernel that would write to a weight. A writable array is
# accepted for a read-only one; the other way round is a TypeError.
F32_IN = types.Array(types.float32, 1, "C", readonly=True)
F32_IN_2D = types.Array(types.float32, 2, "C", readonly=True)
F32_ROWS = types.Array(types.float32, 2, "A", readonly=True)  # rows may lie apart
I8_IN_2D = types.Array(types.int8, 2, "C", readonly=True)
I64_IN = types.Array(types.int64, 1, "C", readonly=True)
I64_OUT = types.Array(types.int64, 1, "C")
U64_IN = types.Array(types.uint64, 1, "C", readonly=True)
F32_OUT = types.Array(types.float32, 1, "C")
F32_OUT_2D = types.Array(types.float32, 2, "C")
I8_OUT_2D = types.Array(types.int8, 2, "C")
U64_OUT = types.Array(types.uint64, 1, "C")


@dataclass(frozen=True, slots=True)
class Kernel:
    """One compiled function: its name, its only signature, and Numba's dispatcher for it."""

    name: str
    signature: Any
    dispatcher: Any
    variant: str = ""  # needed for one kind of weights only; empty: always

    def build(self) -> None:
        """Load the machine code from the cache or compile it; does nothing when that was done before."""
        if not self.dispatcher.overloads:
            self.dispatcher._can_compile = True
            try:
                self.dispatcher.compile(self.signature)
            finally:
                self.dispatcher._can_compile = False

    def forget(self) -> None:
        """Drop the machine code, so that the next `build` writes a cache file again."""
        self.dispatcher._reset_overloads()

    @property
    def misses(self) -> int:
        """How often the cache had no code for this kernel."""
        return sum(self.dispatcher.stats.cache_misses.values())


KERNELS: list[Kernel] = []


def kernel(returns: Any, *arguments: Any, variant: str = "") -> Callable[[Callable[..., Any]], Any]:
    """Register a function as a kernel of this signature; what stands under its name afterwards is the dispatcher.

    `variant`: it is built for models that ask for it only. The GIL is released while a kernel runs. Division by zero
    gives infinity or NaN, as in C.
    """

    def register(function: Callable[..., Any]) -> Any:
        dispatcher: Any = njit(cache=True, nogil=True, error_model="numpy")(function)
        dispatcher._can_compile = False  # disable_compile() refuses while there is no signature
        KERNELS.append(Kernel(function.__name__, returns(*arguments), dispatcher, variant))
        return dispatcher

    return register


def cache_misses() -> int:
    """Kernels compiled because the cache had no code for them, in this process or before it was forked."""
    return sum(entry.misses for entry in KERNELS)
