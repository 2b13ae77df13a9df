"""Programs of tests that compile functions of their own: what Numba made once is found again by the next run."""

from __future__ import annotations

import os
from pathlib import Path

from llmproc.kernels import cache
from support.paths import PYTHONPATH


def environment(**more: str) -> dict[str, str]:
    """Return the environment of such a program. Its functions need `cache=True`.

    The folder is named as that of the kernels: Numba looks at the age of a function's own file, and not at what it
    calls.
    """
    folder = Path(os.environ["XDG_CACHE_HOME"]) / "of-tests" / cache.key()
    return {**os.environ, "PYTHONPATH": PYTHONPATH, "NUMBA_CACHE_DIR": str(folder), **more}
