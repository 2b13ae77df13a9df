"""The folder in which the instances of one user meet: $XDG_RUNTIME_DIR/llmproc, else /tmp/llmproc-<uid>.

LLMPROC_RUNTIME_DIR names another one, which is then the only one. Used by instances.py. A folder is used only if it is
a real one, belongs to us and is closed to others: in /tmp anybody may have created that name before. A program started
elsewhere (cron, su) may lack the variable, so a reader looks into every place.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from llmproc.config import Environment
from llmproc.errors import LogError
from llmproc.files.folders import runtime_base

_SHARED = Path("/tmp")  # not $TMPDIR, which two programs of one user may have set differently


def places(environ: Mapping[str, str] | None = None, shared: Path = _SHARED) -> list[Path]:
    """Return where instances of this user may be, the preferred place first; none of them need exist.

    `shared`: the folder that everybody may write to; a test may give its own.
    """
    if (chosen := Environment.read(environ).runtime_dir) is not None:
        return [chosen]
    user = os.geteuid()
    bases = [base] if (base := runtime_base(environ)) else []
    if shared == _SHARED and environ is None:
        bases.append(Path(f"/run/user/{user}"))  # its usual value
    found = [base / "llmproc" for base in bases if base.is_dir()]
    return list(dict.fromkeys([*found, shared / f"llmproc-{user}"]))


def open_place(environ: Mapping[str, str] | None = None, shared: Path = _SHARED) -> Path:
    """Return the first place that can be used, created if necessary. Raises LogError with the reasons if none can."""
    reasons = []
    for place in places(environ, shared):
        try:
            place.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            reasons.append(f"{place}: {error.strerror}")
            continue
        reason = refusal(place)
        if reason is None:
            return place
        reasons.append(f"{place}: {reason}")
    raise LogError("; ".join(reasons))


def refusal(place: Path) -> str | None:
    """Return why a folder must not be used, or None. Other users' access to a folder of ours is taken away."""
    try:
        found = place.lstat()
        if not stat.S_ISDIR(found.st_mode):
            return "not a folder"
        if found.st_uid != os.geteuid():
            return f"belongs to user {found.st_uid}"
        if found.st_mode & 0o077:
            place.chmod(0o700)
    except OSError as error:
        return error.strerror or str(error)
    return None
