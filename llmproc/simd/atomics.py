"""Atomic operations on shared memory, and waiting on it: what ranks of a team agree by.

Addresses are int64, in bytes, naturally aligned; memory order is sequentially consistent, which costs nothing
measurable at a few operations a matrix. Only `load_i64` acquires and `store_i64` releases: what was written before that
store is seen behind the load that reads it, which is all that handing something over needs. `futex_wait` and
`futex_wake` call libc's `syscall`, declared by name inside the intrinsic so that compiled code can be cached; the words
may lie in memory shared between processes.
"""

from __future__ import annotations

import platform
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from llmproc.simd import emit

_I64 = types.int64
_ORDER = "seq_cst"
_FUTEX = {"x86_64": 202, "aarch64": 98, "riscv64": 98, "ppc64le": 221, "s390x": 238}
_WAIT, _WAKE = 0, 1  # without FUTEX_PRIVATE_FLAG: ranks may be processes


def _word(builder: Any, address: Any, kind: ir.Type) -> Any:
    return builder.inttoptr(address, kind.as_pointer())


@intrinsic
def load_i32(typingctx: Any, address: Any) -> Any:
    """Load the int32 at an address, atomically."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.load_atomic(_word(builder, args[0], emit.I32), _ORDER, 4)

    return types.int32(_I64), generate


@intrinsic
def store_i32(typingctx: Any, address: Any, value: Any) -> Any:
    """Store an int32 at an address, atomically."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.store_atomic(args[1], _word(builder, args[0], emit.I32), _ORDER, 4)
        return context.get_dummy_value()

    return types.void(_I64, types.int32), generate


@intrinsic
def add_i32(typingctx: Any, address: Any, value: Any) -> Any:
    """Add to the int32 at an address; returns what stood there before."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.atomic_rmw("add", _word(builder, args[0], emit.I32), args[1], _ORDER)

    return types.int32(_I64, types.int32), generate


@intrinsic
def load_i64(typingctx: Any, address: Any) -> Any:
    """Load the int64 at an address, atomically; acquires."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.load_atomic(_word(builder, args[0], emit.I64), "acquire", 8)

    return types.int64(_I64), generate


@intrinsic
def store_i64(typingctx: Any, address: Any, value: Any) -> Any:
    """Store an int64 at an address, atomically; releases."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.store_atomic(args[1], _word(builder, args[0], emit.I64), "release", 8)
        return context.get_dummy_value()

    return types.void(_I64, types.int64), generate


@intrinsic
def compare_exchange_i64(typingctx: Any, address: Any, expected: Any, wanted: Any) -> Any:
    """Make the int64 at an address `wanted` if it is `expected`; returns what stood there before."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pair = builder.cmpxchg(_word(builder, args[0], emit.I64), args[1], args[2], _ORDER, _ORDER)
        return builder.extract_value(pair, 0)

    return types.int64(_I64, types.int64, types.int64), generate


@intrinsic
def fence(typingctx: Any) -> Any:
    """Let what stands before be seen by others before anything behind is done, loads and stores alike."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.fence(_ORDER)
        return context.get_dummy_value()

    return types.void(), generate


@intrinsic
def pause(typingctx: Any) -> Any:
    """Tell the core that this is a spin loop."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        machine = platform.machine()
        if machine == "x86_64":
            emit.call(builder, "llvm.x86.sse2.pause", ir.VoidType())
        elif machine == "aarch64":
            emit.call(builder, "llvm.aarch64.hint", ir.VoidType(), ir.Constant(emit.I32, 1))  # yield
        return context.get_dummy_value()

    return types.void(), generate


def _syscall(builder: Any, address: Any, operation: int, value: Any) -> Any:
    number = _FUTEX.get(platform.machine())
    if number is None:
        return ir.Constant(emit.I64, -38)  # ENOSYS: those who wait go on spinning
    zero = ir.Constant(emit.I64, 0)
    wide = builder.sext(value, emit.I64)
    kind = ir.Constant(emit.I64, operation)
    return emit.call(builder, "syscall", emit.I64, ir.Constant(emit.I64, number), address, kind, wide, zero, zero, zero)


@intrinsic
def futex_wait(typingctx: Any, address: Any, value: Any) -> Any:
    """Sleep while the int32 at an address is `value`, until woken; may also return for no reason."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _syscall(builder, args[0], _WAIT, args[1])

    return types.int64(_I64, types.int32), generate


@intrinsic
def futex_wake(typingctx: Any, address: Any, count: Any) -> Any:
    """Wake up to `count` sleepers of an address; returns how many."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _syscall(builder, args[0], _WAKE, args[1])

    return types.int64(_I64, types.int32), generate
