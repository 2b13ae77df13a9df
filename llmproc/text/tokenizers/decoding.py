"""What each piece of a tokenizer.json prints as: the `decoder` of the file, read once and applied to every piece.

Used by the reader of Hugging Face folders. Decoders that need more than one piece at a time are refused by name, but
for the space that is dropped at the beginning of a text, which `spaced_after` stands for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llmproc.errors import TokenizerError
from llmproc.files.escaping import one_line
from llmproc.text.tokenizers.byte_alphabet import bytes_of
from llmproc.text.tokenizers.growth import check_growth

_BYTE_TOKEN = re.compile(r"<0x([0-9A-F]{2})>")
_IGNORED = ("Fuse", "Strip")  # one text; a space at its beginning


@dataclass(frozen=True, slots=True)
class PieceDecoder:
    """The way from one piece to its bytes."""

    byte_level: bool = False
    byte_tokens: bool = False  # <0x0A> is that byte
    replaced: tuple[tuple[str, str], ...] = ()

    def decode(self, piece: str | None) -> bytes:
        """Return the bytes that an ordinary piece prints as; b"" for none."""
        if piece is None:
            return b""
        if self.byte_level:
            return bytes_of(piece)
        byte = _BYTE_TOKEN.fullmatch(piece) if self.byte_tokens else None
        if byte:
            return bytes((int(byte[1], 16),))
        for old, new in self.replaced:
            piece = piece.replace(old, new)
        return piece.encode("utf-8", "surrogatepass")


def piece_decoder(path: Path, decoder: Any, pre_tokenizer: Any) -> PieceDecoder:
    """Return the decoder that the file describes; without one, pieces are text. TokenizerError for an unknown one."""
    check_growth(path, "decoder", decoder)
    steps = list(_steps(decoder))
    kinds = [step.get("type") for step in steps]
    if "ByteLevel" in kinds or (not kinds and any(step.get("type") == "ByteLevel" for step in _steps(pre_tokenizer))):
        return PieceDecoder(byte_level=True)
    replaced = []
    for step, kind in zip(steps, kinds, strict=True):
        if kind == "Metaspace":
            replaced.append((_text(step.get("replacement", "▁")), " "))
        elif kind == "Replace":
            replaced.append(_replacement(path, step))
        elif kind not in ("ByteFallback", *_IGNORED):
            rule = "must be made of ByteLevel, Metaspace, Replace, ByteFallback, Fuse and Strip"
            raise TokenizerError(path, "decoder", f"of type {one_line(str(kind)[:40])}", rule)
    return PieceDecoder(byte_tokens="ByteFallback" in kinds, replaced=tuple(replaced))


def _replacement(path: Path, step: dict[str, Any]) -> tuple[str, str]:
    pattern = step.get("pattern")
    old = pattern.get("String") if isinstance(pattern, dict) else None
    if not old or not isinstance(old, str):
        raise TokenizerError(path, "decoder", "a Replace without a String", "must replace one fixed text")
    return old, _text(step.get("content", ""))


def _steps(node: Any) -> Iterator[dict[str, Any]]:
    """Yield the steps of a decoder or pre-tokenizer, of nested sequences in order."""
    if not isinstance(node, dict):
        return
    if node.get("type") == "Sequence":
        for name in ("decoders", "pretokenizers"):
            inner = node.get(name)
            for step in inner if isinstance(inner, list) else ():
                yield from _steps(step)
    else:
        yield node


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
