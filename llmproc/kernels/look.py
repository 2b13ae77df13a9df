"""The kernel cache, looked at and never filled. `python -m llmproc.kernels.look` prints one JSON object.

Used by `doctor`, in a process of its own, since apps import no kernels and main links none.
"""

from __future__ import annotations

import json
import shutil

from llmproc.errors import LlmprocError


def main() -> None:
    """Print where object files are kept, for which weight types, and why they cannot be linked; or the error.

    `lasting` is false where nothing private can be written: every start compiles then, into a temporary folder.
    `fallback` is empty unless what is there cannot be linked here.
    """
    try:
        print(json.dumps(_facts()))
    except LlmprocError as error:
        print(json.dumps({"error": str(error)}))


def _facts() -> dict[str, object]:
    # An instruction set that cannot be is refused where these are imported.
    from llmproc.kernels import build, cache, entries, environment, linking, store

    environment.settings()
    directory = cache.directory()
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
    return {"directory": str(directory), "lasting": lasting, "types": found, "bytes": size, "fallback": reason}


if __name__ == "__main__":
    main()
