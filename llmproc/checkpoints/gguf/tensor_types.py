"""The tensor types of GGUF that are read, and the names of those that are not. A table: no I/O, no NumPy.

The numbers are ggml's (enum ggml_type). A row of a quantised tensor is cut into blocks of `block` values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TensorType:
    """One type: its name, and the values and bytes of one block."""

    name: str
    block: int
    block_bytes: int


TENSOR_TYPES: Mapping[int, TensorType] = {
    0: TensorType("F32", 1, 4),
    1: TensorType("F16", 1, 2),
    2: TensorType("Q4_0", 32, 18),
    3: TensorType("Q4_1", 32, 20),
    6: TensorType("Q5_0", 32, 22),
    7: TensorType("Q5_1", 32, 24),
    8: TensorType("Q8_0", 32, 34),
    10: TensorType("Q2_K", 256, 84),
    11: TensorType("Q3_K", 256, 110),
    12: TensorType("Q4_K", 256, 144),
    13: TensorType("Q5_K", 256, 176),
    14: TensorType("Q6_K", 256, 210),
    20: TensorType("IQ4_NL", 32, 18),
    30: TensorType("BF16", 1, 2),
    39: TensorType("MXFP4", 32, 17),
}
TYPES_BY_NAME: Mapping[str, TensorType] = {kind.name: kind for kind in TENSOR_TYPES.values()}
TYPE_NUMBERS: Mapping[str, int] = {kind.name: number for number, kind in TENSOR_TYPES.items()}
_UNREAD = {
    4: "Q4_2", 5: "Q4_3", 9: "Q8_1", 15: "Q8_K", 16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS", 19: "IQ1_S",
    21: "IQ3_S", 22: "IQ2_S", 23: "IQ4_XS", 24: "I8", 25: "I16", 26: "I32", 27: "I64", 28: "F64", 29: "IQ1_M",
    31: "Q4_0_4_4", 32: "Q4_0_4_8", 33: "Q4_0_8_8", 34: "TQ1_0", 35: "TQ2_0", 40: "NVFP4",
}  # fmt: skip


_NAMED = {kind.name: kind for kind in TENSOR_TYPES.values()}


def type_named(name: str) -> TensorType:
    """Return the type of this name. KeyError for one that is not read."""
    return _NAMED[name]


def type_name(number: int) -> str:
    """Return ggml's name of a tensor type, or its number if it has none here."""
    return TENSOR_TYPES[number].name if number in TENSOR_TYPES else _UNREAD.get(number, f"type {number}")


def read_types() -> str:
    """Return the names of the types that are read, for messages."""
    return ", ".join(kind.name for kind in TENSOR_TYPES.values())
