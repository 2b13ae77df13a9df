"""The user's folders by the XDG base directory specification: cache, state and runtime. Nothing is made here.

    user_folder("cache")   $XDG_CACHE_HOME/llmproc or ~/.cache/llmproc              can be made again
    user_folder("state")   $XDG_STATE_HOME/llmproc or ~/.local/state/llmproc        history, run folders
    runtime_base()         $XDG_RUNTIME_DIR                                         gone after the last logout

A relative value is ignored, as the specification asks.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

_HOME = {"cache": Path(".cache"), "state": Path(".local", "state")}


def user_folder(kind: Literal["cache", "state"], environ: Mapping[str, str] | None = None) -> Path | None:
    """Return our folder for files of this kind; None for a user without a home directory."""
    base = _absolute(f"XDG_{kind.upper()}_HOME", environ)
    if base is None:
        home = Path(os.path.expanduser("~"))
        base = home / _HOME[kind] if home.is_absolute() else None
    return base and base / "llmproc"


def runtime_base(environ: Mapping[str, str] | None = None) -> Path | None:
    """Return the folder that the session of this user has for sockets and the like; None when it has none."""
    return _absolute("XDG_RUNTIME_DIR", environ)


def _absolute(variable: str, environ: Mapping[str, str] | None) -> Path | None:
    value = (os.environ if environ is None else environ).get(variable, "")
    return Path(value) if os.path.isabs(value) else None
