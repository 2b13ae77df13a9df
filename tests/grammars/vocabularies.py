"""Small vocabularies, and texts fed to a grammar byte by byte."""

from __future__ import annotations

import numpy as np

from llmproc.grammars.matching import Grammars, GrammarState

BYTES = [bytes([value]) for value in range(256)]
WORDS = [*BYTES, b'{"', b'": ', b"true", b"null", b"<tool_call>", b"</tool_call>", b"</think>", b" the"]
END = len(WORDS)  # a special token: it has no bytes
TABLE = [*WORDS, b""]
ENDS = np.array([END])


def grammars(table: list[bytes] = TABLE) -> Grammars:
    return Grammars(lambda: table)


def allowed(state: GrammarState, held: bool = False, ends: np.ndarray = ENDS) -> set[int]:
    """Return the ids that may come."""
    row = np.zeros(len(TABLE), np.float32)
    state.restrict(row, ends, held)
    return set(np.flatnonzero(row == 0).tolist())


def read(grammar: str, text: str) -> tuple[int, GrammarState]:
    """Return how many bytes of `text` a grammar takes, and the state behind them."""
    state, ids = grammars().begin(grammar), list[int]()
    for byte in text.encode():
        if byte not in allowed(state):
            break
        ids.append(byte)
        state.follow(ids, 0)
    return len(ids), state


def takes(grammar: str, text: str) -> bool:
    """Return whether `text` is an answer by a grammar."""
    count, state = read(grammar, text)
    return count == len(text.encode()) and (state.complete or END in allowed(state))
