"""Text cut into the units that encoding starts from: code points, and single bytes where the text is not UTF-8.

Used by the tokenizer. Never in it: a vocabulary.
"""

from __future__ import annotations

import re

# Surrogates that stand for no byte; U+DC80..DCFF are how Python carries an undecodable byte (PEP 383).
_LONE_SURROGATE = re.compile("([\ud800-\udc7f\udd00-\udfff])")
_C_UNIT = re.compile(rb"[\x00-\xff][\x80-\xbf]{0,3}", re.DOTALL)


def to_bytes(text: str | bytes) -> bytes:
    """Return the UTF-8 bytes of `text`. An escaped byte (PEP 383) becomes that byte, another lone surrogate 3 bytes."""
    if isinstance(text, bytes):
        return text
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        parts = _LONE_SURROGATE.split(text)  # odd places hold the surrogates
        codecs = ("surrogateescape", "surrogatepass")
        return b"".join(part.encode("utf-8", codecs[index % 2]) for index, part in enumerate(parts))


def code_points(data: bytes) -> list[bytes]:
    """Return one unit for each UTF-8 code point; each byte that belongs to none is a unit of its own."""
    text = data.decode("utf-8", "surrogateescape")
    return [character.encode("utf-8", "surrogateescape") for character in text]


def c_units(data: bytes) -> list[bytes]:
    """Return `data` as llama2.c cuts it: a byte with up to three continuation bytes, and nothing from a NUL on.

    The same as `code_points` for valid UTF-8 without NUL.
    """
    return _C_UNIT.findall(data.split(b"\0", 1)[0])
