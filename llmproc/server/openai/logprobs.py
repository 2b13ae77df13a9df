"""Log probabilities of drawn tokens in OpenAI's two shapes: a list of records for chats, columns for completions.

A token's text is what it prints; bytes that alone are not UTF-8 are written as OpenAI does it, `bytes:\\xe2\\x82`: so
different tokens have different names. Used by `answers` and `chunks`. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from llmproc.server.asking import Piece
from llmproc.server.openai.responses import ChatLogprobs, ChatTokenLogprob, TextLogprobs, TopLogprob

LOWEST = -9999.0  # in place of minus infinity, which JSON has no number for; OpenAI's server does the same


class TokenPieces(Protocol):
    """The part of a tokenizer that is needed here."""

    @property
    def vocab_size(self) -> int: ...

    def piece(self, token: int) -> bytes: ...


def token_text(piece: bytes) -> str:
    """Return the name of a token that prints as `piece`."""
    try:
        return piece.decode()
    except UnicodeDecodeError:
        return "bytes:" + "".join(f"\\x{byte:02x}" for byte in piece)


def of_chat(pieces: Iterable[Piece], tokens: TokenPieces) -> ChatLogprobs:
    """Return the tokens of some pieces as records."""
    return ChatLogprobs(
        [
            ChatTokenLogprob(
                *_named(token, likely.logprob, tokens), [TopLogprob(*_named(*one, tokens)) for one in likely.top]
            )
            for piece in pieces
            for token, likely in zip(piece.ids, piece.likely, strict=False)
        ]
    )


def of_text(pieces: Sequence[Piece], tokens: TokenPieces, offset: int = 0) -> TextLogprobs:
    """Return the tokens of some pieces as columns. `offset`: characters of the text before them."""
    columns = TextLogprobs([], [], [], [])
    for piece in pieces:
        place, end = offset, offset + len(piece.text)
        for token, likely in zip(piece.ids, piece.likely, strict=False):
            data = tokens.piece(token)
            name = token_text(data)
            columns.tokens.append(name)
            columns.token_logprobs.append(_finite(likely.logprob))
            top = {name: _finite(likely.logprob)}
            for one, logprob in likely.top:
                top.setdefault(token_text(tokens.piece(one)), _finite(logprob))
            columns.top_logprobs.append(top)
            columns.text_offset.append(place)
            place = min(end, place + len(data.decode("utf-8", "ignore")))
        offset = end
    return columns


def _named(token: int, logprob: float, tokens: TokenPieces) -> tuple[str, float, list[int]]:
    piece = tokens.piece(token)
    return token_text(piece), _finite(logprob), list(piece)


def _finite(logprob: float) -> float:
    return max(LOWEST, logprob)
