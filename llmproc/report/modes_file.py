"""A comparison of modes that was written to a file, read again. Used by `compare-modes --from`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from llmproc.errors import LogError
from llmproc.files.reading import UnreadableFileError, read_bounded

MAX_FILE = 256 << 20
SCHEMA, KIND = 1, "compare-modes"
_PARTS = (
    "results",
    "faster",
    "curves",
    "warnings",
    "workload",
    "options",
    "machine",
    "method",
    "same_answers",
    "started",
)


def read_comparison(path: Path) -> dict[str, Any]:
    """Read the document of experiments.compare_modes.result. Raises LogError naming the file if it is not one."""
    try:
        found = json.loads(read_bounded(path, MAX_FILE))
    except UnreadableFileError as error:
        raise LogError(f"{path}: {error}") from None
    except (ValueError, RecursionError):
        raise LogError(f"{path}: must be JSON, as compare-modes writes it") from None
    if not isinstance(found, dict) or found.get("kind") != KIND:
        raise LogError(f"{path}: kind is {found.get('kind') if isinstance(found, dict) else 'missing'}: must be {KIND}")
    if found.get("schema") != SCHEMA:
        raise LogError(f"{path}: schema is {found.get('schema')}: must be {SCHEMA}")
    for part in _PARTS:
        if part not in found:
            raise LogError(f"{path}: {part} is missing: see the schema in llmproc/experiments/compare_modes/result.py")
    return found
