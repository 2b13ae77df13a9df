"""How likely each token of an answer was, as a table: what a model says before chance has its say.

    token             chance   the likeliest there
    ' pipe'           81.3 %   ' pipe' 81.3 %   ' thread' 7.2 %
    in all: 18 tokens, log probability -9.41, perplexity 1.69

Used by the answer view. Pure.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from llmproc.engine.shaping import Likely
from llmproc.text.tokenizers.contract import TextTokenizer

_WIDTH = 16  # of a token's text


def likely_lines(tokenizer: TextTokenizer, ids: Sequence[int], likely: Sequence[Likely]) -> list[str]:
    """Return the lines of the table, one for each of `ids`; none without ids."""
    if not likely:
        return []
    several = any(said.top for said in likely)
    lines = [f"  {'token':<{_WIDTH}}   chance{'   the likeliest there' if several else ''}"]
    for token, said in zip(ids, likely, strict=True):
        others = "".join(f"   {_text(tokenizer, other)} {_chance(logprob).strip()}" for other, logprob in said.top)
        lines.append(f"  {_text(tokenizer, token):<{_WIDTH}} {_chance(said.logprob)}{others}")
    total = sum(said.logprob for said in likely)
    perplexity = math.exp(min(700.0, -total / len(likely)))
    lines.append(
        f"  in all: {len(likely)} token{'' if len(likely) == 1 else 's'}, log probability {total:.2f}, "
        f"perplexity {perplexity:.2f}"
    )
    return lines


def _text(tokenizer: TextTokenizer, token: int) -> str:
    return repr(tokenizer.piece(token).decode("utf-8", "replace"))


def _chance(logprob: float) -> str:
    return f"{100 * math.exp(logprob):6.1f} %"
