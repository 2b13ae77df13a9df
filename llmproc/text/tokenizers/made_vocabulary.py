"""Vocabularies of any size for synthetic models: the shipped tokenizer's pieces, in the two forms that GGUF knows.

    byte level      <|endoftext|> <|im_start|> <|im_end|>, the 256 bytes, then what merges make
    SentencePiece   <unk> <s> </s>, the byte tokens, <|im_start|> <|im_end|>, the printable characters, then the pieces

Beyond the shipped tokenizer's 2,048 entries words are joined with endings, so that a vocabulary of 150,000 is as long,
as merged and as slow to read as a real one. Used by `llmproc synth`. Never in it: the format of a file.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

from llmproc.config import shipped_file
from llmproc.errors import UsageError
from llmproc.text.templates.chatml import CHATML_JINJA
from llmproc.text.tokenizers.byte_alphabet import CHARACTER_OF
from llmproc.text.tokenizers.gguf_vocabulary import BYTE, CONTROL, NORMAL, UNKNOWN, GgufVocabulary
from llmproc.text.tokenizers.merge import merge_pairs
from llmproc.text.tokenizers.vocabulary import read_vocabulary

LEAST = 512  # entries of a vocabulary that is worth its name
_SHIPPED, _FIRST_MERGED = 2048, 259
_CHATML = (b"<|im_start|>", b"<|im_end|>")
Merge = tuple[bytes, bytes]


def byte_level_vocabulary(count: int, pre: str, adds_bos: bool = False) -> GgufVocabulary:
    """Return a vocabulary of `count` entries with merges; `pre`: the name of its pre-tokenizer. UsageError."""
    _check(count)
    merges = list(itertools.islice(_merges(), count - _FIRST_MERGED))
    spelled = [(_spelled(first), _spelled(second)) for first, second in merges]
    named = ["<|endoftext|>", *(marker.decode() for marker in _CHATML)]
    entries = [*named, *CHARACTER_OF, *(first + second for first, second in spelled)]
    tokens = tuple(entry.encode() for entry in entries)
    return _vocabulary(
        "gpt2",
        tokens,
        pre=pre,
        types=(*[CONTROL] * 3, *[NORMAL] * (len(tokens) - 3)),
        merges=tuple(f"{first} {second}" for first, second in spelled),
        named={"bos": 0 if adds_bos else 1, "eos": 2},
        add_bos=adds_bos,
    )


def sentencepiece_vocabulary(count: int) -> GgufVocabulary:
    """Return a vocabulary of `count` entries with scores. UsageError."""
    _check(count)
    first = [b"<unk>", b"<s>", b"</s>", *(b"<0x%02X>" % byte for byte in range(256)), *_CHATML]
    characters = [b"\xe2\x96\x81", *(bytes((code,)) for code in range(ord("!"), ord("~") + 1))]
    joined = (_escaped(first + second) for first, second in _merges())
    tokens = (*first, *characters, *itertools.islice(joined, count - len(first) - len(characters)))
    kinds = [UNKNOWN, CONTROL, CONTROL, *[BYTE] * 256, CONTROL, CONTROL]
    return _vocabulary(
        "llama",
        tokens,
        pre="default",
        scores=tuple(-float(max(0, token - len(first))) for token in range(len(tokens))),
        types=(*kinds, *[NORMAL] * (len(tokens) - len(kinds))),
        named={"bos": 1, "eos": len(first) - 1, "unknown": 0},
        add_bos=True,
    )


def _vocabulary(
    model: str,
    tokens: tuple[bytes, ...],
    *,
    pre: str,
    types: tuple[int, ...],
    named: dict[str, int],
    add_bos: bool,
    scores: tuple[float, ...] = (),
    merges: tuple[str, ...] = (),
) -> GgufVocabulary:
    return GgufVocabulary(
        path=Path("synthetic"),
        model=model,
        pre=pre,
        tokens=tokens,
        ids={token: index for index, token in enumerate(tokens)},
        scores=scores or (0.0,) * len(tokens),
        types=types,
        merges=merges,
        named=named,
        add_bos=add_bos,
        add_space=model == "llama",
        template=CHATML_JINJA,
    )


def _check(count: int) -> None:
    if count < LEAST:
        raise UsageError(f"vocabulary of {count}: must be at least {LEAST} to hold a tokenizer")


def _merges() -> Iterator[Merge]:
    """Yield pairs of pieces that are joined, each of which is a byte or was joined before; all results differ."""
    path = shipped_file("tokenizer", "tokenizer.bin")
    pieces = read_vocabulary(path, _SHIPPED).pieces
    scores = [-float(token) for token in range(_SHIPPED)]
    ids = {piece: token for token, piece in enumerate(pieces) if token >= 3}
    for token in range(_FIRST_MERGED, _SHIPPED):
        yield _halves(pieces, ids, scores, token)
    words = [piece for piece in pieces[_FIRST_MERGED:] if piece.strip().isalpha()]
    endings = [piece for piece in pieces[_FIRST_MERGED:] if piece.isalpha()]
    seen = set(pieces)
    for ending, word in itertools.product(endings, words):
        if word + ending not in seen:
            seen.add(word + ending)
            yield word, ending


def _halves(pieces: Sequence[bytes], ids: dict[bytes, int], scores: Sequence[float], token: int) -> Merge:
    """Return the two earlier pieces that the rule of the vocabulary joins last on the way to this one."""

    def find(first: int, second: int) -> int:
        joined = ids.get(pieces[first] + pieces[second], -1)
        return joined if joined < token else -1

    first, second = merge_pairs([3 + byte for byte in pieces[token]], find, scores)
    return pieces[first], pieces[second]


def _spelled(piece: bytes) -> str:
    return "".join(map(CHARACTER_OF.__getitem__, piece))


def _escaped(piece: bytes) -> bytes:
    return piece.replace(b" ", "▁".encode())
