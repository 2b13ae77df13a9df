"""Tokenizers for the tests of this room, and the textbook encoder that the real one is compared with."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from support.paths import DATA

from llmproc.text.tokenizers.sidecar import Sidecar
from llmproc.text.tokenizers.tokenizer import Tokenizer, load_tokenizer
from llmproc.text.tokenizers.vocabulary import Vocabulary

SMOLLM = DATA / "smollm-tokenizer.bin"


@pytest.fixture(scope="session")
def smollm() -> Tokenizer:
    """The course's tokenizer, without a sidecar."""
    if not SMOLLM.is_file():
        pytest.skip("shared test data is not beside this checkout")
    return load_tokenizer(SMOLLM, 49152)


@pytest.fixture(scope="session")
def make() -> Callable[..., Tokenizer]:
    """Builds a tokenizer from pieces without a file."""

    def build(pieces: list[bytes], scores: list[float] | None = None, byte_tokens: bool = False, **meta) -> Tokenizer:
        fields = {"bos": None, "eos": (), "unk": None, "template": "plain", **meta}
        numbers = tuple(scores) if scores is not None else tuple(-float(i) for i in range(len(pieces)))
        return Tokenizer(Vocabulary(tuple(pieces), numbers, max(map(len, pieces))), Sidecar(**fields), byte_tokens)

    return build


@pytest.fixture(scope="session")
def small_llama(make: Callable[..., Tokenizer]) -> Tokenizer:
    """llama2.c's family: some characters, and merges of them with few different scores, so that ties are common."""
    rng = random.Random(20)
    start = [b"<unk>", b"\n<s>\n", b"\n</s>\n", *(b"<0x%02X>" % byte for byte in range(256))]
    letters = [" ", "a", "b", "c", "é", "我"]
    words = {"".join(rng.choice(letters) for _ in range(rng.choice((2, 2, 3, 4)))) for _ in range(120)} - set(letters)
    pieces = start + [word.encode() for word in letters + sorted(words)]
    scores = [0.0] * 259 + [float(rng.randrange(-4, 3)) for _ in pieces[259:]]
    return make(pieces, scores, byte_tokens=True, bos=1, eos=(2,), unk=0)


@pytest.fixture(scope="session")
def naive() -> Callable[[Tokenizer, bytes, bool], list[int]]:
    """The contract's encoding, word for word: look at all pairs before every merge. Valid UTF-8 without NUL only."""

    def tables(tokenizer: Tokenizer, course: bool) -> tuple[list[bytes], dict[bytes, int]]:
        hidden = set() if course else set(tokenizer.special.values())
        if tokenizer.byte_tokens and not course:
            hidden |= set(range(3, 259))
        strings = [bytes(piece) for piece in tokenizer._pieces]
        if course:
            strings = [string.split(b"\0")[0] for string in strings]
        known: dict[bytes, int] = {}
        for token, string in enumerate(strings):
            if token not in hidden:
                known.setdefault(string, token)
        return strings, known

    kept: dict[tuple[int, bool], tuple[list[bytes], dict[bytes, int]]] = {}  # the big vocabulary's take 30 ms

    def encode(tokenizer: Tokenizer, data: bytes, course: bool) -> list[int]:
        big = tokenizer.vocab_size > 10_000
        if big and (id(tokenizer), course) not in kept:
            kept[id(tokenizer), course] = tables(tokenizer, course)
        strings, known = kept[id(tokenizer), course] if big else tables(tokenizer, course)
        ids: list[int] = []
        if data and (course or tokenizer.byte_tokens):
            ids.append(known[b" "])
        for character in data.decode():
            unit = character.encode()
            if unit in known:
                ids.append(known[unit])
            elif course or tokenizer.byte_tokens:
                ids += [byte + 3 for byte in unit]
            else:
                ids += [known[bytes((byte,))] for byte in unit]
        while True:
            best, place = None, -1
            for left in range(len(ids) - 1):
                joined = known.get(strings[ids[left]] + strings[ids[left + 1]])
                if joined is not None and (best is None or tokenizer._scores[joined] > tokenizer._scores[best]):
                    best, place = joined, left
            if best is None:
                return ids
            ids[place : place + 2] = [best]

    return encode
