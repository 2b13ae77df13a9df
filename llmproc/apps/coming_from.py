"""What people type in the five systems that llmproc unites, and what does the same here: one table for hints and page.

Used by the command line, which answers a word of another system with the command that does it here, and by
`llmproc/coming-from.md`, which is this table as a page (a test holds them together, and runs every command of ours):

    python3 -c 'from llmproc.apps.coming_from import page; print(page(), end="")' > llmproc/coming-from.md

The rows stand in `other_systems`. Nothing here starts anything.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from pathlib import PurePath

from llmproc.apps.other_systems import SYSTEMS, Counterpart


def rows() -> Iterator[Counterpart]:
    """Yield every row of every system."""
    for system in SYSTEMS:
        yield from system.rows


def hint(word: str) -> str:
    """Return the line that answers a word of another system, "" when the table does not know it."""
    name = PurePath(word).name.lower()
    for row in rows():
        if name in row.words:
            if row.ours:
                return f"{name} is a command of another program; here: {row.ours}"
            return f"{name} is a command of another program: {row.note}"
    return ""


def nearest(word: str, commands: Iterable[str]) -> str:
    """Return the command that is spelled most like `word`, "" when none is like it."""
    found = difflib.get_close_matches(word, list(commands), n=1)
    return found[0] if found else ""


def page() -> str:
    """Return the table as Markdown."""
    lines = ["# Coming from another system", "", "What you type there, and what does the same here.", ""]
    for system in SYSTEMS:
        lines += [f"## {system.title}", "", "| there | here | |", "|---|---|---|"]
        lines += [f"| {row.theirs} | {f'`{row.ours}`' if row.ours else ''} | {row.note} |" for row in system.rows]
        lines.append("")
    return "\n".join(lines).replace("' | python3", "' \\| python3").rstrip() + "\n"
