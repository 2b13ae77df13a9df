"""Ids to bytes for vocabularies whose pieces are known one by one: the half that all of them share.

Used by the tokenizers of Hugging Face folders and GGUF files. Never in it: text to ids.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from llmproc.errors import RequestError
from llmproc.text.tokenizers.contract import ChatSource
from llmproc.text.tokenizers.units import to_bytes

Entry = TypeVar("Entry")
_BYTE_ESCAPES = re.compile("([\udc80-\udcff]+)")  # bytes that are not UTF-8, as Python carries them (PEP 383)


class LazyPieces(Sequence[bytes], Generic[Entry]):
    """The printed form of entries, made when it is asked for: a vocabulary has 150,000 and an answer a few hundred."""

    def __init__(self, entries: Sequence[Entry], named: Mapping[bytes, int], printed: Callable[[Entry], bytes]) -> None:
        """Print each entry with `printed`, but the `named` ones as they are written."""
        self._entries, self._printed = entries, printed
        self._kept = {token: name for name, token in named.items()}

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, token: Any) -> Any:
        found = self._kept.get(token)
        if found is None:
            found = self._kept[token] = self._printed(self._entries[token])
        return found


@dataclass(frozen=True, slots=True)
class Pieces:
    """The meaning of each id of a vocabulary."""

    pieces: Sequence[bytes]  # what each id prints as; b"" for one without a token
    vocab_size: int  # rows of the embedding, at least len(pieces)
    bos: int | None  # put before every text
    eos: tuple[int, ...]
    special: Mapping[bytes, int]  # a user's text never becomes one of them
    byte_ids: Sequence[int | None]  # (256,) the token of each single byte
    spaced_after: frozenset[int] = frozenset()  # ids after which encoding puts a space before a text
    chat: ChatSource | None = None
    notes: tuple[str, ...] = field(default=())  # what the files contradict each other in, for the user


class PieceTokenizer(ABC):
    """A tokenizer over a Pieces; how valid text becomes ids is for the class below."""

    template_name = "plain"

    def __init__(self, table: Pieces) -> None:
        self._pieces, self.vocab_size = table.pieces, table.vocab_size
        self.bos, self.eos, self.special, self.chat, self.notes = (
            table.bos, table.eos, table.special, table.chat, table.notes,
        )  # fmt: skip
        self._byte_ids, self.spaced_after = table.byte_ids, table.spaced_after
        self.characters: dict[int, str] = {}

    @abstractmethod
    def _text_ids(self, text: str, specials: bool, start: bool) -> list[int]:
        """Return the ids of valid text; `specials`: their names become their ids; `start`: a new text begins."""

    def encode(self, text: str | bytes, prefix: bytes = b"") -> list[int]:
        return self._ids((prefix + to_bytes(text)).decode("utf-8", "surrogateescape"), False, True)

    def encode_rendered(self, pieces: Sequence[str], start: bool = True) -> list[int]:
        ids: list[int] = []
        for index, piece in enumerate(pieces):
            if piece:
                ids += self._ids(piece, index % 2 == 0, start and index == 0)
        return ids

    def entry(self, token: int) -> bytes:
        """Return what `piece` does: which bytes of the file stand for it has no use here."""
        return self.piece(token)

    def piece(self, token: int) -> bytes:
        if not 0 <= token < self.vocab_size:
            raise RequestError(f"token id {token} is outside the vocabulary 0..{self.vocab_size - 1}")
        return self._pieces[token] if token < len(self._pieces) else b""

    def piece_after(self, previous: int | None, token: int) -> bytes:
        piece = self.piece(token)
        return piece[1:] if previous in self.spaced_after and piece[:1] == b" " else piece

    def decode(self, ids: Iterable[int], previous: int | None = None) -> bytes:
        parts = []
        for token in ids:
            parts.append(self.piece_after(previous, token))
            previous = token
        return b"".join(parts)

    def _ids(self, text: str, specials: bool, start: bool) -> list[int]:
        """Return the ids of `text`; bytes that are not UTF-8 become their own tokens."""
        if not _BYTE_ESCAPES.search(text):
            return self._text_ids(text, specials, start)
        ids: list[int] = []
        for index, part in enumerate(_BYTE_ESCAPES.split(text)):
            if index % 2:
                ids += [self._byte_id(ord(escape) - 0xDC00) for escape in part]
            elif part:
                ids += self._text_ids(part, specials, start and index == 0)
        return ids

    def _byte_id(self, byte: int) -> int:
        token = self._byte_ids[byte]
        if token is None:
            raise RequestError(f"byte {byte} (0x{byte:02X}) of the text has no token")
        return token
