"""Tables in Markdown with aligned columns, readable in plain text too. Used by the reports of experiments."""

from __future__ import annotations

from collections.abc import Sequence


def table(head: Sequence[str], rows: Sequence[Sequence[str]], right: set[int]) -> str:
    """Return the lines of a table, columns in `right` aligned to the right; "" without rows."""
    if not rows:
        return ""
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]

    def line(cells: Sequence[str]) -> str:
        padded = [c.rjust(w) if i in right else c.ljust(w) for i, (c, w) in enumerate(zip(cells, widths, strict=True))]
        return f"| {' | '.join(padded)} |\n"

    rule = "|".join("-" * (width + 1) + (":" if i in right else "-") for i, width in enumerate(widths))
    return line(head) + f"|{rule}|\n" + "".join(line(row) for row in rows)
