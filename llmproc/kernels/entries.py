"""The entries of compiled code: their names, and what they take and return as C functions. No Numba here.

Used by those who compile them (`compiling`), link them (`linking`) and call them (`calls`). Arguments and results are
int64 (addresses in bytes, counts) or float32; an entry of a variant is needed for one kind of matrix, or for the
rings, only.
"""

from __future__ import annotations

from dataclasses import dataclass

from llmproc.kernels.kinds import NAMES
from llmproc.kernels.stored import STORED_TYPES

COMMON = ""  # the variant that every model needs
PASS = "pass"  # the variant that every forward pass needs, beside those of the kinds of its matrices
RINGS = "rings"  # the variant that every worker needs, with a model or without
LIMITS = "limits"  # the variant that measures what the machine can do


@dataclass(frozen=True, slots=True)
class Entry:
    """One C function: `arguments` and `result` are letters of struct, q for int64 and f for float32."""

    name: str
    arguments: str
    result: str = ""  # empty: void
    variant: str = COMMON

    @property
    def symbol(self) -> str:
        """Return the name in the object file."""
        return f"llmproc_{self.name}"


def variant_name(kind: int) -> str:
    """Return the variant that matrices of a kind need."""
    return NAMES[kind]


def multiply_name(kind: int) -> str:
    """Return the product with matrices of a kind."""
    return f"multiply_{NAMES[kind]}"


def embed_name(kind: int) -> str:
    """Return what reads a row of an embedding of a kind."""
    return f"embed_{NAMES[kind]}"


def tile_name(stored: str) -> str:
    """Return what brings rows of a stored type to tiles; it is the variant too."""
    return f"tile_{stored.lower()}"


_OF_KINDS = range(len(NAMES))
_ALL = (
    Entry("serve", "qqq", variant=PASS),
    *(Entry(multiply_name(kind), "q" * 22, variant=variant_name(kind)) for kind in _OF_KINDS),
    *(Entry(embed_name(kind), "q" * 8, variant=variant_name(kind)) for kind in _OF_KINDS),
    *(Entry(tile_name(stored), "q" * 7, "q", tile_name(stored)) for stored in STORED_TYPES),
    Entry("open_gate", "q"),
    Entry("wait_until_done", "q"),
    Entry("argmax", "qqqqq"),
    Entry("probabilities", "qqqf", "q"),
    Entry("draw", "qqf", "q"),
    Entry("candidates", "qqqf", "q"),
    Entry("draw_top_p", "qqqff", "q"),
    Entry("fill_angles", "qqqqf"),
    Entry("take", "qqqqq", "q", RINGS),
    Entry("publish", "qqqq", variant=RINGS),
    Entry("fence", "", variant=RINGS),
    Entry("read_bytes", "qqq", "q", LIMITS),
    Entry("integer_rounds", "qqqq", "q", LIMITS),
    Entry("float_rounds", "qqqq", "q", LIMITS),
)
ENTRIES = {entry.name: entry for entry in _ALL}


def wanted(variants: set[str]) -> list[Entry]:
    """Return all entries of these variants, those that take longest to compile first."""
    return [entry for entry in _ALL if entry.variant in variants]
