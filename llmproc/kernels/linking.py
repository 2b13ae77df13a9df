"""From object files to functions that can be called, by llvmlite alone: no Numba, no compiler.

Used by `build`. What is linked stays in memory for the life of the process, and is inherited by fork.
"""

from __future__ import annotations

import ctypes
import mmap
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from llmproc.kernels.elf import ObjectError, read_symbols
from llmproc.kernels.entries import ENTRIES, Entry

_C_TYPES: dict[str, Any] = {"q": ctypes.c_int64, "f": ctypes.c_float, "": None}
_LIBM = "libm.so.6"  # glibc's; others have its functions in the C library
_engines: list[Any] = []  # they own the memory that functions lie in


class LinkError(Exception):
    """Object files that cannot be used in this process; the message says why."""


def link(objects: dict[str, bytes]) -> dict[str, Callable[..., Any]]:
    """Entry's name -> its function, from entry's name -> its object file.

    LinkError for a file that does not define its entry, or needs a symbol that this process does not have. The GIL is
    released while a function runs.
    """
    try:
        from llvmlite import binding
    except (ImportError, OSError) as error:
        raise LinkError(f"llvmlite cannot be used: {error}") from None
    try:
        addresses = _addresses(objects, binding)
    except (ObjectError, AttributeError, RuntimeError, OSError) as error:
        raise LinkError(str(error)) from None
    _unmap_linker_code()
    return {name: function_at(ENTRIES[name], address) for name, address in addresses.items()}


def function_at(entry: Entry, address: int) -> Callable[..., Any]:
    """Return the function of an entry whose code is at an address."""
    kinds = [_C_TYPES[letter] for letter in entry.arguments]
    function: Callable[..., Any] = ctypes.CFUNCTYPE(_C_TYPES[entry.result], *kinds)(address)
    return function


def _check(name: str, data: bytes, find: Callable[[str], int | None]) -> None:
    """Look up every symbol a file needs: LLVM would end the process over one that is missing."""
    symbols = read_symbols(data)
    if ENTRIES[name].symbol not in symbols.defined:
        raise LinkError(f"the code of {name} does not define {ENTRIES[name].symbol}")
    if missing := sorted(symbol for symbol in symbols.undefined if not find(symbol)):
        raise LinkError(f"the code of {name} needs {', '.join(missing)}, which this process does not have")


def _addresses(objects: dict[str, bytes], binding: Any) -> dict[str, int]:
    engine = _new_engine(binding)
    for name, data in objects.items():
        _check(name, data, binding.address_of_symbol)
    for data in objects.values():
        engine.add_object_file(binding.ObjectFileRef.from_data(data))
    engine.finalize_object()
    _engines.append(engine)
    return {name: int(engine.get_function_address(ENTRIES[name].symbol)) for name in objects}


def _new_engine(binding: Any) -> Any:
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    machine = binding.Target.from_triple(binding.get_process_triple()).create_target_machine(jit=True)
    engine = binding.create_mcjit_compiler(binding.parse_assembly(""), machine)  # from here on it knows this process
    if not binding.address_of_symbol("expf"):  # Python itself may do without libm
        with suppress(RuntimeError):
            binding.load_library_permanently(_LIBM)
    return engine


def _unmap_linker_code() -> None:
    """Let the kernel drop the linker's machine code from this process: 30 MB that are read again if they are needed.

    Code pages are never written, so the file has all of them; pages that hold data are left alone.
    """
    madvise = ctypes.CDLL(None).madvise
    madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    with suppress(OSError), open("/proc/self/maps") as lines:
        for line in lines:
            place, rights, *_, name = line.split(maxsplit=5)
            if rights == "r-xp" and name.rstrip().endswith("/libllvmlite.so"):
                start, end = (int(address, 16) for address in place.split("-"))
                madvise(start, end - start, mmap.MADV_DONTNEED)
