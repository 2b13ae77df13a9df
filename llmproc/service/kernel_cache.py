"""The kernel cache as an app may see it: looked at, never filled.

Used by `doctor`, since apps import neither Numba nor the kernels. `look` is for a process of its own, as it changes
the environment: `python -m llmproc.service.kernel_cache` prints one JSON object.
"""

from __future__ import annotations

import json
import shutil

from llmproc.errors import LlmprocError


def look() -> None:
    """Print where compiled kernels are kept and for which weight types, or the error. Compiles nothing.

    `lasting` is false where nothing private can be written: every start then compiles again, into a temporary folder.
    """
    from llmproc.kernels import cache

    try:
        directory = cache.prepare()
    except LlmprocError as error:
        print(json.dumps({"error": str(error)}))
        return
    lasting = directory.name == cache.key()
    found = sorted(name for name in cache.variants(directory) if name)
    size = sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())
    if not lasting:
        shutil.rmtree(directory)
    print(json.dumps({"directory": str(directory), "lasting": lasting, "types": found, "bytes": size}))


if __name__ == "__main__":
    look()
