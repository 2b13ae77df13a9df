"""By how much the steps of a tokenizer.json may lengthen a text: a file of a few lines must not exhaust the memory.

Replacements that each make ten letters of one turn a letter into a billion when nine of them follow each other; a
post-processor may name the text any number of times. Used before such steps are run. No I/O.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from llmproc.errors import TokenizerError

MOST_GROWTH = 256  # far beyond any published file: those replace a space by one character
_UNCOUNTED = 10**9  # as good as any more
_INNER = ("normalizers", "decoders", "processors")  # steps of a sequence, by what they are


def check_growth(path: Path, part: str, step: Any) -> None:
    """Raise TokenizerError when `step` (a normalizer, decoder or post-processor) may lengthen a text beyond all use."""
    growth = growth_of(step)
    if growth > MOST_GROWTH:
        found = f"one that makes a text up to {growth:,} times as long"
        raise TokenizerError(path, part, found, f"must be at most {MOST_GROWTH} times")


def growth_of(step: Any) -> int:
    """Return how often as long a text may become; 1 for what is not known to lengthen one."""
    if not isinstance(step, dict):
        return 1
    growth = 1
    for inner in (step.get(name) for name in _INNER):
        for one in inner if isinstance(inner, list) else ():
            growth = min(growth * growth_of(one), _UNCOUNTED)
    if step.get("type") == "Replace":
        return max(1, len(str(step.get("content"))) + _matches_nothing(step.get("pattern")))
    if step.get("type") == "TemplateProcessing":
        return max(1, sum(isinstance(piece, dict) and "Sequence" in piece for piece in _listed(step.get("single"))))
    return growth


def _matches_nothing(pattern: Any) -> bool:
    """Return whether a pattern may be found between any two characters, where its replacement is added."""
    return not (isinstance(pattern, dict) and pattern.get("String"))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
