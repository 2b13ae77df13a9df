"""The alphabet of byte-level vocabularies: each of the 256 bytes is written as one printable character.

Bytes that are printable in Latin-1 stand for themselves, the other 68 are U+0100 and up, in their order: a space is Ġ,
a newline is Ċ. GPT-2 introduced it. Used by readers of byte-level vocabularies.
"""

from __future__ import annotations

_THEMSELVES = (*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1))
_OTHERS = [byte for byte in range(256) if byte not in _THEMSELVES]

BYTE_OF: dict[str, int] = {chr(byte): byte for byte in _THEMSELVES} | {
    chr(0x100 + index): byte for index, byte in enumerate(_OTHERS)
}
CHARACTER_OF: tuple[str, ...] = tuple(sorted(BYTE_OF, key=BYTE_OF.__getitem__))  # (256,)


def bytes_of(piece: str) -> bytes:
    """Return the bytes that a byte-level piece stands for; one that has other characters is text as it is written."""
    try:
        return bytes(map(BYTE_OF.__getitem__, piece))
    except KeyError:
        return piece.encode("utf-8", "surrogatepass")
