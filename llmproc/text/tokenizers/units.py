"""Text cut into the units that encoding starts from: code points, and single bytes where the text is not UTF-8.

For: the tokenizer. Never in it: a vocabulary.
"""

from __future__ import annotations

import re

# Surrogates that stand for no byte; U+DC80..DCFF are how Python carries an undecodable byte (PEP 383).
_LONE_SURROGATE = re.compile("([\ud800-\udc7f\udd00-\udfff])")
_C_UNIT = re.compile(rb"[\x00-\xff][\x80-\xbf]{0,3}", re.DOTALL)


def to_bytes(text: str | bytes) -> bytes:
    """UTF-8 bytes of `text`. An escaped undecodable byte becomes that byte, any other lone surrogate its 3 bytes."""
    if isinstance(text, bytes):
        return text
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        parts = _LONE_SURROGATE.split(text)  # odd places hold the surrogates
        codecs = ("surrogateescape", "surrogatepass")
        return b"".join(part.encode("utf-8", codecs[index % 2]) for index, part in enumerate(parts))


def code_points(data: bytes) -> list[bytes]:
    """`data` as one unit for each UTF-8 code point; each byte that is no part of one is its own unit."""
    text = data.decode("utf-8", "surrogateescape")
    return [character.encode("utf-8", "surrogateescape") for character in text]


def c_units(data: bytes) -> list[bytes]:
    """`data` as llama2.c cuts it: any byte with up to three continuation bytes after it, and nothing from a NUL on.

    The same as `code_points` for valid UTF-8 without NUL.
    """
    return _C_UNIT.findall(data.split(b"\0", 1)[0])
