"""The file format tokenizer.bin: untrusted bytes -> checked entries, and entries -> a file that passes the same checks.

    int32 longest piece in bytes, then for each id in turn: float32 score, int32 length, that many bytes

Little-endian; the number of entries stands in no header, it is the checkpoint's vocabulary size.
Used by the tokenizer room and the recipe that makes the shipped tokenizer. Never in it: what a piece is used for.
"""

from __future__ import annotations

import math
import os
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from llmproc.errors import TokenizerError
from llmproc.files.replacing import replace_file
from llmproc.text.small_file import read_small_file

MAX_FILE_BYTES = 1 << 28
MAX_PIECE_BYTES = 1 << 12  # bounds the cost of one merge; known vocabularies stay under 300
MAX_ENTRIES = 1 << 24
_LONGEST = struct.Struct("<i")
_ENTRY = struct.Struct("<fi")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The checked entries of one tokenizer.bin; the index is the token id."""

    pieces: tuple[bytes, ...]  # (vocab_size,), none empty; all different unless `raw_bytes`
    scores: tuple[float, ...]  # (vocab_size,), finite, float32 values
    longest: int  # bytes of the longest piece
    raw_bytes: bool = False  # byte tokens are the bytes themselves, so that pieces may stand twice


def read_vocabulary(path: Path, vocab_size: int) -> Vocabulary:
    """Read and check `path`, which must hold exactly `vocab_size` entries. Raises TokenizerError."""
    return parse_vocabulary(path, read_small_file(path, MAX_FILE_BYTES), vocab_size)


def parse_vocabulary(path: Path, data: bytes, vocab_size: int) -> Vocabulary:
    """Check the bytes of a tokenizer.bin against every rule of the format. `path` is for messages only."""
    if not 1 <= vocab_size <= MAX_ENTRIES:
        raise TokenizerError(path, "vocabulary size", vocab_size, f"must be in 1..{MAX_ENTRIES}")
    if len(data) < _LONGEST.size:
        raise TokenizerError(path, "file size", len(data), "must hold at least the 4 bytes of the longest-token field")
    (longest,) = _LONGEST.unpack_from(data)
    if not 1 <= longest <= MAX_PIECE_BYTES:
        raise TokenizerError(path, "longest-token field", longest, f"must be in 1..{MAX_PIECE_BYTES}")
    pieces: list[bytes] = []
    scores: list[float] = []
    first_id: dict[bytes, int] = {}
    offset, end = _LONGEST.size, len(data)
    for token in range(vocab_size):
        if end == offset and token:
            raise _another_vocabulary(path, token, vocab_size)
        if end - offset < _ENTRY.size:
            rule = f"must hold {vocab_size} entries, the checkpoint's vocabulary; entry {token} is cut off"
            raise TokenizerError(path, "file size", end, rule)
        score, length = _ENTRY.unpack_from(data, offset)
        offset += _ENTRY.size
        if not math.isfinite(score):
            raise TokenizerError(path, f"score of entry {token}", score, "must be finite")
        if not 1 <= length <= longest:
            rule = f"must be in 1..{longest}, the longest-token field"
            raise TokenizerError(path, f"length of entry {token}", length, rule)
        if length > end - offset:
            rule = f"must fit in the {end - offset} bytes left in the file"
            raise TokenizerError(path, f"length of entry {token}", length, rule)
        piece = data[offset : offset + length]
        offset += length
        if first_id.setdefault(piece, token) != token and not has_raw_bytes(pieces):
            rule = f"must differ from every other entry, but entry {first_id[piece]} is the same"
            raise TokenizerError(path, f"piece of entry {token}", _shown(piece), rule)
        pieces.append(piece)
        scores.append(score)
    if offset != end:
        raise _left_over(path, data, offset, longest, vocab_size)
    return Vocabulary(tuple(pieces), tuple(scores), max(map(len, pieces)), has_raw_bytes(pieces))


def has_raw_bytes(pieces: Sequence[bytes]) -> bool:
    """Return whether this is llama2.c's export of 2023: <s> and </s>, then the 256 bytes themselves at ids 3..258.

    Bytes from 128 on may stand as the two bytes of the code point of that number. Ordinary pieces follow, and what is
    one byte long among them stands twice.
    """
    if len(pieces) < 259 or [piece.strip() for piece in pieces[1:3]] != [b"<s>", b"</s>"]:
        return False
    return all(pieces[3 + byte] in (bytes((byte,)), chr(byte).encode()) for byte in range(256))


def _left_over(path: Path, data: bytes, offset: int, longest: int, vocab_size: int) -> TokenizerError:
    """Return the error for bytes after the last entry: further entries, or something else."""
    more = _count_entries(data, offset, longest)
    if more is not None:
        return _another_vocabulary(path, vocab_size + more, vocab_size)
    left = len(data) - offset
    rule = f"must be {offset}, the end of its {vocab_size} entries: {left} bytes are left over"
    return TokenizerError(path, "file size", len(data), rule)


def _another_vocabulary(path: Path, found: int, vocab_size: int) -> TokenizerError:
    rule = f"must be {vocab_size} entries, as many as the checkpoint has: the tokenizer is another model's"
    return TokenizerError(path, "number of entries", found, rule)


def _count_entries(data: bytes, offset: int, longest: int) -> int | None:
    """Return how many whole entries fill `data` from `offset` to its end; None if something else stands there."""
    count = 0
    while offset < len(data):
        if len(data) - offset < _ENTRY.size:
            return None
        _, length = _ENTRY.unpack_from(data, offset)
        if not 1 <= length <= longest:
            return None
        offset += _ENTRY.size + length
        count += 1
    return count if offset == len(data) else None


def write_tokenizer(path: str | os.PathLike[str], pieces: Sequence[bytes], scores: Sequence[float]) -> None:
    """Write `pieces` (bytes, index = id) and `scores` as tokenizer.bin: temporary name, fsync, rename.

    Raises TokenizerError for entries the reader would refuse (nothing is written then), OSError when the folder
    cannot be written.
    """
    target = Path(path)
    if len(pieces) != len(scores):
        raise TokenizerError(target, "number of scores", len(scores), f"must be {len(pieces)}, one for each piece")
    parts = [_LONGEST.pack(min(max(map(len, pieces), default=0), 2**31 - 1))]
    for token, (piece, score) in enumerate(zip(pieces, scores, strict=True)):
        try:
            parts.append(_ENTRY.pack(score, len(piece)) + piece)
        except (OverflowError, struct.error):
            raise TokenizerError(target, f"score of entry {token}", score, "must be a finite float32") from None
    data = b"".join(parts)
    parse_vocabulary(target, data, len(pieces))
    replace_file(target, data)


def _shown(piece: bytes) -> str:
    text = repr(piece)[1:]
    return text if len(text) <= 60 else f"{text[:57]}..."
