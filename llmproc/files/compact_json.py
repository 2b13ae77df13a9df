"""A JSON object as the one text that stands for it, so that options which hold one can be compared.

Used by `config`. Imports the reader when there is something to read: most starts need none.
"""

from __future__ import annotations

from typing import Any


def compact_object(given: Any) -> str | None:
    """Return a mapping, or the text of a JSON object, as compact JSON; None for anything else. Its order is kept."""
    import json

    try:
        found = json.loads(given) if isinstance(given, str) else given
        text = json.dumps(found, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        text.encode()  # no halves of surrogate pairs
    except (TypeError, ValueError, RecursionError):
        return None
    return text if isinstance(found, dict) else None
