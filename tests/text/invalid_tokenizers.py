"""Tokenizers that each break one rule on purpose, for the tests of this room and of the program as a whole.

`INVALID` is a list of (name, builder, sidecar, words): `builder(vocab_size)` gives the bytes of tokenizer.bin for a
checkpoint of `vocab_size` >= 300 ids, `sidecar` the text of tokenizer.meta.json (None: there is none), `words` what
the one-line message must contain. `valid` and `valid_llama` are the files they were made from.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import NamedTuple

VOCAB_SIZE = 512
SIDECAR = '{"bos": 1, "eos": [2], "unk": 0, "template": "chatml"}'
PLAIN_SIDECAR = '{"bos": 1, "eos": [2], "unk": null, "template": "plain"}'


class Invalid(NamedTuple):
    """One broken tokenizer."""

    name: str
    builder: Callable[[int], bytes]
    sidecar: str | None
    words: tuple[str, ...]


def pieces(vocab_size: int) -> list[bytes]:
    """The course's family: three markers, 256 single bytes, then pairs of letters."""
    pairs = (bytes((97 + i % 26, 97 + i // 26 % 26)) + b"x" * (i // 676) for i in range(vocab_size))
    return [b"<|endoftext|>", b"<|im_start|>", b"<|im_end|>", *(bytes((b,)) for b in range(256)), *pairs][:vocab_size]


def llama_pieces(vocab_size: int) -> list[bytes]:
    """llama2.c's family: <unk>, <s>, </s>, 256 byte tokens, printable characters, then pairs of letters."""
    start = [b"<unk>", b"\n<s>\n", b"\n</s>\n", *(b"<0x%02X>" % b for b in range(256))]
    return [*start, *(bytes((b,)) for b in range(32, 127)), *pieces(vocab_size + 300)[259:]][:vocab_size]


def entry(piece: bytes, score: float, length: int | None = None) -> bytes:
    """One entry, with a length that may lie."""
    return struct.pack("<fi", score, len(piece) if length is None else length) + piece


def file_of(entries: Sequence[bytes], longest: int = 13) -> bytes:
    """A tokenizer.bin; 13 bytes is the longest piece of both valid files."""
    return struct.pack("<i", longest) + b"".join(entries)


def entries(listed: Sequence[bytes]) -> list[bytes]:
    """The entries of these pieces, score = -id."""
    return [entry(piece, -float(token)) for token, piece in enumerate(listed)]


def valid(vocab_size: int = VOCAB_SIZE) -> bytes:
    """A correct file of the course's family."""
    return file_of(entries(pieces(vocab_size)))


def valid_llama(vocab_size: int = VOCAB_SIZE) -> bytes:
    """A correct file of llama2.c's family."""
    return file_of(entries(llama_pieces(vocab_size)))


def _longest(value: int) -> Callable[[int], bytes]:
    return lambda n: file_of(entries(pieces(n)), value)


def _entry(token: int, piece: bytes | None = None, score: float = -1.0, length: int | None = None, llama: bool = False):
    """A valid file but for the entry `token` (negative: from the end)."""

    def build(n: int) -> bytes:
        listed = llama_pieces(n) if llama else pieces(n)
        made = entries(listed)
        made[token] = entry(listed[token] if piece is None else piece, score, length)
        return file_of(made)

    return build


def _raw_score(bits: int) -> Callable[[int], bytes]:
    return lambda n: valid(n)[:4] + struct.pack("<I", bits) + valid(n)[8:]


def _cut(count: int) -> Callable[[int], bytes]:
    return lambda n: valid(n)[:-count]


def _kept(count: int) -> Callable[[int], bytes]:
    return lambda n: valid(n)[:count]


def _with(more: bytes) -> Callable[[int], bytes]:
    return lambda n: valid(n) + more


def _swapped(n: int) -> bytes:
    listed = llama_pieces(n)
    listed[100], listed[101] = listed[101], listed[100]
    return file_of(entries(listed))


def _big_endian(n: int) -> bytes:
    body = b"".join(struct.pack(">fi", -float(t), len(p)) + p for t, p in enumerate(pieces(n)))
    return struct.pack(">i", 13) + body


def _length_first(n: int) -> bytes:
    return file_of([struct.pack("<if", len(p), -float(t)) + p for t, p in enumerate(pieces(n))])


def _without_newline(n: int) -> bytes:
    listed = pieces(n)
    listed[3 + 10] = b"qqqqq"
    return file_of(entries(listed))


def _without_end_marker(n: int) -> bytes:
    return _entry(2, b"<|im_stop|>")(n)


_INT_MIN, _INT_MAX = -(2**31), 2**31 - 1
_SIZE, _LONGEST, _LENGTH = "file size", "longest-token field", "length of entry"

_FILES: list[tuple[str, Callable[[int], bytes], tuple[str, ...]]] = [
    ("empty", _kept(0), (_SIZE, "is 0")),
    ("one byte", _kept(1), (_SIZE, "is 1")),
    ("three bytes", _kept(3), (_SIZE, "is 3")),
    ("no entries", _kept(4), (_SIZE, "is 4", "entry 0")),
    ("longest 0", _longest(0), (_LONGEST, "is 0")),
    ("longest -1", _longest(-1), (_LONGEST, "is -1")),
    ("longest INT_MIN", _longest(_INT_MIN), (_LONGEST, str(_INT_MIN))),
    ("longest INT_MAX", _longest(_INT_MAX), (_LONGEST, str(_INT_MAX))),
    ("longest 4097", _longest(4097), (_LONGEST, "4097", "1..4096")),
    ("longest one too small", _longest(12), (f"{_LENGTH} 0", "is 13", "1..12")),
    ("longest 1", _longest(1), (f"{_LENGTH} 0", "1..1")),
    ("last byte missing", _cut(1), (f"{_LENGTH} 511", "left in the file")),
    ("last piece missing", _cut(2), (f"{_LENGTH} 511", "0 bytes left")),
    ("cut in last length", _cut(3), (_SIZE, "entry 511 is cut off")),
    ("last entry missing", _cut(10), ("number of entries", "is 511:", "512 entries", "another model's")),
    ("five entries missing", _cut(50), ("number of entries", "is 507:", "512 entries")),
    ("cut in first score", _kept(6), (_SIZE, "entry 0")),
    ("cut in first length", _kept(10), (_SIZE, "entry 0")),
    ("cut in first piece", _kept(20), (f"{_LENGTH} 0", "left in the file")),
    ("half a file", lambda n: valid(n)[: len(valid(n)) // 2], ("entry",)),
    ("one NUL more", _with(b"\0"), (_SIZE, "1 bytes are left over")),
    ("a newline more", _with(b"\n"), (_SIZE, "1 bytes are left over")),
    ("eight bytes more", _with(bytes(8)), (_SIZE, "8 bytes are left over")),
    ("one entry more", lambda n: valid(n + 1), ("number of entries", "is 513:", "512 entries")),
    ("written twice", lambda n: valid(n) * 2, (_SIZE, "left over")),
    ("one byte before", lambda n: b"\0" + valid(n), (_LONGEST,)),
    ("first byte lost", lambda n: valid(n)[1:], ("is",)),
    ("score NaN, first", _entry(0, score=float("nan")), ("score of entry 0", "nan", "finite")),
    ("score NaN, last", _entry(-1, score=float("nan")), ("score of entry 511", "nan")),
    ("score inf", _entry(7, score=float("inf")), ("score of entry 7", "inf")),
    ("score -inf", _entry(8, score=float("-inf")), ("score of entry 8", "-inf")),
    ("score negative NaN", _raw_score(0xFFC00000), ("score of entry 0", "nan")),
    ("score signalling NaN", _raw_score(0x7F800001), ("score of entry 0", "nan")),
    ("length 0, first", _entry(0, b""), (f"{_LENGTH} 0", "is 0")),
    ("length 0, middle", _entry(300, b""), (f"{_LENGTH} 300", "is 0")),
    ("length 0, last", _entry(-1, b""), (f"{_LENGTH} 511", "is 0")),
    ("length -1", _entry(9, length=-1), (f"{_LENGTH} 9", "is -1")),
    ("length INT_MIN", _entry(9, length=_INT_MIN), (f"{_LENGTH} 9", str(_INT_MIN))),
    ("length INT_MAX", _entry(9, length=_INT_MAX), (f"{_LENGTH} 9", str(_INT_MAX))),
    ("length over the field", _entry(50, b"q" * 14), (f"{_LENGTH} 50", "is 14", "1..13")),
    ("length past the end", _entry(-1, length=3), (f"{_LENGTH} 511", "is 3", "2 bytes left")),
    ("same as the one before", _entry(300, pieces(600)[299]), ("piece of entry 300", "entry 299 is the same")),
    ("first again at the end", _entry(-1, b"<|endoftext|>"), ("piece of entry 511", "entry 0 is the same")),
    ("end marker twice", _entry(400, b"<|im_end|>"), ("piece of entry 400", "<|im_end|>", "entry 2")),
    ("a byte twice", _entry(400, b"\xff"), ("piece of entry 400", "xff", "entry 258")),
    ("a newline twice", _entry(400, b"\n"), ("piece of entry 400", "\\n", "entry 13")),
    ("byte token replaced", _entry(200, b"hello", llama=True), ("piece of entry 200", "hello", "<0xC5>")),
    ("byte token lower case", _entry(258, b"<0xff>", llama=True), ("piece of entry 258", "<0xFF>")),
    ("byte token <0x-1>", _entry(4, b"<0x-1>", llama=True), ("piece of entry 4", "<0x-1>", "<0x01>")),
    ("byte token <0x100>", _entry(258, b"<0x100>", llama=True), ("piece of entry 258", "<0x100>")),
    ("byte tokens swapped", _swapped, ("piece of entry 100", "<0x61>")),
    ("big-endian", _big_endian, (_LONGEST,)),
    ("length before score", _length_first, (f"{_LENGTH} 0",)),
    ("a checkpoint", lambda n: struct.pack("<Ii", 0x616B3432, 2) + bytes(1000), (_LONGEST, str(0x616B3432))),
    ("all zero", lambda n: bytes(9 * n), (_LONGEST, "is 0")),
    ("all ones", lambda n: b"\xff" * 9 * n, (_LONGEST, "is -1")),
    ("a text file", lambda n: b"Once upon a time\n" * n, (_LONGEST,)),
    ("a JSON tokenizer", lambda n: b'{"version": "1.0"}' * n, (_LONGEST,)),
    ("gzip", lambda n: b"\x1f\x8b\x08\x00" + valid(n), (_LONGEST,)),
]


def _meta(bos: str = "1", eos: str = "[2]", unk: str = "0", template: str = '"chatml"', more: str = "") -> str:
    return f'{{"bos": {bos}, "eos": {eos}, "unk": {unk}, "template": {template}{more}}}'


_JSON = ("sidecar", "must be a JSON object")
_TEMPLATE = ("field template", "chatml, plain")
_JINJA = ("field template", "Jinja", "models")

_SIDECARS: list[tuple[str, str, tuple[str, ...]]] = [
    ("empty", "", _JSON),
    ("only space", " \n", _JSON),
    ("not JSON", "bos = 1", _JSON),
    ("cut off", SIDECAR[:-1], _JSON),
    ("cut in a key", SIDECAR[:10], _JSON),
    ("a list", "[1, [2], 0]", _JSON),
    ("a string", '"chatml"', _JSON),
    ("a number", "1", _JSON),
    ("null", "null", _JSON),
    ("two objects", SIDECAR + SIDECAR, _JSON),
    ("text after it", SIDECAR + " x", _JSON),
    ("a comment", "// ids\n" + SIDECAR, _JSON),
    ("single quotes", SIDECAR.replace('"', "'"), _JSON),
    ("byte order mark", "\ufeff" + SIDECAR, _JSON),
    ("trailing comma", SIDECAR[:-1] + ",}", _JSON),
    ("deep list", "[" * 20000, _JSON),
    ("deep value", '{"bos": ' + "[" * 20000, _JSON),
    ("NaN", _meta(bos="NaN"), _JSON),
    ("too big", SIDECAR + " " * 70000, ("file size", "65536")),
    ("unknown key", _meta(more=', "pad": 0'), ("field pad", "unknown", "bos, eos, unk, template")),
    ("unknown chat_template", _meta(more=', "chat_template": "{{ x }}"'), ("field chat_template", "unknown")),
    ("unknown key with newline", _meta(more=', "a\\nb": 0'), ("field a\\nb", "unknown")),
    ("empty key", _meta(more=', "": 0'), ("field ", "unknown")),
    ("key in capitals", SIDECAR.replace("bos", "BOS"), ("field BOS", "unknown")),
    ("nothing in it", "{}", ("field bos", "missing")),
    ("no bos", '{"eos": [2], "unk": 0, "template": "chatml"}', ("field bos", "missing")),
    ("no eos", '{"bos": 1, "unk": 0, "template": "chatml"}', ("field eos", "missing")),
    ("no unk", '{"bos": 1, "eos": [2], "template": "chatml"}', ("field unk", "missing")),
    ("no template", '{"bos": 1, "eos": [2], "unk": 0}', ("field template", "missing")),
    ("bos twice", _meta(more=', "bos": 2'), ("field bos", "twice")),
    ("template twice", _meta(more=', "template": "plain"'), ("field template", "twice")),
    ("bos a string", _meta(bos='"1"'), ("field bos", '"1"', "token id or null")),
    ("bos a fraction", _meta(bos="1.0"), ("field bos", "1.0")),
    ("bos true", _meta(bos="true"), ("field bos", "true")),
    ("bos a list", _meta(bos="[1]"), ("field bos", "[1]")),
    ("bos -1", _meta(bos="-1"), ("field bos", "is -1", "checkpoint's vocabulary")),
    ("bos outside", _meta(bos="16777216"), ("field bos", "16777216", "must be in 0..")),
    ("bos 2^64", _meta(bos=str(2**64)), ("field bos", str(2**64))),
    ("bos of 100 digits", _meta(bos="9" * 100), ("field bos", "99...")),
    ("eos a number", _meta(eos="2"), ("field eos", "is 2", "list of token ids")),
    ("eos null", _meta(eos="null"), ("field eos", "null")),
    ("eos empty", _meta(eos="[]"), ("field eos", "[]", "1 to 64")),
    ("eos with a string", _meta(eos='[2, "3"]'), ("field eos", '"3"')),
    ("eos with null", _meta(eos="[null]"), ("field eos", "[null]")),
    ("eos negative", _meta(eos="[2, -5]"), ("field eos[1]", "is -5")),
    ("eos outside", _meta(eos="[16777216]"), ("field eos[0]", "16777216")),
    ("eos the same twice", _meta(eos="[2, 2]"), ("field eos", "[2, 2]", "different")),
    ("eos of 65 ids", _meta(eos=str(list(range(65)))), ("field eos", "1 to 64")),
    ("unk a string", _meta(unk='"<unk>"'), ("field unk", '"<unk>"')),
    ("unk outside", _meta(unk="16777216"), ("field unk", "16777216")),
    ("unk an object", _meta(unk="{}"), ("field unk", "{}")),
    ("template null", _meta(template="null"), _TEMPLATE),
    ("template a number", _meta(template="5"), _TEMPLATE),
    ("template a list", _meta(template='["chatml"]'), _TEMPLATE),
    ("template empty", _meta(template='""'), _TEMPLATE),
    ("template in capitals", _meta(template='"ChatML"'), _TEMPLATE),
    ("template course", _meta(template='"course"'), ("'course'", *_TEMPLATE)),
    ("template of others", _meta(template='"llama3"'), ("'llama3'", *_TEMPLATE)),
    ("Jinja expression", _meta(template='"{{ messages[0].content }}"'), ("messages[0]", *_JINJA)),
    ("Jinja block", _meta(template='"{% for m in messages %}\\n{% endfor %}"'), ("for m in", *_JINJA)),
    ("Jinja file", _meta(template='"chat_template.jinja"'), ("chat_template.jinja", *_JINJA)),
]

INVALID: list[Invalid] = [
    *(Invalid(name, build, None, words) for name, build, words in _FILES),
    *(Invalid(f"sidecar: {name}", valid, sidecar, words) for name, sidecar, words in _SIDECARS),
    Invalid("sidecar: chatml without markers", valid_llama, SIDECAR, ("field template", "chatml", "<|im_start|>")),
    Invalid("sidecar: chatml without end marker", _without_end_marker, SIDECAR, ("field template", "<|im_end|>")),
    Invalid("sidecar: chatml without newline", _without_newline, SIDECAR, ("field template", "chatml", "byte 10")),
]
