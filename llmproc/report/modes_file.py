"""A comparison of modes that was written to a file, read again. Used by `compare-modes --from`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from llmproc.errors import LogError

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
        if not path.is_file():
            raise LogError(f"{path}: no such file")
        if path.stat().st_size > MAX_FILE:
            raise LogError(f"{path}: is {path.stat().st_size} bytes: at most {MAX_FILE}")
        found = json.loads(path.read_bytes())
    except OSError as error:
        raise LogError(f"{path}: cannot be read: {error.strerror}") from None
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
