"""The kernel cache, looked at and never filled. `python -m llmproc.kernels.look` prints one JSON object.

Used by `doctor`, in a process of its own, since apps import no kernels and main links none.
"""

from __future__ import annotations

import json
import shutil

from llmproc.errors import LlmprocError
from llmproc.kernels import build, cache, entries, environment, linking, store


def main() -> None:
    """Print where object files are kept, for which weight types, and why they cannot be linked; or the error.

    `lasting` is false where nothing private can be written: every start compiles then, into a temporary folder.
    `fallback` is empty unless what is there cannot be linked here.
    """
    try:
        environment.settings()
        directory = cache.directory()
    except LlmprocError as error:
        print(json.dumps({"error": str(error)}))
        return
    lasting = directory.name == cache.key()
    found = sorted(build.variants(directory) - {entries.COMMON, entries.RINGS, entries.LIMITS})
    size = sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())
    reason = ""
    try:
        linking.link(store.read(directory, store.names(directory)))
    except linking.LinkError as error:
        reason = str(error)
    if not lasting:
        shutil.rmtree(directory)
    facts = {"directory": str(directory), "lasting": lasting, "types": found, "bytes": size, "fallback": reason}
    print(json.dumps(facts))


if __name__ == "__main__":
    main()
