"""SIMD from Python: vector types for Numba, and intrinsics on them that become single machine instructions.

    layout.py    sizes that data must have, for those who lay it out without Numba
    types.py     Vector and Tile types: f32x16, i32x16, i8x64, ...; a Tile is n vectors kept in registers
    emit.py      LLVM fragments the intrinsics are made of
    vectors.py   load, store, broadcast, fma, conversions, reductions, on one vector
    tiles.py     the same on a Tile: a matrix product's accumulators, unrolled at code generation
    dot.py       integer dot products: VNNI, or pairs of 16 bits for everything else

Numba lets a type have any LLVM type, so a vector is an ordinary value of compiled code: it lives in a register, is
passed and returned, and never touches memory unless stored. Sizes arrive as literals, and plain Python loops over them
run while code is generated. To be used inside @njit functions of other modules; addresses are int64, in bytes
(`array.ctypes.data`, or arithmetic on it), and are not checked: callers that compute them have checked the shapes.

Rules that keep results equal from run to run: no fused operation unless it is called `fma`, reductions in a fixed tree,
nothing that depends on how LLVM vectorises.
"""
