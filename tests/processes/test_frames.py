"""Frames: any split decodes; whatever is not a frame is an error or incomplete, never a wrong frame."""

from __future__ import annotations

import struct
import tracemalloc
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmproc.errors import LlmprocError, ProtocolError
from llmproc.processes import protocol
from llmproc.processes.frames import (
    HEADER_SIZE,
    MAGIC,
    MAX_PAYLOAD,
    VERSION,
    Frame,
    decode_frame,
    decode_stream,
    encode_frame,
    frame_size,
)

frames = st.builds(Frame, st.integers(0, 255), st.integers(0, 2**64 - 1), st.binary(max_size=200))
quick = settings(max_examples=60, deadline=None)


def head(length: int, magic: bytes = MAGIC, version: int = VERSION) -> bytes:
    return struct.pack("<2sBBQI", magic, version, 16, 1, length)


@quick
@given(st.lists(frames, max_size=6), st.lists(st.integers(1, 300), max_size=40))
def test_any_split_decodes(sent: list[Frame], cuts: list[int]) -> None:
    stream = b"".join(map(encode_frame, sent))
    received, got = bytearray(), []
    for cut in cuts:
        got += decode_stream(received, stream[:cut])
        stream = stream[cut:]
    got += decode_stream(received, stream)
    assert got == sent
    assert len(received) == 0


def test_byte_by_byte() -> None:
    frame = Frame(200, 2**64 - 1, b"payload")
    received = bytearray()
    answers = [decode_stream(received, bytes([byte])) for byte in encode_frame(frame)]
    assert answers[-1] == [frame]
    assert not any(answers[:-1])


@quick
@given(frames, st.data())
def test_a_truncated_frame_is_incomplete(frame: Frame, data: st.DataObject) -> None:
    whole = encode_frame(frame)
    length = data.draw(st.integers(0, len(whole) - 1))
    received = bytearray()
    assert decode_stream(received, whole[:length]) == []
    assert len(received) == length
    assert decode_stream(received, whole[length:]) == [frame]


@quick
@given(frames, frames, st.data())
def test_a_lost_piece_never_makes_a_frame(first: Frame, second: Frame, data: st.DataObject) -> None:
    """The writer died in mid-frame, or bytes were lost, and other frames follow."""
    whole = encode_frame(first)
    kept = data.draw(st.integers(1, len(whole) - 1))
    received = bytearray()
    try:
        got = decode_stream(received, whole[:kept] + encode_frame(second))
    except ProtocolError:
        return
    assert got == []


def test_every_flipped_bit_is_noticed() -> None:
    whole = encode_frame(Frame(17, 42, b"0123456789"))
    for bit in range(8 * len(whole)):
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << bit % 8
        try:
            got = decode_stream(bytearray(), bytes(damaged))
        except ProtocolError:
            continue
        assert got == [], f"bit {bit}"
        assert 12 <= bit // 8 < 16, "only a greater length may leave it incomplete"


@quick
@given(frames, st.data())
def test_a_flipped_bit_in_a_stream_never_gives_a_wrong_frame(frame: Frame, data: st.DataObject) -> None:
    stream = bytearray(encode_frame(frame) * 3)
    bit = data.draw(st.integers(0, 8 * len(stream) - 1))
    stream[bit // 8] ^= 1 << bit % 8
    received = bytearray()
    try:
        got = decode_stream(received, bytes(stream))
    except ProtocolError:
        return
    assert all(one == frame for one in got)
    assert len(got) < 3


@quick
@given(st.binary(min_size=1, max_size=100))
def test_noise_is_never_a_frame(noise: bytes) -> None:
    received = bytearray()
    try:
        assert decode_stream(received, noise) == []
    except ProtocolError:
        return
    assert noise.startswith(MAGIC[: len(noise)])


@pytest.mark.parametrize("length", [MAX_PAYLOAD + 1, 2**31, 2**32 - 1])
def test_a_huge_length_is_refused_before_anything_is_allocated(length: int) -> None:
    raw = head(length)
    tracemalloc.start()
    try:
        with pytest.raises(ProtocolError, match=f"length is {length}"):
            decode_stream(bytearray(), raw + struct.pack("<I", zlib.crc32(raw)))
        assert tracemalloc.get_traced_memory()[1] < 1 << 16
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (head(0, magic=b"XP"), "magic"),
        (b"X", "magic"),
        (b"LX", "magic"),
        (head(0, version=2), "version is 2"),
        (head(0) + b"\0\0\0\0", "checksum"),
    ],
)
def test_what_is_not_a_frame_is_named(raw: bytes, words: str) -> None:
    with pytest.raises(ProtocolError, match=words):
        decode_stream(bytearray(), raw + bytes(max(0, HEADER_SIZE - len(raw)) if len(raw) > 2 else 0))


def test_a_valid_checksum_does_not_excuse_a_wrong_version() -> None:
    raw = head(0, version=VERSION + 1)
    with pytest.raises(ProtocolError, match="version"):
        decode_stream(bytearray(), raw + struct.pack("<I", zlib.crc32(raw)))


def test_the_greatest_payload_passes_and_one_byte_more_does_not() -> None:
    frame = Frame(16, 1, bytes(MAX_PAYLOAD))
    assert decode_stream(bytearray(), encode_frame(frame)) == [frame]
    with pytest.raises(ProtocolError, match=str(MAX_PAYLOAD + 1)):
        encode_frame(Frame(16, 1, bytes(MAX_PAYLOAD + 1)))


def test_a_decoder_does_not_recover_by_guessing() -> None:
    received = bytearray()
    with pytest.raises(ProtocolError):
        decode_stream(received, b"garbage" * 10)
    with pytest.raises(ProtocolError):
        decode_stream(received, encode_frame(Frame(16)))


@pytest.mark.parametrize("text", ["plain", "", "name\0with zero", "caf\u00e9 \U0001f600", "bad \udcff byte"])
def test_an_error_crosses_with_name_and_text(text: str) -> None:
    assert protocol.decode_error(protocol.encode_error(LlmprocError(text))) == ("LlmprocError", text)


def test_an_endless_error_text_still_fits_into_a_packet() -> None:
    name, text = protocol.decode_error(protocol.encode_error(LlmprocError("x" * 10**6)))
    assert name == "LlmprocError"
    assert 1000 < len(text) <= protocol.MAX_ERROR


@quick
@given(frames)
def test_one_frame_is_decoded_at_once_and_says_its_size(frame: Frame) -> None:
    whole = encode_frame(frame)
    assert frame_size(memoryview(whole)[:HEADER_SIZE]) == len(whole)
    assert decode_frame(whole) == frame


@pytest.mark.parametrize("data", [b"", b"L", encode_frame(Frame(1))[:-1], encode_frame(Frame(1)) * 2, b"x" * 40])
def test_what_is_not_exactly_one_frame_is_refused(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        decode_frame(data)
    with pytest.raises(ProtocolError):
        decode_frame(encode_frame(Frame(1)) + b"L")
