"""Names and log probabilities of tokens in both shapes."""

from __future__ import annotations

import math

import msgspec
import pytest
from server.made_answers import WORDS, WordTokens, piece

from llmproc.engine.shaping import Likely
from llmproc.server.asking import Piece
from llmproc.server.openai.logprobs import LOWEST, of_chat, of_text, token_text

TOKENS = WordTokens()


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b" pipe", " pipe"),
        (b"", ""),
        (b"\xe2\x82", "bytes:\\xe2\\x82"),
        (b"\xac", "bytes:\\xac"),
        (b"a\xff", "bytes:\\x61\\xff"),
        ("€".encode(), "€"),
    ],
)
def test_a_token_is_named_by_its_text_or_its_bytes(data: bytes, name: str) -> None:
    assert token_text(data) == name


def test_different_tokens_have_different_names() -> None:
    assert len({token_text(word) for word in WORDS}) == len(WORDS)


def test_of_chat() -> None:
    told = of_chat([piece(2, likely=[Likely(-0.5, [(2, -0.5), (7, -3.0)])])], TOKENS)
    assert msgspec.to_builtins(told) == {
        "content": [
            {
                "token": " pipe",
                "logprob": -0.5,
                "bytes": list(b" pipe"),
                "top_logprobs": [
                    {"token": " pipe", "logprob": -0.5, "bytes": list(b" pipe")},
                    {"token": "bytes:\\xe2\\x82", "logprob": -3.0, "bytes": [0xE2, 0x82]},
                ],
            }
        ],
        "refusal": None,
    }


def test_of_text_has_the_drawn_token_among_the_likeliest() -> None:
    """OpenAI's reference: there may be one more than asked for."""
    told = of_text([piece(1, likely=[Likely(-4.0, [(2, -0.5)])]), piece(2, likely=[Likely(-0.5, [(2, -0.5)])])], TOKENS)
    assert told.tokens == ["A", " pipe"] and told.token_logprobs == [-4.0, -0.5]
    assert told.top_logprobs == [{"A": -4.0, " pipe": -0.5}, {" pipe": -0.5}]
    assert told.text_offset == [0, 1]


def test_offsets_stay_in_their_piece() -> None:
    """A character of several tokens, and text that is held back, come with the token that completes them."""
    pieces = [Piece(0, "€", [7, 8], [Likely(-1.0), Likely(-1.0)]), Piece(0, ".", [6], [Likely(-1.0)])]
    assert of_text(pieces, TOKENS).text_offset == [0, 0, 1]
    assert of_text(pieces, TOKENS, 10).text_offset == [10, 10, 11]
    cut = [Piece(0, " pi", [2, 6], [Likely(-1.0), Likely(-1.0)]), Piece(0, "!", [], ())]
    assert of_text(cut, TOKENS).text_offset == [0, 3], "a stop text has taken the rest"


def test_json_has_a_number_for_what_is_impossible() -> None:
    told = of_chat([piece(1, likely=[Likely(-math.inf, [(2, -math.inf)])])], TOKENS)
    assert told.content[0].logprob == told.content[0].top_logprobs[0].logprob == LOWEST
    assert of_text([piece(1, likely=[Likely(-math.inf)])], TOKENS).token_logprobs == [LOWEST]


def test_pieces_without_numbers_tell_nothing() -> None:
    assert of_chat([Piece(0, "x", [1])], TOKENS).content == [] == of_text([Piece(0, "x", [1])], TOKENS).tokens
