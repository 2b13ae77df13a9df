"""From the function of an entry to an object file: typed and lowered by Numba, optimised and emitted by LLVM.

Used by `compile_process`, and by tests. Numba optimises every function it compiles and makes machine code of it;
an entry needs that of itself alone, so the rest is skipped (`only_final_code`): half of the time. An entry's C function
is a wrapper made here: Numba's own would call Python when an error is raised, and kernels raise none.
"""

from __future__ import annotations

from typing import Any

from llvmlite import binding, ir

from llmproc.kernels import choice, embedding, forward, limits, products, rings, rotation, tiling  # noqa: F401  (importing fills the table)
from llmproc.kernels.entries import ENTRIES, Entry
from llmproc.kernels.registry import FUNCTIONS, njit, signature_of

_TYPES = {"q": ir.IntType(64), "f": ir.FloatType(), "": ir.VoidType()}
_POINTER = ir.IntType(8).as_pointer()


def compile_entry(name: str) -> bytes:
    """Return the object file of one entry.

    KeyError for an unknown name; whatever Numba raises where it cannot compile.
    """
    module, machine = optimised(name)
    return bytes(machine.emit_object(module))


def optimised(name: str) -> tuple[Any, Any]:
    """Return (LLVM's module of one entry, the machine it was optimised for)."""
    dispatcher: Any = njit(error_model="numpy")(FUNCTIONS[name])
    dispatcher.compile(signature_of(name))
    (result,) = dispatcher.overloads.values()
    library = result.library
    _Optimiser.run(library)
    module = binding.parse_assembly(library.get_llvm_str())
    module.link_in(binding.parse_assembly(str(_wrapper(ENTRIES[name], result.fndesc.llvm_func_name))))
    for function in module.functions:
        if not function.is_declaration and function.name != ENTRIES[name].symbol:
            function.linkage = "internal"
    for variable in module.global_variables:
        if variable.name.startswith("_ZN08NumbaEnv"):  # an error's environment, which nothing refers to
            variable.linkage = "internal"
    machine = library.codegen._tm
    _remove_unused(module, machine)
    return module, machine


def _wrapper(entry: Entry, function: str) -> ir.Module:
    """Return the C function of an entry: calls Numba's, returns its result; a status that is not zero is a trap."""
    module = ir.Module("wrapper")
    kinds = [_TYPES[letter] for letter in entry.arguments]
    result = _TYPES[entry.result] if entry.result else _POINTER
    inner = ir.Function(module, ir.FunctionType(ir.IntType(32), [result.as_pointer(), _POINTER, *kinds]), function)
    outer = ir.Function(module, ir.FunctionType(_TYPES[entry.result], kinds), entry.symbol)
    builder = ir.IRBuilder(outer.append_basic_block())
    place = builder.alloca(result)
    error = builder.alloca(_POINTER)
    status = builder.call(inner, [place, builder.bitcast(error, _POINTER), *outer.args])
    with builder.if_then(builder.icmp_signed("!=", status, ir.Constant(ir.IntType(32), 0)), likely=False):
        trap = ir.Function(module, ir.FunctionType(ir.VoidType(), []), "llvm.trap")
        builder.call(trap, [])
    if entry.result:
        builder.ret(builder.load(place))
    else:
        builder.ret_void()
    return module


def _remove_unused(module: Any, machine: Any) -> None:
    """Drop functions that were inlined everywhere."""
    passes = binding.create_new_module_pass_manager()
    passes.add_global_dead_code_eliminate_pass()
    passes.run(module, binding.create_pass_builder(machine, binding.create_pipeline_tuning_options()))


class _Optimiser:
    """Numba's optimisation of a whole module: of every function it compiles, or of an entry alone."""

    final = None  # Numba's own, while parts are left as they are

    @classmethod
    def run(cls, library: Any) -> None:
        """Optimise what was left."""
        if cls.final is not None:
            cls.final(library)


def only_final_code() -> bool:
    """Have Numba optimise entries only, from now on, and make no machine code: what it compiles cannot be called.

    Otherwise each function that an entry calls, and each that those call, is optimised and emitted once more. False,
    and nothing changed, where this Numba is built in another way: all is compiled as usual then.
    """
    try:
        from numba.core.codegen import CPUCodeLibrary, JITCodeLibrary, JITCPUCodegen
    except ImportError:
        return False
    changed = [
        (CPUCodeLibrary, "_optimize_final_module", lambda library: None),
        (JITCodeLibrary, "_finalize_specific", lambda library: None),
        (JITCodeLibrary, "get_pointer_to_function", _no_pointer),
        (JITCPUCodegen, "_add_module", lambda codegen, module: None),
        (JITCPUCodegen, "set_env", lambda codegen, name, environment: None),
    ]
    if _Optimiser.final is not None or not all(name in vars(owner) for owner, name, _ in changed):
        return False
    _Optimiser.final = CPUCodeLibrary._optimize_final_module
    for owner, name, replacement in changed:
        setattr(owner, name, replacement)
    return True


def _no_pointer(library: Any, name: str) -> int:
    library._ensure_finalized()  # links in what it calls
    return 0
