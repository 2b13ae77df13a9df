"""The tokenizer over the `tokenizers` library: it makes the ids, while bytes of ids are ours (see `pieces.py`).

The library's own decoding loses bytes: a run of byte tokens with one broken character becomes U+FFFD for each byte, and
added tokens go through the byte alphabet. Used by the readers of Hugging Face folders and byte-level GGUF files.
"""

from __future__ import annotations

from collections.abc import Mapping

from tokenizers import Tokenizer

from llmproc.errors import RequestError
from llmproc.files.escaping import one_line
from llmproc.text.tokenizers.pieces import Pieces, PieceTokenizer
from llmproc.text.tokenizers.units import to_bytes

_ANCHOR = "\n"  # stands before a text that is not the beginning of one, so that no space is put before that


class LibraryTokenizer(PieceTokenizer):
    """A tokenizer whose ids are exactly those of the `tokenizers` library for the same pipeline."""

    def __init__(self, table: Pieces, full: Tokenizer, plain: Tokenizer) -> None:
        """Take `full` and `plain` as `build` returned them, over the vocabulary that `table` describes."""
        super().__init__(table)
        self._full, self._plain = full, plain
        # Tokens that a text must not become by itself. The unknown token may come out: it stands for text.
        unknown = (plain.model.unk_token or "").encode()
        self._control = {token: name for name, token in table.special.items() if name != unknown}
        self._adds_space = adds_space(plain)
        self._anchor = _run(plain, _ANCHOR)
        # A byte-level vocabulary that lacks bytes: the library drops them.
        silent = plain.model.unk_token is None and not plain.model.byte_fallback and any(table.byte_ids)
        self._dropped = frozenset(byte for byte, token in enumerate(table.byte_ids) if token is None and silent)

    def encode(self, text: str | bytes, prefix: bytes = b"") -> list[int]:
        data = to_bytes(text)
        self._check_bytes(data)
        return super().encode(data, prefix)

    def _text_ids(self, text: str, specials: bool, start: bool) -> list[int]:
        tokenizer = self._full if specials else self._plain
        ids = _run(tokenizer, text)
        if not start and self._adds_space:
            anchored = _run(tokenizer, _ANCHOR + text)
            if anchored[: len(self._anchor)] == self._anchor:
                ids = anchored[len(self._anchor) :]
        if not specials and not self._control.keys().isdisjoint(ids):
            name = next(self._control[token] for token in ids if token in self._control)
            raise RequestError(f"the vocabulary makes its special token {name.decode()!r} of plain text")
        return ids

    def _check_bytes(self, data: bytes) -> None:
        """Refuse what the library would drop without a word."""
        missing = self._dropped.intersection(data)
        if missing:
            position = min(data.index(byte) for byte in missing)
            byte = data[position]
            raise RequestError(f"byte {byte} (0x{byte:02X}) at position {position} of the text has no token")


def adds_space(tokenizer: Tokenizer) -> bool:
    """Return whether the pipeline puts a space before a text, as SentencePiece does."""
    return any(token.startswith("▁") for token in tokenizer.encode("a", add_special_tokens=False).tokens)


def beginning(tokenizer: Tokenizer) -> list[int]:
    """Return the ids that the post-processor puts before a text."""
    text = tokenizer.encode("a", add_special_tokens=False).ids
    whole = tokenizer.encode("a").ids
    for start in range(len(whole) - len(text) + 1):
        if whole[start : start + len(text)] == text:
            return whole[:start]
    return []


def spaced_after(full: Tokenizer, special: Mapping[bytes, int], bos: int | None) -> frozenset[int]:
    """Return the ids after which the pipeline puts a space before a text: all special ones, or only BOS, or none."""
    if not adds_space(full):
        return frozenset()
    text = _run(full, "a")
    if any(_run(full, f"{name.decode()}a") == [token, *text] for name, token in special.items()):
        return frozenset(special.values())
    return frozenset(() if bos is None else (bos,))


def _run(tokenizer: Tokenizer, text: str) -> list[int]:
    """Return the ids of `text`. RequestError when the library cannot make them.

    It raises bare exceptions, and panics that only BaseException catches: a pattern that takes too many steps is one.
    """
    try:
        return tokenizer.encode(text, add_special_tokens=False).ids
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as error:
        raise RequestError(f"the tokenizers library cannot encode the text: {one_line(str(error)[:120])}") from None
