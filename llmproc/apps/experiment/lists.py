"""Lists on a command line: `1,2,4` or `1 2 4`, for numbers and for names. Pure."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from llmproc.errors import UsageError


def add_list(group: Any, *flags: str, help: str, metavar: str, default: str | None = None, dest: str = "") -> None:
    """Add an option that takes a list, its parts separated by commas or spaces."""
    more = {"dest": dest} if dest else {}
    group.add_argument(
        *flags, nargs="+", metavar=metavar, help=help, default=None if default is None else [default], **more
    )


def parts_of(given: Sequence[str]) -> list[str]:
    """Return the parts of all words, each once, in their order."""
    return list(dict.fromkeys(part.strip() for word in given for part in word.split(",") if part.strip()))


def numbers_of(option: str, given: Sequence[str], low: int, high: int) -> tuple[int, ...]:
    """Return numbers from `low` to `high`, once each, in their order. UsageError naming the option."""
    parts = parts_of(given)
    shown = " ".join(given)
    if not parts or not all(p.isascii() and p.lstrip("-").isdecimal() and low <= int(p[:9]) <= high for p in parts):
        raise UsageError(f"{option} is {shown}: must be numbers from {low} to {high} such as {_example(low, high)}")
    return tuple(dict.fromkeys(int(part) for part in parts))


def words_of(
    option: str, given: Sequence[str], known: Collection[str], spellings: Mapping[str, str] | None = None
) -> tuple[str, ...]:
    """Return names among `known`, once each, in their order; `spellings`: other names for them. UsageError."""
    found = [(spellings or {}).get(part, part.replace("_", "-")) for part in parts_of(given)]
    if not found or not set(found) <= set(known):
        raise UsageError(f"{option} is {' '.join(given)}: must be of {', '.join(known)}")
    return tuple(dict.fromkeys(found))


def _example(low: int, high: int) -> str:
    return ",".join(str(n) for n in dict.fromkeys((low, min(high, max(low, 1) * 2), min(high, max(low, 1) * 4))))


class GatheredTexts(argparse.Action):
    """An option that may be given several times, each time with one or more texts: all of them, in order."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: str | None = None) -> None:
        """Append."""
        setattr(namespace, self.dest, [*(getattr(namespace, self.dest) or []), *values])
