"""The table of how likely each token of an answer was."""

from __future__ import annotations

import math

from session.answering import ids_of, small_tokenizer

from llmproc.apps.likely_table import likely_lines
from llmproc.engine.shaping import Likely


def test_a_line_for_each_token_and_one_for_all() -> None:
    a, new, half = ids_of("a", "\n", b"\xc3")
    said = [Likely(math.log(0.5), [(a, math.log(0.5)), (new, math.log(0.25))]), Likely(math.log(0.125), [(half, -9.0)])]
    assert likely_lines(small_tokenizer(), [a, half], said) == [
        "  token              chance   the likeliest there",
        "  'a'                50.0 %   'a' 50.0 %   '\\n' 25.0 %",
        "  '\ufffd'                12.5 %   '\ufffd' 0.0 %",
        f"  in all: 2 tokens, log probability {math.log(1 / 16):.2f}, perplexity 4.00",
    ]


def test_without_others_only_the_chance_is_told() -> None:
    lines = likely_lines(small_tokenizer(), ids_of("S"), [Likely(0.0)])
    assert lines == [
        "  token              chance", "  'S'               100.0 %", "  in all: 1 token, log probability 0.00, "
        "perplexity 1.00",
    ]  # fmt: skip
    assert likely_lines(small_tokenizer(), [], []) == []


def test_what_the_model_never_expected_breaks_nothing() -> None:
    lines = likely_lines(small_tokenizer(), ids_of("S"), [Likely(-math.inf)])
    assert "0.0 %" in lines[1] and "log probability -inf" in lines[2]
