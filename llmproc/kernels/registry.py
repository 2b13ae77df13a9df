"""The functions that entries are compiled from. Numba enters the room here, once its environment is prepared.

Used by the modules that define kernels, which take `njit` and its like from this one, and by `compiling`. An entry has
exactly one signature, that of `entries.ENTRIES`; what it calls is compiled with it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llmproc.kernels import environment
from llmproc.kernels.entries import ENTRIES

environment.prepare()  # must stand before Numba is imported

import numba  # noqa: E402
from numba import from_dtype, literally, types  # noqa: E402
from numba.extending import intrinsic, overload  # noqa: E402

__all__ = ["FUNCTIONS", "entry", "from_dtype", "intrinsic", "literally", "njit", "overload", "signature_of", "types"]

FUNCTIONS: dict[str, Callable[..., Any]] = {}
_PART = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
_TYPES = {"q": types.int64, "f": types.float32, "": types.void}


def njit(function: Callable[..., Any] | None = None, *, by_value: bool = False, **options: Any) -> Any:
    """Numba's njit, for functions that only compiled code calls: without the wrappers that Python would need.

    Numba would compile a function once more for every constant that it is called with, which takes half of all the
    time. Here it is compiled once, unless it asks for constants (`literally`): `by_value`.
    """

    def compiled(python: Callable[..., Any]) -> Any:
        dispatcher = numba.njit(python, **_PART, **options)
        if not by_value:
            _without_constants(dispatcher)
        return dispatcher

    return compiled if function is None else compiled(function)


def _without_constants(dispatcher: Any) -> None:
    of_types = dispatcher.get_call_template

    def of_plain_types(args: Any, kws: Any) -> Any:
        return of_types([types.unliteral(kind) for kind in args], {name: types.unliteral(kws[name]) for name in kws})

    dispatcher.get_call_template = of_plain_types


def entry(function: Callable[..., Any], name: str = "") -> Callable[..., Any]:
    """Register the function of an entry, by default that of its own name. KeyError for a name that is not declared."""
    declared = ENTRIES[name or function.__name__]
    FUNCTIONS[declared.name] = function
    return function


def signature_of(name: str) -> Any:
    """Numba's signature of an entry."""
    declared = ENTRIES[name]
    return _TYPES[declared.result](*(_TYPES[letter] for letter in declared.arguments))
