"""Decoding: pieces, the space after BOS, byte tokens; streaming at every split; what a terminal may get."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmproc.errors import RequestError
from llmproc.text.tokenizers.streaming import StreamDecoder, printable
from llmproc.text.tokenizers.tokenizer import Tokenizer


def test_the_piece_after_bos_loses_one_space(smollm: Tokenizer, make) -> None:
    what = smollm.encode(" What")
    assert smollm.decode(what) == b" What"
    assert smollm.decode(what, previous=1) == b"What"
    assert smollm.decode([1, *what, *what]) == b"<|im_start|>What What"
    assert smollm.decode(what, previous=2) == b" What"
    without = make([b" a", b"b"])
    assert without.decode([0], previous=1) == b" a"  # no BOS, nothing to lose


def test_byte_tokens_are_raw_bytes(small_llama: Tokenizer) -> None:
    assert small_llama.decode([13, 3, 258, 3 + 0x20]) == b"\n\x00\xff "
    assert small_llama.piece(13) == b"\n"
    assert small_llama.decode([3 + 0x20], previous=1) == b" "  # not a leading space of a piece: C looks at "<"
    assert small_llama.decode([1, 2]) == b"\n<s>\n\n</s>\n"


def test_byte_tokens_mean_nothing_in_the_other_family(make) -> None:
    assert make([b"a", b"<0x0A>"]).decode([1]) == b"<0x0A>"


@pytest.mark.parametrize("token", [-1, 49152, 2**40])
def test_ids_outside_the_vocabulary_are_refused(token: int, smollm: Tokenizer) -> None:
    for ask in (smollm.piece, StreamDecoder(smollm).feed, lambda t: smollm.decode([17, t])):
        with pytest.raises(RequestError, match=rf"token id {token} is outside the vocabulary 0\.\.49151"):
            ask(token)


def test_every_split_of_a_text_streams_to_the_same_text(make) -> None:
    text = "é我👻b"
    data = text.encode()
    pieces = sorted({data[i:j] for i, j in itertools.combinations(range(len(data) + 1), 2)})
    tokenizer = make(pieces)
    splits = 0
    for cuts in itertools.product((False, True), repeat=len(data) - 1):
        edges = [0, *(place + 1 for place, cut in enumerate(cuts) if cut), len(data)]
        decoder = StreamDecoder(tokenizer)
        shown = ""
        for start, stop in itertools.pairwise(edges):
            shown += decoder.feed(pieces.index(data[start:stop]))
            assert text.startswith(shown)
            assert len(shown.encode()) > stop - 4  # nothing whole is held back
        assert shown == text
        assert decoder.flush() == ""
        splits += 1
    assert splits == 2 ** (len(data) - 1)


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_batches_come_in_the_same_pieces_as_single_ids(data: st.DataObject, make) -> None:
    """However ids are cut into batches, and whatever was decoded before with the same vocabulary."""
    tokenizer = make(
        [b"<unk>", b"\n<s>\n", b" a", b"b", "é我".encode(), b"\xc3", b"\xa9", b"\xe6\x88", b"\x91", b"\xff", b""]
    )
    tokenizer.bos = 1
    for _ in range(3):
        ids = data.draw(st.lists(st.integers(0, tokenizer.vocab_size - 1), max_size=20))
        previous = data.draw(st.sampled_from([None, 1, 2]))
        one, many = StreamDecoder(tokenizer, previous), StreamDecoder(tokenizer, previous)
        wanted = [one.feed(token) for token in ids]
        found: list[str] = []
        while ids:
            count = data.draw(st.integers(1, len(ids)))
            found += many.feed_each(ids[:count])
            ids = ids[count:]
        assert found == wanted and many.flush() == one.flush()


def test_a_batch_with_an_id_outside_the_vocabulary_is_refused(smollm: Tokenizer) -> None:
    decoder = StreamDecoder(smollm, previous=5)
    decoder.feed_each([17, 18])
    for wrong in ([17, -1], [49152], [17, 2**40, 18]):
        with pytest.raises(RequestError, match="outside the vocabulary"):
            decoder.feed_each(wrong)


@settings(max_examples=300, deadline=None)
@given(data=st.one_of(st.binary(max_size=30), st.lists(st.sampled_from([b"\xed\xa0", b"\xf0\x9f", b"\xc3", b"\xa9",
       b"\xe6\x88\x91", b"a", b"\xff"]), max_size=12).map(b"".join)))  # fmt: skip
def test_streaming_any_bytes_equals_decoding_them_at_once(data: bytes, small_llama: Tokenizer) -> None:
    decoder = StreamDecoder(small_llama)
    streamed = "".join(decoder.feed(3 + byte) for byte in data) + decoder.flush()
    assert streamed == data.decode("utf-8", "replace")


def test_an_incomplete_character_is_held_back_and_flushed_once(small_llama: Tokenizer) -> None:
    decoder = StreamDecoder(small_llama)
    assert decoder.feed(3 + 0xF0) == decoder.feed(3 + 0x9F) == ""
    assert decoder.flush() == "\ufffd"
    assert decoder.flush() == ""
    assert decoder.feed(3 + ord("a")) == "a"


def test_streaming_knows_what_came_before(smollm: Tokenizer) -> None:
    (what,) = smollm.encode(" What")
    assert StreamDecoder(smollm, previous=1).feed(what) == "What"
    decoder = StreamDecoder(smollm)
    assert decoder.feed(what) + decoder.feed(what) == " What What"
    assert decoder.feed(1) + decoder.feed(what) == "<|im_start|>What"


@settings(max_examples=100, deadline=None)
@given(ids=st.lists(st.integers(0, 49151), max_size=12), previous=st.sampled_from([None, 1, 2]))
def test_streaming_equals_decoding(ids: list[int], previous: int | None, smollm: Tokenizer) -> None:
    decoder = StreamDecoder(smollm, previous)
    streamed = "".join(map(decoder.feed, ids)) + decoder.flush()
    assert streamed == smollm.decode(ids, previous).decode("utf-8", "replace")


def test_printable_removes_what_steers_a_terminal() -> None:
    controls = [chr(code) for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"]
    for control in [*controls, "\u202e", "\u2066", "\ud800", "\udcff"]:
        assert printable(f"a{control}b") == "ab", hex(ord(control))
    assert printable("\x1b[31mred\x1b]0;title\x07\r\n") == "[31mred]0;title\n"


def test_printable_keeps_text() -> None:
    text = "Tab\tline\n é 我 👩‍👧 \u200f שלום ~\u00a0\ufffd"
    assert printable(text) == text


@settings(max_examples=100, deadline=None)
@given(text=st.text(max_size=20))
def test_printable_text_can_be_written_and_is_stable(text: str) -> None:
    shown = printable(text)
    shown.encode()
    assert printable(shown) == shown
    assert "".join(map(printable, text)) == shown  # chunk by chunk is the same
