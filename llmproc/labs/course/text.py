r"""What the C program prints for an id: its piece as a C string, without single bytes that it holds unprintable.

    after id 1 a leading space is dropped;  <0x0A> and what looks like it is that byte;  nothing is printed for an
    empty piece, or for one byte that is neither printable ASCII nor white space (so the bytes of a character that has
    no piece of its own are never seen)

The rules are those of llama2.c's run.c (decode, safe_printf) in the C locale.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence

from llmproc.labs.course.template import START
from llmproc.text.tokenizers.contract import TextTokenizer

# As sscanf reads "<0x%02hhX>": white space may stand before the number, which has two characters, its sign included.
_BYTE = re.compile(rb"<0x[ \t-\r]*(?:([+-])([0-9A-Fa-f])|([0-9A-Fa-f]{1,2}))")
_PRINTED = frozenset(range(0x20, 0x7F)) | frozenset(b"\t\n\v\f\r")


def printed(tokenizer: TextTokenizer, previous: int | None, token: int) -> bytes:
    """Return the bytes that the C program prints for `token` after `previous`. RequestError for an unknown id."""
    piece = tokenizer.entry(token).split(b"\0", 1)[0]
    if previous == START and piece[:1] == b" ":
        piece = piece[1:]
    if named := _BYTE.match(piece):
        sign, digit, digits = named.groups()
        value = int(digits or digit, 16)
        piece = bytes(((-value if sign == b"-" else value) & 0xFF,)).split(b"\0", 1)[0]
    if len(piece) == 1 and piece[0] not in _PRINTED:
        return b""
    return piece


class CPrinter:
    """Turns ids into the text of the C program; bytes that are not UTF-8 are surrogates (PEP 383).

    Encoded with `surrogateescape` the parts together are exactly the C program's bytes.
    """

    def __init__(self, tokenizer: TextTokenizer, previous: int) -> None:
        """Start after the id `previous`, the one before the first one fed."""
        self._tokenizer, self._previous = tokenizer, previous
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")

    def feed(self, token: int) -> str:
        """Return the text that `token` completes. Raises RequestError for an id outside the vocabulary."""
        data = printed(self._tokenizer, self._previous, token)
        self._previous = token
        return self._decoder.decode(data)

    def feed_each(self, tokens: Sequence[int]) -> list[str]:
        """Return the text that each of `tokens` completes, "" for one that completes none."""
        return [self.feed(token) for token in tokens]

    def flush(self) -> str:
        """Return the bytes of a character that never became whole."""
        text = self._decoder.decode(b"", final=True)
        self._decoder.reset()
        return text
