"""The JSON files of a folder: read within a bound, an object each. CheckpointError in words of our own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from llmproc.checkpoints.source_file import refuse
from llmproc.files.json_text import JsonError, read_json
from llmproc.files.reading import UnreadableFileError, read_bounded

LIMIT = 1 << 25  # bytes: an index of 100,000 tensors takes 10 MB


def read_object(path: Path) -> dict[str, Any]:
    """Return the object in `path`. CheckpointError when it is missing, unreadable, too big or not a JSON object."""
    try:
        data = read_bounded(path, LIMIT)
    except UnreadableFileError as error:
        raise refuse(path, error.field, error.value, error.rule) from None
    return parse_object(path, data, "content")


def parse_object(path: Path, data: bytes, field: str) -> dict[str, Any]:
    """Return the object that `data`, the part `field` of `path`, holds. CheckpointError."""
    try:
        found = read_json(data)
    except JsonError as error:
        raise refuse(path, field, str(error), "must be a JSON object") from None
    if not isinstance(found, dict):
        raise refuse(path, field, type(found).__name__, "must be a JSON object")
    return found
