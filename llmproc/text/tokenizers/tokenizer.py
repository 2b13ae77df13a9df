"""The tokenizer: text to token ids and back, for both families of tokenizer.bin.

llama2.c's own family (SentencePiece) has byte tokens <0x00>..<0xFF> at ids 3..258, and a space is put before every
text; the other family (the course's, and ours) has byte values as ordinary entries and no such space. The entry at
id 3 tells which it is. Exports of 2023 have the bytes themselves at ids 3..258.
Used by main, which alone turns text into ids. Never in it: chat templates, terminals.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path

from llmproc.errors import RequestError, TokenizerError
from llmproc.text.tokenizers.c_encoding import CStrings, c_strings, encode_as_c, entry_ids
from llmproc.text.tokenizers.contract import ChatSource
from llmproc.text.tokenizers.merge import merge_pairs
from llmproc.text.tokenizers.sidecar import Sidecar, read_sidecar, sidecar_path
from llmproc.text.tokenizers.specials import (
    FIRST_BYTE_TOKEN,
    IM_END,
    IM_START,
    default_sidecar,
    has_byte_tokens,
    special_tokens,
)
from llmproc.text.tokenizers.units import code_points, to_bytes
from llmproc.text.tokenizers.vocabulary import Vocabulary, read_vocabulary, write_tokenizer

__all__ = ["Tokenizer", "load_tokenizer", "write_tokenizer"]


def load_tokenizer(
    path: str | os.PathLike[str], vocab_size: int, meta_path: str | os.PathLike[str] | None = None
) -> Tokenizer:
    """Read tokenizer.bin for a checkpoint of `vocab_size` ids, with its sidecar.

    `meta_path` None: `<stem>.meta.json` beside `path` if it is there, else the defaults of the two families; a path
    that is given must exist. Raises TokenizerError.
    """
    file = Path(path)
    vocabulary = read_vocabulary(file, vocab_size)
    meta = Path(meta_path) if meta_path is not None else sidecar_path(file)
    given = meta_path is not None or os.path.lexists(meta)
    sidecar = read_sidecar(meta, vocab_size) if given else default_sidecar(vocabulary.pieces)
    byte_tokens = vocabulary.raw_bytes or has_byte_tokens(file, vocabulary.pieces)
    tokenizer = Tokenizer(vocabulary, sidecar, byte_tokens)
    if given and sidecar.template == "chatml":
        _check_chatml(meta, tokenizer)
    return tokenizer


class Tokenizer:
    """A checked vocabulary with its special ids. Safe to share between threads: nothing changes but `characters`."""

    chat: ChatSource | None = None  # a sidecar names a built-in template
    notes: tuple[str, ...] = ()

    def __init__(self, vocabulary: Vocabulary, sidecar: Sidecar, byte_tokens: bool) -> None:
        """Build the tables. `byte_tokens`: the family, as `has_byte_tokens` finds it."""
        self.vocab_size = len(vocabulary.pieces)
        self.bos, self.eos, self.unk, self.template_name = sidecar.bos, sidecar.eos, sidecar.unk, sidecar.template
        self.byte_tokens = byte_tokens
        self.special = special_tokens(vocabulary.pieces, sidecar, byte_tokens)
        self.spaced_after = frozenset([self.bos])  # SentencePiece puts a space before the text that follows BOS
        self.characters: dict[int, str] = {}  # by id, what streams found: its text, where that is whole characters
        self._pieces, self._scores, self._longest = vocabulary.pieces, vocabulary.scores, vocabulary.longest
        # Entries that text may become: byte tokens only stand in for bytes, "<0x0A>" typed by a user is six characters.
        # Where bytes stand as themselves, both are: run.c finds either, by its search.
        ids = entry_ids(self._pieces)
        self._ids = {piece: token for piece, token in ids.items() if piece not in self.special}
        if byte_tokens and not vocabulary.raw_bytes:
            for token in self._byte_ids():
                del self._ids[self._pieces[token]]

    def encode(self, text: str | bytes, prefix: bytes = b"") -> list[int]:
        """Return the ids of `text`, merged; no BOS. Special tokens never come out.

        One token for each code point, or its bytes' own tokens; then merging (`merge_pairs`). `prefix`: a template's
        bytes that stand before `text` and are merged with it; positions in errors do not count it.
        Raises RequestError naming the byte that has no token and its position in `text`.
        """
        data = prefix + to_bytes(text)
        table, pieces, longest = self._ids, self._pieces, self._longest
        ids = [table[b" "]] if self.byte_tokens and data and b" " in table else []
        offset = -len(prefix)
        for unit in code_points(data):
            token = table.get(unit, -1)
            if token >= 0:
                ids.append(token)
            else:
                ids += [self._byte_id(byte, offset + index) for index, byte in enumerate(unit)]
            offset += len(unit)

        def find(first: int, second: int) -> int:
            joined = pieces[first] + pieces[second]
            return table.get(joined, -1) if len(joined) <= longest else -1

        return merge_pairs(ids, find, self._scores)

    def encode_rendered(self, pieces: Sequence[str], start: bool = True) -> list[int]:
        """Return the ids of a rendered template: at even places special tokens count, at odd places they are text."""
        ids: list[int] = []
        names = re.compile(b"|".join(map(re.escape, sorted(self.special, key=len, reverse=True))) or b"(?!)")
        for index, piece in enumerate(pieces):
            data = to_bytes(piece)
            place = 0
            for found in names.finditer(data) if index % 2 == 0 else ():
                ids += [*self.encode(data[place : found.start()]), self.special[found[0]]]
                place = found.end()
            ids += self.encode(data[place:])
        return ids

    def encode_as_c(self, text: str | bytes) -> list[int]:
        """Return the ids that llama2.c's C code gives `text`, after its dummy space; no BOS.

        A code point without an entry is ids byte + 3, pieces are C strings, and special tokens are merged like others.
        Raises RequestError for an id outside the vocabulary.
        """
        return encode_as_c(self._c_strings, self._scores, to_bytes(text))

    def entry(self, token: int) -> bytes:
        """Return the entry of `token` as the file holds it. RequestError: no such id."""
        if not 0 <= token < self.vocab_size:
            raise RequestError(f"token id {token} is outside the vocabulary 0..{self.vocab_size - 1}")
        return self._pieces[token]

    def piece(self, token: int) -> bytes:
        """Return the bytes that `token` prints as: its entry, or a byte token's raw byte. RequestError: no such id."""
        entry = self.entry(token)
        return bytes((token - FIRST_BYTE_TOKEN,)) if self._is_byte_token(token) else entry

    def piece_after(self, previous: int | None, token: int) -> bytes:
        """Return what `piece` does, but the piece after BOS loses a leading space (SentencePiece's dummy prefix)."""
        piece = self.piece(token)
        after_bos = previous in self.spaced_after
        return piece[1:] if after_bos and piece[:1] == b" " and not self._is_byte_token(token) else piece

    def decode(self, ids: Iterable[int], previous: int | None = None) -> bytes:
        """Return the bytes of `ids`, specials too; `previous` is the id before them. RequestError: no such id."""
        parts = []
        for token in ids:
            parts.append(self.piece_after(previous, token))
            previous = token
        return b"".join(parts)

    def _is_byte_token(self, token: int) -> bool:
        return self.byte_tokens and token in self._byte_ids()

    @staticmethod
    def _byte_ids() -> range:
        return range(FIRST_BYTE_TOKEN, FIRST_BYTE_TOKEN + 256)

    def _byte_id(self, byte: int, position: int) -> int:
        token = FIRST_BYTE_TOKEN + byte if self.byte_tokens else self._ids.get(bytes((byte,)), -1)
        if token < 0:
            raise RequestError(f"byte {byte} (0x{byte:02X}) at position {position} of the text has no token")
        return token

    @cached_property
    def _c_strings(self) -> CStrings:
        return c_strings(self._pieces)


def _check_chatml(path: Path, tokenizer: Tokenizer) -> None:
    """Refuse, at the start, a vocabulary without the template's own words: every request would fail."""
    for marker in (IM_START, IM_END):
        if marker not in tokenizer.special:
            rule = f"must be plain: the vocabulary has no {marker.decode()}"
            raise TokenizerError(path, "field template", "chatml", rule)
    try:
        tokenizer.encode("system\nuser\nassistant\n")
    except RequestError as error:
        raise TokenizerError(path, "field template", "chatml", f"must be plain: {error}") from None
