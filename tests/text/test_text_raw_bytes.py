"""llama2.c's exports of 2023: byte tokens are the bytes themselves, so one-byte pieces stand twice.

Which of the two a text becomes is decided by the C library's qsort and bsearch, which are asked here themselves.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import random
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmproc.errors import TokenizerError
from llmproc.text.tokenizers.c_encoding import entry_ids
from llmproc.text.tokenizers.tokenizer import Tokenizer, load_tokenizer, write_tokenizer

MARKERS = [b"<unk>", b"\n<s>\n", b"\n</s>\n"]
BYTES = [bytes((byte,)) for byte in range(256)]
CHARACTERS = [chr(byte).encode() for byte in range(256)]  # as the script of July 2023 wrote them
LATER = [b" t", b"he", b" the", "é".encode(), "我".encode(), *(bytes((byte,)) for byte in range(32, 127))]
SINGLE = [chr(byte) for byte in range(33, 127) if byte != ord("t")]  # a t is merged with the space before it


class Entry(ctypes.Structure):
    """One entry of run.c's sorted vocabulary."""

    _fields_ = (("string", ctypes.c_char_p), ("id", ctypes.c_int))


COMPARE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(Entry), ctypes.POINTER(Entry))


@COMPARE
def by_string(first: ctypes._Pointer[Entry], second: ctypes._Pointer[Entry]) -> int:
    a, b = first.contents.string, second.contents.string
    return (a > b) - (a < b)


def found_by_the_c_library(strings: Sequence[bytes]) -> dict[bytes, int]:
    """The id of each string as qsort and bsearch of this machine find it."""
    libc = ctypes.CDLL(None)
    libc.bsearch.restype = ctypes.POINTER(Entry)
    table = (Entry * len(strings))(*(Entry(string, token) for token, string in enumerate(strings)))
    libc.qsort(table, ctypes.c_size_t(len(strings)), ctypes.c_size_t(ctypes.sizeof(Entry)), by_string)
    found = {}
    for string in set(strings):
        key = Entry(string, -1)
        at = libc.bsearch(
            ctypes.byref(key), table, ctypes.c_size_t(len(strings)), ctypes.c_size_t(ctypes.sizeof(Entry)), by_string
        )
        found[string] = at.contents.id
    return found


def c_strings(pieces: Sequence[bytes]) -> list[bytes]:
    return [piece.split(b"\0", 1)[0] for piece in pieces]


@pytest.fixture(params=["bytes", "characters"])
def export(request: pytest.FixtureRequest, tmp_path: Path) -> Tokenizer:
    pieces = [*MARKERS, *(BYTES if request.param == "bytes" else CHARACTERS), *LATER]
    scores = [0.0] * 259 + [-float(token) for token in range(len(LATER))]
    write_tokenizer(tmp_path / "tokenizer.bin", pieces, scores)
    return load_tokenizer(tmp_path / "tokenizer.bin", len(pieces))


def test_a_piece_that_stands_twice_is_the_entry_that_run_c_finds(export: Tokenizer) -> None:
    assert export.byte_tokens and (export.bos, export.eos) == (1, (2,))
    found = found_by_the_c_library(c_strings(export._pieces))
    for character in SINGLE:
        both = [token for token, piece in enumerate(export._pieces) if piece == character.encode()]
        assert len(both) == 2 and both[0] == ord(character) + 3
        wanted = found[character.encode()]
        assert wanted in both
        assert export.encode(character)[1:] == export.encode_as_c(character)[1:] == [wanted]
    assert export.encode("!")[0] == export.encode_as_c("!")[0] == found[b" "]


def test_either_of_the_two_may_be_the_one(export: Tokenizer) -> None:
    """Neither "the first" nor "the last" would pass the test above."""
    ids = {export.encode_as_c(character)[1] for character in SINGLE}
    assert any(token < 259 for token in ids) and any(token >= 259 for token in ids)


def test_words_are_merged_from_what_was_found(export: Tokenizer) -> None:
    later = {piece: token for token, piece in enumerate(export._pieces) if token >= 259}
    assert export.encode("the") == export.encode_as_c("the") == [later[b" the"]]
    assert export.encode("é")[1:] == [later["é".encode()]]
    assert export.encode("ł")[1:] == [0xC5 + 3, 0x82 + 3] == export.encode_as_c("ł")[1:]
    assert export.decode(export.encode("a ł\x01\n é!")) == " a ł\x01\n é!".encode()
    assert export.piece(3) == b"\0" and export.piece(258) == b"\xff"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=2).map(lambda text: text.replace(b"\0", b"")), min_size=1, max_size=60))
def test_lookup_equals_the_c_librarys(strings: list[bytes]) -> None:
    assert entry_ids(strings) == found_by_the_c_library(strings)


def test_lookup_equals_the_c_librarys_on_a_vocabulary_of_full_size() -> None:
    rng = random.Random(7)
    words = {bytes(rng.choices(range(97, 123), k=rng.randrange(2, 6))) for _ in range(20000)}
    strings = c_strings([*MARKERS, *BYTES, *sorted(words), *BYTES[32:127]])
    assert entry_ids(strings) == found_by_the_c_library(strings)


def test_other_families_may_not_have_a_piece_twice(tmp_path: Path, make: Callable[..., Tokenizer]) -> None:
    named = [*MARKERS, *(b"<0x%02X>" % byte for byte in range(256)), b" ", b"a"]
    for pieces in (
        [*named, b"a"],
        [b"<|end|>", b"<|im_start|>", b"<|im_end|>", *BYTES, b" "],
        [*MARKERS, *BYTES[:255], b"x", b" "],
    ):
        with pytest.raises(TokenizerError, match="must differ from every other entry"):
            write_tokenizer(tmp_path / "t.bin", pieces, [0.0] * len(pieces))
