"""A tokenizer.bin as the vocabulary of a GGUF file, from which llama.cpp makes the same ids.

GGUF's `llama` form joins pieces by score as tokenizer.bin's rule does. A space is written ▁; bytes that are not
printable are byte tokens, which stand in for what has no piece. Used by conversions. Never in it: the files themselves.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from llmproc.errors import TokenizerError
from llmproc.text.templates.chatml import CHATML_JINJA
from llmproc.text.tokenizers.gguf_vocabulary import BYTE, CONTROL, NORMAL, UNKNOWN, GgufVocabulary
from llmproc.text.tokenizers.specials import FIRST_BYTE_TOKEN
from llmproc.text.tokenizers.tokenizer import Tokenizer, load_tokenizer
from llmproc.text.tokenizers.vocabulary import read_vocabulary

_PRINTABLE = range(ord("!"), ord("~") + 1)
_SPACE = "▁".encode()


class WrittenVocabulary(NamedTuple):
    """A vocabulary for another format, and what a user should know about it, a line each."""

    vocabulary: GgufVocabulary
    notes: tuple[str, ...] = ()


def vocabulary_from_bin(path: Path, vocab_size: int) -> WrittenVocabulary:
    """Read a tokenizer.bin and its sidecar as a GGUF vocabulary. TokenizerError for a file that breaks a rule.

    TokenizerError, too, for two entries that GGUF would write alike.
    """
    tokenizer = load_tokenizer(path, vocab_size)
    entries = read_vocabulary(path, vocab_size)
    byte_ids = range(FIRST_BYTE_TOKEN, FIRST_BYTE_TOKEN + 256) if tokenizer.byte_tokens else range(0)
    tokens: list[bytes] = []
    types: list[int] = []
    for token, piece in enumerate(entries.pieces):
        written, kind = _entry(tokenizer, token, piece, byte_ids)
        tokens.append(written)
        types.append(kind)
    ids = {token: index for index, token in enumerate(tokens)}
    for index, written in enumerate(tokens):
        if ids[written] != index:
            rule = f"must differ from entry {ids[written]} where a space is written ▁, as GGUF has it"
            raise TokenizerError(path, f"piece of entry {index}", f"{entries.pieces[index]!r:.60}"[1:], rule)
    chatml = tokenizer.template_name == "chatml"
    found = GgufVocabulary(
        path=path,
        model="llama",
        pre="default",
        tokens=tuple(tokens),
        ids=ids,
        scores=entries.scores,
        types=tuple(types),
        merges=(),
        named=_named(tokenizer),
        add_bos=tokenizer.bos is not None and not chatml,
        add_space=tokenizer.byte_tokens,
        template=CHATML_JINJA if chatml else None,
    )
    return WrittenVocabulary(found, tuple(_notes(tokens, tokenizer)))


def _entry(tokenizer: Tokenizer, token: int, piece: bytes, byte_ids: range) -> tuple[bytes, int]:
    """Return an entry as GGUF writes it, and its type."""
    if token == tokenizer.unk:
        return piece, UNKNOWN
    if token in tokenizer.special.values():
        return piece, CONTROL
    if token in byte_ids:
        return b"<0x%02X>" % (token - FIRST_BYTE_TOKEN), BYTE
    if len(piece) == 1 and piece != b" " and piece[0] not in _PRINTABLE:
        return b"<0x%02X>" % piece[0], BYTE
    return piece.replace(b" ", _SPACE), NORMAL


def _named(tokenizer: Tokenizer) -> dict[str, int]:
    """Return the ids that have names in GGUF, which knows two end tokens."""
    ends = dict(zip(("eos", "eot"), tokenizer.eos, strict=False))
    first = {} if tokenizer.bos is None else {"bos": tokenizer.bos}
    unknown = {} if tokenizer.unk is None else {"unknown": tokenizer.unk}
    return {**first, **ends, **unknown}


def _notes(tokens: list[bytes], tokenizer: Tokenizer) -> list[str]:
    notes = []
    broken = sum(not _is_text(token) for token in tokens)
    if broken:
        notes.append(f"{broken} entries are parts of characters: llama.cpp prints them, but never makes them of a text")
    if len(tokenizer.eos) > 2:
        notes.append(f"GGUF names two end tokens: {list(tokenizer.eos[2:])} end a text only if their words say so")
    return notes


def _is_text(token: bytes) -> bool:
    try:
        token.decode()
    except UnicodeDecodeError:
        return False
    return True
