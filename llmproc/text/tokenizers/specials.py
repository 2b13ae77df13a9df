"""Which entries of a vocabulary are not text: byte tokens and special tokens, and the ids that hold without a sidecar.

Used by the tokenizer. User text must never turn into one of them, whatever the user types.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from llmproc.errors import TokenizerError
from llmproc.text.tokenizers.sidecar import Sidecar

IM_START, IM_END = b"<|im_start|>", b"<|im_end|>"
FIRST_BYTE_TOKEN = 3  # llama2.c: after <unk>, <s>, </s>
_BYTE_TOKENS = tuple(f"<0x{byte:02X}>".encode() for byte in range(256))
MARKED_ANYWHERE = re.compile(rb"<\|[^|]+\|>")
_MARKED_AT_START = re.compile(rb"\n?<[^<>\s]+>\n?")  # llama2.c's export writes "\n<s>\n"


def has_byte_tokens(path: Path, pieces: Sequence[bytes]) -> bool:
    """Return whether this is llama2.c's own family: byte tokens <0x00>..<0xFF> at ids 3..258.

    The entry at id 3 decides; if it is <0x00>, the other 255 must follow it, else TokenizerError.
    """
    if len(pieces) <= FIRST_BYTE_TOKEN or pieces[FIRST_BYTE_TOKEN] != _BYTE_TOKENS[0]:
        return False
    for byte, expected in enumerate(_BYTE_TOKENS):
        token = FIRST_BYTE_TOKEN + byte
        found = repr(pieces[token])[1:][:60] if token < len(pieces) else "missing"
        if token >= len(pieces) or pieces[token] != expected:
            rule = f"must be {expected.decode()}: byte tokens stand at ids 3..258, in order, or not at all"
            raise TokenizerError(path, f"piece of entry {token}", found, rule)
    return True


def default_sidecar(pieces: Sequence[bytes]) -> Sidecar:
    """Return the sidecar of a tokenizer.bin that has none: BOS 1, EOS 2, and ChatML if these two are its markers."""
    chatml = tuple(pieces[1:3]) == (IM_START, IM_END)
    return Sidecar(
        bos=1 if len(pieces) > 1 else None,
        eos=(2,) if len(pieces) > 2 else (),
        unk=0 if _MARKED_AT_START.fullmatch(pieces[0]) else None,
        template="chatml" if chatml else "plain",
    )


def special_tokens(pieces: Sequence[bytes], sidecar: Sidecar, byte_tokens: bool) -> dict[bytes, int]:
    """Return piece -> id of every entry that only a template or the model may produce.

    These are the sidecar's ids, every `<|...|>`, and the unbroken run of `<...>` that a vocabulary begins with.
    """
    ids = {token for token in (sidecar.bos, sidecar.unk, *sidecar.eos) if token is not None}
    ids.update(token for token, piece in enumerate(pieces) if MARKED_ANYWHERE.fullmatch(piece))
    for token, piece in enumerate(pieces):
        if not _MARKED_AT_START.fullmatch(piece) or (byte_tokens and token >= FIRST_BYTE_TOKEN):
            break
        ids.add(token)
    if byte_tokens:
        ids.difference_update(range(FIRST_BYTE_TOKEN, FIRST_BYTE_TOKEN + 256))
    return {pieces[token]: token for token in sorted(ids)}
