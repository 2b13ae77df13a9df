"""Text to ids exactly as llama2.c's run.c does it: the rules of its C strings, its lookup, and its merging.

Used by the tokenizer, for the course's exercise. Never in it: what happens outside `--course`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from llmproc.errors import RequestError
from llmproc.text.tokenizers.merge import merge_pairs
from llmproc.text.tokenizers.units import c_units

_FIRST_BYTE = 3  # the id of byte 0: a byte without an entry of its own is id byte + 3
_LOWEST_SCORE = -1e10  # the C code starts its search for the best pair there


class CStrings(NamedTuple):
    """Pieces as C strings, cut at the first NUL, and the id that a lookup of each one finds."""

    strings: tuple[bytes, ...]  # (vocab_size,)
    ids: dict[bytes, int]


def c_strings(pieces: Sequence[bytes]) -> CStrings:
    """Return the pieces as the C code sees them."""
    strings = tuple(piece.split(b"\0", 1)[0] for piece in pieces)
    return CStrings(strings, entry_ids(strings))


def entry_ids(strings: Sequence[bytes]) -> dict[bytes, int]:
    """Return the id of each string; of one that stands twice, the id that run.c finds.

    It sorts the entries with qsort, which in glibc is a merge sort and keeps equal ones in the order of their ids, and
    looks one up with bsearch, which stops at the first equal one that its halving meets.
    """
    ids: dict[bytes, int] = {}
    twice: set[bytes] = set()
    for token, string in enumerate(strings):
        if ids.setdefault(string, token) != token:
            twice.add(string)
    if twice:
        order = sorted(range(len(strings)), key=strings.__getitem__)
        ids.update((string, order[_search(strings, order, string)]) for string in twice)
    return ids


def _search(strings: Sequence[bytes], order: Sequence[int], wanted: bytes) -> int:
    """Return the place in `order` that glibc's bsearch returns for a string that is there."""
    low, high = 0, len(order)
    while True:
        middle = (low + high) // 2
        found = strings[order[middle]]
        if found == wanted:
            return middle
        if wanted < found:
            high = middle
        else:
            low = middle + 1


def encode_as_c(vocabulary: CStrings, scores: Sequence[float], data: bytes) -> list[int]:
    """Return the ids of `data`, merged; a space stands before a text that is not empty. RequestError: no such id."""
    strings, table = vocabulary
    units = c_units(data)
    ids = [table[b" "]] if units and b" " in table else []
    offset = 0
    for unit in units:
        token = table.get(unit, -1)
        started = [token] if token >= 0 else [byte + _FIRST_BYTE for byte in unit]
        if max(started) >= len(strings):
            rule = f"id {max(started)}, which is outside the vocabulary 0..{len(strings) - 1}"
            raise RequestError(f"character {unit!r} at position {offset} of the text needs {rule}")
        ids += started
        offset += len(unit)

    def find(first: int, second: int) -> int:
        token = table.get(strings[first] + strings[second], -1)
        return token if token >= 0 and scores[token] > _LOWEST_SCORE else -1

    return merge_pairs(ids, find, scores)
