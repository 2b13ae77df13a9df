r"""Text that may hold bytes which are not UTF-8, written where only UTF-8 may stand: the bytes are shown as `\xe9`.

Arguments and file names are bytes; Python carries those that its encoding does not know as surrogates (PEP 383), and a
surrogate can be written into no file. Used by everything that writes names and commands of the user's into JSON.
"""

from __future__ import annotations

import re
from typing import Any

_SURROGATES = re.compile("[\udc80-\udcff]+|[\ud800-\udfff]")


def escape_bytes(text: str, backslash: str = "\\") -> str:
    r"""Return `text` as UTF-8 can hold it: a byte that is not UTF-8 as `\xe9`, a lone surrogate as `\ud800`.

    Bytes that are UTF-8, which a C locale does not know, become their characters. `backslash`: how one is written.
    """
    try:
        text.encode()
        return text
    except UnicodeEncodeError:
        return _SURROGATES.sub(lambda found: _escaped(found[0]).replace("\\", backslash), text)


def one_line(text: str) -> str:
    r"""Return `text` as one line that can be printed: line feeds, controls and bytes that are not UTF-8 are escaped."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in escape_bytes(text))


def to_json(value: Any, indent: int | None = None) -> str:
    r"""Return `value` as JSON that is UTF-8: `caf\xe9` for a byte that is not; what JSON does not know as its str()."""
    import json  # here: messages need only the function above, and entry points import it first of all

    separators = (",", ":") if indent is None else None
    text = json.dumps(value, indent=indent, separators=separators, ensure_ascii=False, default=str)
    return escape_bytes(text, "\\\\")


def _escaped(surrogates: str) -> str:
    try:
        return surrogates.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:  # it stands for no byte
        return surrogates.encode("ascii", "backslashreplace").decode()
