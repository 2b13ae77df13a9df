"""The JSON files of a folder: read within a bound, an object each. CheckpointError in words of our own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from llmproc.checkpoints.source_file import refuse
from llmproc.files.json_text import JsonError, read_json
from llmproc.files.reading import UnreadableFileError, read_bounded

INDEX_LIMIT = 1 << 23  # bytes: 1024 layers of 12 tensors take 1.6 MB; what JSON may become is 40 times as large


def read_object(path: Path, limit: int) -> dict[str, Any]:
    """Return the object in `path`. CheckpointError when it is missing, unreadable, over `limit` bytes, or no object."""
    try:
        data = read_bounded(path, limit)
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
