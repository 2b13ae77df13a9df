"""The symbols of an object file: which it defines, and which must be found elsewhere.

Used by `linking`: LLVM ends the process when a symbol is missing, so they are looked up before. Reads ELF of 64 bits,
little-endian (System V ABI, chapter 4); every offset is checked against the file's size.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
_SECTION = struct.Struct("<IIQQQQIIQQ")
_SYMBOL = struct.Struct("<IBBHQQ")
_MAGIC = b"\x7fELF\x02\x01\x01"  # 64 bits, little-endian, version 1
_RELOCATABLE, _SYMBOL_TABLE, _UNDEFINED = 1, 2, 0
_LOCAL = 0  # binding


class ObjectError(ValueError):
    """The bytes are not an object file that can be linked here."""


@dataclass(frozen=True, slots=True)
class Symbols:
    """Names that other files may refer to."""

    defined: frozenset[str]
    undefined: frozenset[str]


def read_symbols(data: bytes) -> Symbols:
    """Return the symbols of an object file. ObjectError when it is not one, or an offset points outside of it."""
    try:
        return _read(data)
    except (struct.error, IndexError, OverflowError, UnicodeDecodeError) as error:
        raise ObjectError(f"the object file is damaged: {error}") from None


def _read(data: bytes) -> Symbols:
    header = _HEADER.unpack_from(data)
    if not header[0].startswith(_MAGIC) or header[1] != _RELOCATABLE:
        raise ObjectError("this is not a relocatable ELF file of 64 bits")
    offset, size, count = header[6], header[11], header[12]
    if size != _SECTION.size:
        raise ObjectError(f"section headers have {size} bytes: must be {_SECTION.size}")
    sections = [_SECTION.unpack_from(data, offset + number * size) for number in range(count)]
    defined, undefined = set[str](), set[str]()
    for section in sections:
        if section[1] == _SYMBOL_TABLE:
            names = _content(data, sections[section[6]])
            for name, info, _, place, _, _ in _SYMBOL.iter_unpack(_content(data, section)):
                if info >> 4 != _LOCAL:
                    (undefined if place == _UNDEFINED else defined).add(_text(names, name))
    return Symbols(frozenset(defined), frozenset(undefined))


def _content(data: bytes, section: tuple[int, ...]) -> bytes:
    start, size = section[4], section[5]
    if start + size > len(data):
        raise ObjectError("a section ends outside of the file")
    return data[start : start + size]


def _text(names: bytes, start: int) -> str:
    end = names.find(b"\0", start)
    if end < 0 or start >= len(names):
        raise ObjectError("a symbol's name is outside of the table of names")
    return names[start:end].decode("ascii")
