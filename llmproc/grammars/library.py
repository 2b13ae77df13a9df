"""The one door to llguidance: imported when a request needs it, with the limits that both sides use.

Used by `checking` (main) and `matching` (worker). The limits are counted in work, not in seconds, so that main and a
worker judge a grammar alike; comments say what they come to on this library's own figures.
"""

from __future__ import annotations

import sys
from typing import Any

from llmproc.errors import MissingPackageError

MAX_GRAMMAR = 96 << 10  # bytes of a grammar's text: it stands in the order, on the request board
_LIMITS = {
    "initial_lexer_fuel": 1_000_000,  # of a grammar's patterns, about 20 ms
    "step_lexer_fuel": 200_000,  # of one mask, about 14 ms
    "step_max_items": 50_000,  # of one mask, about 3 ms
    "max_items_in_row": 2_000,
    "max_lexer_states": 50_000,  # 1 to 2 KB each
    "max_grammar_size": 200_000,  # symbols
    "verbose_errors": False,
}


def library() -> Any:
    """Return the module llguidance. MissingPackageError, with the command that installs it, where there is none."""
    try:
        import llguidance
    except ModuleNotFoundError:
        command = f"{sys.executable} -m pip install 'llmproc-cpu[structured]'"
        raise MissingPackageError(
            f"answers of a given form need the package llguidance; install it with: {command}"
        ) from None
    return llguidance


def limits() -> Any:
    """Return the limits of a grammar, as llguidance takes them."""
    return library().LLParserLimits(**_LIMITS)
