"""SentencePiece vocabularies of GGUF files: of all adjacent pairs the one with the highest score is joined first.

A space is written ▁, one more stands before a text, and what has no piece becomes its bytes' tokens <0x00>..<0xFF>.
Ids are those of llama.cpp, ties and missing scores included. Used by `gguf.py`; it needs no library.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from llmproc.text.tokenizers.merge import merge_pairs
from llmproc.text.tokenizers.pieces import Pieces, PieceTokenizer

_SPACE = "▁".encode()


class SentencePieceTokenizer(PieceTokenizer):
    """A tokenizer that merges by score over the whole text."""

    template_name = "plain"

    def __init__(
        self,
        table: Pieces,
        entries: Sequence[bytes],
        scores: Sequence[float],
        named: Mapping[bytes, int],
        space: bool,
    ) -> None:
        """Take pieces as the file holds them (`entries`), and what is found by name in a template's text (`named`).

        `space`: a space is put before a text.
        """
        super().__init__(table)
        self._entries, self._scores, self._named, self._space = entries, scores, named, space
        control = set(table.special.values())
        self._ids_of = {entry: token for token, entry in enumerate(entries) if entry and token not in control}
        self._longest = max(map(len, self._ids_of), default=0)
        names = sorted(named, key=len, reverse=True)
        self._split = re.compile("|".join(re.escape(name.decode()) for name in names) or "(?!)")

    def _text_ids(self, text: str, specials: bool, start: bool) -> list[int]:
        if not specials:
            return self._merged(text, start)
        ids: list[int] = []
        place = 0
        for found in self._split.finditer(text):
            ids += self._merged(text[place : found.start()], start)
            ids.append(self._named[found[0].encode()])
            place, start = found.end(), True  # a space stands before a text after a special token, too
        return ids + self._merged(text[place:], start)

    def _merged(self, text: str, start: bool) -> list[int]:
        if not text:
            return []
        table, longest, entries = self._ids_of, self._longest, self._entries
        spaced = " " + text if start and self._space else text
        unknown: list[bytes] = []  # characters that have no token but may be part of one: ids beyond the vocabulary
        ids = []
        for character in spaced.replace(" ", "▁"):
            unit = character.encode()
            token = table.get(unit, -1)
            if token < 0:
                token = len(entries) + len(unknown)
                unknown.append(unit)
            ids.append(token)

        def name(token: int) -> bytes:
            return entries[token] if token < len(entries) else unknown[token - len(entries)]

        def find(first: int, second: int) -> int:
            joined = name(first) + name(second)
            return table.get(joined, -1) if len(joined) <= longest else -1

        merged = merge_pairs(ids, find, self._scores)
        return [token for given in merged for token in ([given] if given < len(entries) else self._bytes(name(given)))]

    def _bytes(self, character: bytes) -> list[int]:
        """Return the byte tokens of a character without a token."""
        return [self._byte_id(byte) for byte in character]
