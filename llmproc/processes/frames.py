"""Frames: how every message crosses a pipe or the control socket. Bytes in, bytes out; no file descriptors here.

    offset  size  field
    0       2     magic "LP"
    2       1     version (1)
    3       1     type (meaning belongs to the room above)
    4       8     request id, unsigned
    12      4     payload length, at most MAX_PAYLOAD
    16      4     CRC-32 of bytes 0..15 and the payload
    20      n     payload                                   (all little-endian)

The decoder takes bytes in any split. What is not a frame is a ProtocolError at once: a wrong length is caught by
the cap before anything is allocated, a flipped bit by the checksum.
"""

from __future__ import annotations

import struct
import zlib

import msgspec

from llmproc.errors import ProtocolError

MAGIC = b"LP"
VERSION = 1
MAX_PAYLOAD = 1 << 20
_HEAD = struct.Struct("<2sBBQI")
_CRC = struct.Struct("<I")
_WHOLE_HEAD = struct.Struct("<2sBBQII")
HEADER_SIZE = _HEAD.size + _CRC.size


class Frame(msgspec.Struct, frozen=True, gc=False):
    """One message: `type` 0..255, `request_id` 0..2**64-1 (0 = none), `payload` bytes."""

    type: int
    request_id: int = 0
    payload: bytes = b""


def encode_frame(frame: Frame) -> bytes:
    """Return the bytes of one frame; ProtocolError if the payload is over MAX_PAYLOAD."""
    if len(frame.payload) > MAX_PAYLOAD:
        raise ProtocolError(f"frame payload is {len(frame.payload)} bytes: at most {MAX_PAYLOAD}")
    head = _HEAD.pack(MAGIC, VERSION, frame.type, frame.request_id, len(frame.payload))
    return head + _CRC.pack(zlib.crc32(frame.payload, zlib.crc32(head))) + frame.payload


def frame_size(head: bytes | memoryview) -> int:
    """Return the size of the whole frame that begins with these HEADER_SIZE bytes, as far as they can be believed."""
    size: int = HEADER_SIZE + _HEAD.unpack_from(head)[4]
    return size


def decode_frame(data: bytes) -> Frame:
    """Return the frame that these bytes are, no more and no less; ProtocolError otherwise."""
    frame = _frame_at(data, 0)
    if frame is None:
        raise ProtocolError(f"{len(data)} bytes are not a whole frame")
    if HEADER_SIZE + len(frame.payload) != len(data):
        raise ProtocolError(f"{len(data)} bytes are more than one frame")
    return frame


def decode_stream(received: bytearray, data: bytes) -> list[Frame]:
    """Return the frames that `data` completes, a stream's next bytes in any split. ProtocolError on anything else.

    `received` keeps the bytes of an unfinished frame from call to call; if any are left at the end of the stream, the
    writer died in mid-frame.
    """
    if not received and (frame := _only_frame(data)):
        return [frame]
    received += data
    frames, at = [], 0
    while (frame := _frame_at(received, at)) is not None:
        at += HEADER_SIZE + len(frame.payload)
        frames.append(frame)
    del received[:at]
    return frames


def _only_frame(data: bytes) -> Frame | None:
    """Return the frame that `data` is, the usual case in few operations; None when it is anything else."""
    if len(data) < HEADER_SIZE:
        return None
    magic, version, kind, request_id, length, crc = _WHOLE_HEAD.unpack_from(data)
    if magic != MAGIC or version != VERSION or HEADER_SIZE + length != len(data) or length > MAX_PAYLOAD:
        return None
    payload = data[HEADER_SIZE:]
    if zlib.crc32(payload, zlib.crc32(data[: _HEAD.size])) != crc:
        return None
    return Frame(kind, request_id, payload)


def _frame_at(data: bytes | bytearray, at: int) -> Frame | None:
    """Return the frame that begins there; None when more bytes are needed, ProtocolError when they are not a frame."""
    magic, size = data[at : at + 2], len(data) - at
    if magic != MAGIC[: len(magic)]:
        raise ProtocolError(f"frame magic is {bytes(magic)!r}: must be {MAGIC!r}")
    if size < HEADER_SIZE:
        return None
    _, version, kind, request_id, length = _HEAD.unpack_from(data, at)
    if version != VERSION:
        raise ProtocolError(f"frame version is {version}: must be {VERSION}")
    if length > MAX_PAYLOAD:
        raise ProtocolError(f"frame length is {length}: at most {MAX_PAYLOAD}")
    if size < HEADER_SIZE + length:
        return None
    payload = bytes(data[at + HEADER_SIZE : at + HEADER_SIZE + length])
    expected = _CRC.unpack_from(data, at + _HEAD.size)[0]
    if zlib.crc32(payload, zlib.crc32(data[at : at + _HEAD.size])) != expected:
        raise ProtocolError(f"frame checksum does not match (type {kind}, request {request_id}, {length} bytes)")
    return Frame(kind, request_id, payload)
