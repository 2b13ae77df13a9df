"""The bytes of every token, as main hands them to workers: written once, into anonymous shared memory.

    main     TokenFile.write(token_bytes(tokenizer))   before the first request that needs it is sent
    worker   read_tokens(fd)                           when its first such request comes

A special token has no bytes: no grammar lets it come. Tokens whose text marks calls or the end of reasoning are text,
whatever the tokenizer says: a grammar names them.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

import msgspec

from llmproc.text.tokenizers.contract import TextTokenizer

TEXT = (b"<tool_call>", b"</tool_call>", b"<think>", b"</think>")


class TokenBytes(msgspec.Struct, frozen=True, array_like=True):
    """The file: one entry for each id, from 0."""

    tokens: list[bytes]


def token_bytes(tokenizer: TextTokenizer) -> list[bytes]:
    """Return what each id adds to a text; b"" for special tokens."""
    hidden = {token for piece, token in tokenizer.special.items() if piece not in TEXT} | set(tokenizer.eos)
    if tokenizer.bos is not None:
        hidden.add(tokenizer.bos)
    return [b"" if token in hidden else tokenizer.piece(token) for token in range(tokenizer.vocab_size)]


class TokenFile:
    """Main's side. Safe to call from any thread."""

    def __init__(self) -> None:
        """Make an empty file. OSError when the system has no room for it."""
        self.fd = os.memfd_create("llmproc-tokens", os.MFD_CLOEXEC)
        self._lock, self._written = threading.Lock(), False

    def write(self, make: Callable[[], list[bytes]]) -> None:
        """Write what `make` returns; only the first call does anything."""
        with self._lock:
            if self._written:
                return
            rest = memoryview(msgspec.msgpack.encode(TokenBytes(make())))
            place = 0
            while rest:
                count = os.pwrite(self.fd, rest, place)
                place, rest = place + count, rest[count:]
            self._written = True

    def close(self) -> None:
        """Close the descriptor."""
        with self._lock:
            if self.fd >= 0:
                os.close(self.fd)
            self.fd, self._written = -1, True


def read_tokens(fd: int) -> list[bytes]:
    """Return the table in a file. ValueError (msgspec's) when there is none."""
    size, parts, place = os.fstat(fd).st_size, [], 0
    while place < size and (part := os.pread(fd, size - place, place)):
        parts.append(part)
        place += len(part)
    return msgspec.msgpack.decode(b"".join(parts), type=TokenBytes).tokens
