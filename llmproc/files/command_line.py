"""A command as it is shown or kept: words joined for a shell, keys hidden. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

_SECRET = "--api-key"
_HIDDEN = "***"


def shown_command(words: Sequence[str]) -> str:
    """Return the words as a shell takes them, without the keys among them."""
    shown = []
    hide = False
    for word in words:
        name, equals, _ = word.partition("=")
        if hide:
            shown.append(_HIDDEN)
        else:
            shown.append(f"{name}={_HIDDEN}" if name == _SECRET and equals else word)
        hide = word == _SECRET and not hide
    return shlex.join(shown)
