"""Starting a lab: copies its files into an empty folder. Used by the verb `lab`."""

from __future__ import annotations

import shutil
from pathlib import Path

from llmproc.config import shipped_file
from llmproc.errors import LlmprocError, UsageError
from llmproc.labs.lab import Lab


def start_lab(lab: Lab, folder: Path) -> list[str]:
    """Copy the lab's files; returns their names. UsageError for a folder that is not empty, LlmprocError otherwise."""
    sources = [path for path in sorted(lab.task.iterdir()) if path.is_file()]
    sources += [shipped_file(room, name) for room, name in lab.shipped]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise UsageError(f"{folder}: not empty; a lab starts in a new or empty folder")
        for source in sources:
            shutil.copyfile(source, folder / source.name)
    except FileExistsError:
        raise UsageError(f"{folder}: not a folder") from None
    except OSError as error:
        raise LlmprocError(f"{folder}: cannot be written: {error.strerror}") from None
    return [source.name for source in sources]
