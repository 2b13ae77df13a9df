"""Text to ids for training: the shipped tokenizer with a cache per word, and the chat templates as ids and weights.

Serves data.py. It must give exactly the ids of `llmproc.text` (a test compares them); it exists because training
encodes millions of tokens, and as no piece of our vocabulary joins two words, a dictionary of words is exact and fast.
"""

from __future__ import annotations

import re
import struct
from pathlib import Path

START, END = 1, 2
# The cut the vocabulary was trained on (tokenizer/recipe/train_bpe.py): no piece crosses it.
WORD = re.compile(rb" ?[A-Za-z]+| ?([^\sA-Za-z0-9])\1*|[0-9]|\s", re.DOTALL)

Turns = list[tuple[str, str]]


class WordTokenizer:
    """Encoder for a tokenizer.bin whose pieces respect WORD."""

    def __init__(self, path: Path) -> None:
        """Read every entry; OSError or struct.error when the file is missing or cut."""
        data, at = path.read_bytes(), 4
        self.pieces: list[bytes] = []
        while at < len(data):
            _, length = struct.unpack_from("<fi", data, at)
            self.pieces.append(data[at + 8 : at + 8 + length])
            at += 8 + length
        self.ids: dict[bytes, int] = {}
        for number, piece in enumerate(self.pieces[3:], start=3):
            self.ids.setdefault(piece, number)
        self._cache: dict[bytes, tuple[int, ...]] = {}

    def _encode_word(self, word: bytes) -> tuple[int, ...]:
        found = [word[i : i + 1] for i in range(len(word))]
        while len(found) > 1:
            ranked = [(self.ids.get(found[i] + found[i + 1], 1 << 30), i) for i in range(len(found) - 1)]
            best, at = min(ranked)
            if best == 1 << 30:
                break
            found[at : at + 2] = [found[at] + found[at + 1]]
        return tuple(self.ids[piece] for piece in found)

    def encode(self, text: str) -> list[int]:
        """Ids of a text, no special ones."""
        ids: list[int] = []
        for match in WORD.finditer(text.encode()):
            word = match.group()
            known = self._cache.get(word)
            if known is None:
                known = self._cache[word] = self._encode_word(word)
            ids.extend(known)
        return ids

    def decode(self, ids: list[int]) -> str:
        """Text of ids; special ids are shown by name."""
        return b"".join(self.pieces[i] for i in ids).decode("utf-8", "replace")


def chatml_prompt(tokenizer: WordTokenizer, text: str, system: str | None, first: bool) -> list[int]:
    """Ids that open one user turn, up to where the answer starts."""
    ids = [] if first else tokenizer.encode("\n")
    if system is not None:
        ids += [START, *tokenizer.encode(f"system\n{system}"), END, *tokenizer.encode("\n")]
    ids += [START, *tokenizer.encode(f"user\n{text}"), END, *tokenizer.encode("\n")]
    return [*ids, START, *tokenizer.encode("assistant\n")]


def course_prompt(tokenizer: WordTokenizer, text: str) -> list[int]:
    """Ids that open one turn in the course's template."""
    return [START, *tokenizer.encode("user"), *tokenizer.encode(f" {text}" if text else ""), END, START]


def conversation_ids(
    tokenizer: WordTokenizer, turns: Turns, first: bool, system: str | None = None, course: bool = False
) -> tuple[list[int], list[bool]]:
    """Ids of a whole conversation, and for each id whether the model has to say it (answers and their end)."""
    ids: list[int] = []
    spoken: list[bool] = []
    for question, answer in turns:
        opening = course_prompt(tokenizer, question) if course else None
        prompt = opening or chatml_prompt(tokenizer, question, system, first)
        said = [*tokenizer.encode(answer), END]
        ids += prompt + said
        spoken += [False] * len(prompt) + [True] * len(said)
        first, system = False, None
    return ids, spoken
