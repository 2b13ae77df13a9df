"""The tokenizer in a GGUF file: ids as llama.cpp makes them, bytes and special tokens as everywhere here.

Choices of our own, where llama.cpp's are hard to defend: a text is not normalised to NFC for any pre-tokenizer (as in
llama.cpp, unlike Hugging Face's Qwen2); without token types what looks like <|...|> is a control token; a gpt2
vocabulary without eos_token_id has no end id 11; text whose bytes have no token is refused instead of dropped.
Used by `checkpoints`, which hands in the metadata as a mapping.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from llmproc.errors import TokenizerError, require_package
from llmproc.text.tokenizers.byte_alphabet import CHARACTER_OF, bytes_of
from llmproc.text.tokenizers.contract import ChatSource
from llmproc.text.tokenizers.ends import ends_by_text
from llmproc.text.tokenizers.gguf_pre import PRE_TOKENIZERS, PreTokenizer
from llmproc.text.tokenizers.gguf_vocabulary import (
    CONTROL,
    UNKNOWN,
    USER_DEFINED,
    GgufVocabulary,
    read_gguf_vocabulary,
)
from llmproc.text.tokenizers.pieces import LazyPieces, Pieces, PieceTokenizer
from llmproc.text.tokenizers.sentencepiece import SentencePieceTokenizer

_BYTE_TOKEN = re.compile(rb"<0x([0-9A-F]{2})>")


def load_gguf_tokenizer(path: Path, metadata: Mapping[str, Any], vocab_size: int) -> PieceTokenizer:
    """Make the tokenizer of a GGUF file from its metadata; `vocab_size`: rows of the embedding. TokenizerError."""
    vocabulary = read_gguf_vocabulary(path, metadata, vocab_size)
    return (
        _sentencepiece(vocabulary, vocab_size) if vocabulary.model == "llama" else _byte_level(vocabulary, vocab_size)
    )


def _sentencepiece(vocabulary: GgufVocabulary, vocab_size: int) -> SentencePieceTokenizer:
    named = _named(vocabulary)
    byte_ids: list[int | None] = []
    for byte in range(256):  # as a byte token, or as it is
        names = (b"<0x%02X>" % byte, bytes((byte,)))
        byte_ids.append(next((vocabulary.ids[name] for name in names if name in vocabulary.ids), None))
    pieces = LazyPieces(vocabulary.tokens, named, _printed)
    bos = _bos(vocabulary, True)
    table = _table(vocabulary, vocab_size, pieces, byte_ids, bos, named if vocabulary.add_space else {})
    return SentencePieceTokenizer(table, vocabulary.tokens, vocabulary.scores, named, vocabulary.add_space)


def _byte_level(vocabulary: GgufVocabulary, vocab_size: int) -> PieceTokenizer:
    """Make a tokenizer over the `tokenizers` library, which is imported for such files only."""
    require_package("tokenizers")
    from llmproc.text.tokenizers.library import LibraryTokenizer
    from llmproc.text.tokenizers.pipeline import EncodingSteps, NamedToken, build

    pre = _pre_tokenizer(vocabulary)
    named = _named(vocabulary)
    entries = _texts(vocabulary)
    vocab = {entry: token for token, entry in enumerate(entries) if entry}
    tokens = [
        NamedToken(id=token, content=entries[token], normalized=False, special=vocabulary.types[token] != USER_DEFINED)
        for token in named.values()
    ]
    pipeline = EncodingSteps(
        vocab, _merges(vocabulary), {"ignore_merges": pre.whole_words}, None, pre.as_json(), named=tokens
    )
    full, plain = build(vocabulary.path, pipeline)
    pieces = LazyPieces(entries, named, bytes_of)
    byte_ids = [vocab.get(character) for character in CHARACTER_OF]
    return LibraryTokenizer(
        _table(vocabulary, vocab_size, pieces, byte_ids, _bos(vocabulary, pre.adds_bos)), full, plain
    )


def _table(
    vocabulary: GgufVocabulary,
    vocab_size: int,
    pieces: Sequence[bytes],
    byte_ids: list[int | None],
    bos: int | None,
    spaced_after: Mapping[bytes, int] | None = None,
) -> Pieces:
    known = {f"{name}_token": vocabulary.tokens[token].decode("utf-8", "replace")
             for name, token in vocabulary.named.items() if name in ("bos", "eos")}  # fmt: skip
    return Pieces(
        pieces=pieces,
        vocab_size=vocab_size,
        bos=bos,
        eos=_ends(vocabulary),
        special={name: token for name, token in _named(vocabulary).items() if not _is_text(vocabulary, token)},
        byte_ids=byte_ids,
        spaced_after=frozenset((spaced_after or {}).values()),
        chat=ChatSource(vocabulary.template, known) if vocabulary.template is not None else None,
    )


def _named(vocabulary: GgufVocabulary) -> dict[bytes, int]:
    """Return the tokens that are found in a template's text by name: by type, and those that end a text."""
    kinds = {UNKNOWN, CONTROL, USER_DEFINED}
    typed = {entry: token for token, (entry, kind) in enumerate(zip(vocabulary.tokens, vocabulary.types, strict=True))
             if entry and kind in kinds}  # fmt: skip
    ends = {entry: token for entry, token in ends_by_text(vocabulary.ids).items() if token not in typed.values()}
    return typed | ends


