"""The file format tokenizer.bin: untrusted bytes -> checked entries, and entries -> a file that passes the same checks.

    int32 longest piece in bytes, then for each id in turn: float32 score, int32 length, that many bytes

Little-endian; the number of entries stands in no header, it is the checkpoint's vocabulary size.
For: the tokenizer room and the recipe that makes the shipped tokenizer. Never in it: what a piece is used for.
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

    pieces: tuple[bytes, ...]  # (vocab_size,), all different, none empty
    scores: tuple[float, ...]  # (vocab_size,), finite, float32 values
    longest: int  # bytes of the longest piece


def read_vocabulary(path: Path, vocab_size: int) -> Vocabulary:
    """Reads and checks `path`, which must hold exactly `vocab_size` entries. Raises TokenizerError."""
    return parse_vocabulary(path, read_small_file(path, MAX_FILE_BYTES), vocab_size)


def parse_vocabulary(path: Path, data: bytes, vocab_size: int) -> Vocabulary:
    """Checks the bytes of a tokenizer.bin against every rule of the format. `path` is for messages only."""
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
        if first_id.setdefault(piece, token) != token:
            rule = f"must differ from every other entry, but entry {first_id[piece]} is the same"
            raise TokenizerError(path, f"piece of entry {token}", _shown(piece), rule)
        pieces.append(piece)
        scores.append(score)
    if offset != end:
        rule = f"must be {offset}, the end of its {vocab_size} entries: {end - offset} bytes are left over"
        raise TokenizerError(path, "file size", end, rule)
    return Vocabulary(tuple(pieces), tuple(scores), max(map(len, pieces)))


def write_tokenizer(path: str | os.PathLike[str], pieces: Sequence[bytes], scores: Sequence[float]) -> None:
    """Writes `pieces` (bytes, index = id) and `scores` as tokenizer.bin: temporary name, fsync, rename.

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
