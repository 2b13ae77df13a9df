"""What --course prints for an id: the rules of decode and safe_printf in run.c, judged by the C library itself."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from llmproc.labs.course.text import CPrinter, printed
from llmproc.text.tokenizers.sidecar import Sidecar
from llmproc.text.tokenizers.tokenizer import Tokenizer
from llmproc.text.tokenizers.vocabulary import Vocabulary

LIBC = ctypes.CDLL(None)
LIKE_A_BYTE = st.from_regex(rb"\A<0x[ \t]{0,2}[-+]?[0-9A-Fa-fxXg]{0,3}>?\Z")
PIECES = st.one_of(st.binary(min_size=1, max_size=5), LIKE_A_BYTE, st.text(min_size=1, max_size=4).map(str.encode))


def vocabulary(pieces: Sequence[bytes]) -> Tokenizer:
    filled = [piece or b"x" for piece in pieces]
    entries = Vocabulary(tuple(filled), tuple(0.0 for _ in filled), max(map(len, filled)))
    return Tokenizer(entries, Sidecar(bos=1, eos=(2,), unk=0, template="plain"), byte_tokens=False)


def printed_by_c(piece: bytes, previous: int) -> bytes:
    """decode() and safe_printf() of run.c, line for line."""
    piece = piece.split(b"\0", 1)[0]
    if previous == 1 and piece[:1] == b" ":
        piece = piece[1:]
    value = ctypes.c_ubyte()
    if LIBC.sscanf(piece, b"<0x%02hhX>", ctypes.byref(value)) == 1:
        piece = bytes((value.value,)).split(b"\0", 1)[0]
    if len(piece) == 1 and not (LIBC.isprint(piece[0]) or LIBC.isspace(piece[0])):
        return b""
    return piece


@settings(max_examples=400, deadline=None)
@given(piece=PIECES, previous=st.sampled_from([1, 2, 3]))
@example(piece=b"<0x0A>", previous=2)
@example(piece=b"<0xA", previous=2)
@example(piece=b"<0x-5>", previous=2)
@example(piece=b" <0x41>", previous=1)
@example(piece=b"<0x00>", previous=2)
@example(piece=b"\xc3", previous=2)
@example(piece=b"\x7f", previous=2)
@example(piece=b" \xc3", previous=1)
@example(piece=b"\xc3\xa9", previous=2)
def test_a_piece_is_printed_as_by_run_c(piece: bytes, previous: int) -> None:
    tokenizer = vocabulary([b"<unk>", b"<s>", b"</s>", piece])
    assert printed(tokenizer, previous, 3) == printed_by_c(piece, previous)


@settings(max_examples=200, deadline=None)
@given(st.lists(PIECES, min_size=1, max_size=12))
def test_the_parts_together_are_the_c_programs_bytes(pieces: list[bytes]) -> None:
    """However characters are cut into pieces: no U+FFFD, and nothing that a terminal could not be asked to show."""
    tokenizer = vocabulary([b"<unk>", b"<s>", b"</s>", *pieces])
    printer, ids = CPrinter(tokenizer, 1), range(3, 3 + len(pieces))
    parts = [printer.feed(token) for token in ids] + [printer.flush()]
    wanted = b"".join(printed(tokenizer, before, token) for before, token in zip([1, *ids], ids, strict=False))
    assert "".join(parts).encode("utf-8", "surrogateescape") == wanted
    whole = CPrinter(tokenizer, 1)
    assert [*whole.feed_each(ids), whole.flush()] == parts


def test_a_character_of_two_pieces_comes_whole() -> None:
    tokenizer = vocabulary([b"<unk>", b"<s>", b"</s>", b"a\xe6\x88", b"\x91b", b"\x88"])
    printer = CPrinter(tokenizer, 1)
    assert [printer.feed(3), printer.feed(4), printer.feed(5), printer.flush()] == ["a", "我b", "", ""]


@pytest.mark.parametrize("piece", ["\udc88".encode("utf-8", "surrogateescape") + b"a"])
def test_bytes_that_are_no_character_stay_bytes(piece: bytes) -> None:
    printer = CPrinter(vocabulary([b"<unk>", b"<s>", b"</s>", piece]), 2)
    assert printer.feed(3) + printer.flush() == "\udc88a"