def _is_text(vocabulary: GgufVocabulary, token: int) -> bool:
    """Return whether a user's text may become a named token: white space, or a character that is nothing special."""
    name = vocabulary.tokens[token].decode("utf-8", "replace")
    return name.isspace() or (len(name) == 1 and vocabulary.types[token] == USER_DEFINED)


def _ends(vocabulary: GgufVocabulary) -> tuple[int, ...]:
    named = [vocabulary.named[name] for name in ("eos", "eot", "eom") if name in vocabulary.named]
    return tuple(dict.fromkeys((*named, *ends_by_text(vocabulary.ids).values())))


def _bos(vocabulary: GgufVocabulary, usual: bool) -> int | None:
    """Return BOS if it stands before a text: as the file says, else as is usual for its kind."""
    adds = usual if vocabulary.add_bos is None else vocabulary.add_bos
    return vocabulary.named.get("bos") if adds else None


def _pre_tokenizer(vocabulary: GgufVocabulary) -> PreTokenizer:
    found = PRE_TOKENIZERS.get(vocabulary.pre)
    if found is None:
        rule = f"must be one of {', '.join(name for name in PRE_TOKENIZERS if name)}"
        raise TokenizerError(vocabulary.path, "tokenizer.ggml.pre", f"{vocabulary.pre!r:.40}", rule)
    return found


def _texts(vocabulary: GgufVocabulary) -> list[str]:
    try:
        return [entry.decode() for entry in vocabulary.tokens]
    except UnicodeDecodeError as error:
        bad = vocabulary.tokens.index(error.object)
        raise TokenizerError(
            vocabulary.path, f"tokenizer.ggml.tokens[{bad}]", f"{error.object!r:.60}", "must be UTF-8"
        ) from None


def _merges(vocabulary: GgufVocabulary) -> list[tuple[str, str]]:
    """Return the merges as pairs of pieces."""
    pairs = [merge.partition(" ") for merge in vocabulary.merges]
    for index, (first, _, second) in enumerate(pairs):
        if not first or not second:
            rule = "must be two pieces with a space between them"
            value = f"{vocabulary.merges[index]!r:.60}"
            raise TokenizerError(vocabulary.path, f"tokenizer.ggml.merges[{index}]", value, rule)
    return [(first, second) for first, _, second in pairs]


def _printed(entry: bytes) -> bytes:
    """Return what an ordinary SentencePiece piece prints as."""
    byte = _BYTE_TOKEN.fullmatch(entry)
    return bytes((int(byte[1], 16),)) if byte else entry.replace("▁".encode(), b" ")
