"""The rules a held-out answer is judged by, and the figures made of the verdicts. Pure; serves score.py."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence

MAX_TOKENS = 120


def has(answer: str, wanted: str) -> bool:
    """Whether a lower-cased answer holds `wanted` at the start of a word; a number must be a whole word."""
    wanted = wanted.lower()
    end = r"(?![0-9a-z])(?![.,][0-9])" if wanted[-1:].isdigit() else ""
    start = r"(?<![0-9])(?<![0-9][.,])" if wanted[:1].isdigit() else r"(?<![0-9a-z])" if wanted[:1].isalpha() else ""
    start = r"(?<![a-z])" + start if wanted[:1].isdigit() else start
    return re.search(start + re.escape(wanted) + end, answer) is not None


def passes(answer: str, ended: bool, require: Sequence[Sequence[str]], forbid: Sequence[str]) -> bool:
    """One verdict: not empty, ended by itself, one alternative of every list is there and nothing forbidden."""
    text = answer.lower()
    if not ended or not text.strip():
        return False
    return all(any(has(text, wanted) for wanted in group) for group in require) and not any(
        has(text, unwanted) for unwanted in forbid
    )


def wilson(right: int, asked: int, z: float = 1.959964) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927)."""
    if not asked:
        return 0.0, 1.0
    share, square = right / asked, z * z / asked
    middle = (share + square / 2) / (1 + square)
    half = z * math.sqrt(share * (1 - share) / asked + square / (4 * asked)) / (1 + square)
    return max(0.0, middle - half), min(1.0, middle + half)


def bare_words(text: str) -> tuple[str, ...]:
    """A question's words for comparison: lower case, letters and digits only."""
    return tuple(re.findall(r"[a-z0-9]+", text.lower()))


def grams(words: Sequence[str], size: int) -> set[tuple[str, ...]]:
    """All runs of `size` words."""
    return {tuple(words[i : i + size]) for i in range(len(words) - size + 1)}


def overlap(questions: Iterable[str], corpus: Iterable[str], size: int = 5) -> dict[str, float]:
    """How much of the questions stands in the corpus's questions.

    `whole`: share whose words are those of a corpus question; `any`: share of the questions of `size` words or more
    with at least one run of `size` words in the corpus; `runs`: share of all their runs.
    """
    texts: set[tuple[str, ...]] = set()
    runs: set[tuple[str, ...]] = set()
    for text in corpus:
        words = bare_words(text)
        texts.add(words)
        runs |= grams(words, size)
    asked = [bare_words(question) for question in questions]
    long = [grams(words, size) for words in asked if len(words) >= size]
    total = sum(map(len, long))
    return {
        "whole": sum(words in texts for words in asked) / max(len(asked), 1),
        "any": sum(bool(found & runs) for found in long) / max(len(long), 1),
        "runs": sum(len(found & runs) for found in long) / max(total, 1),
        "questions_with_runs": len(long),
    }
