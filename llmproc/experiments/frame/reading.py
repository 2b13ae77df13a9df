"""A file with an experiment's result -> its document, checked against `schema`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from llmproc.errors import LogError
from llmproc.experiments.frame.schema import KIND, SCHEMA, ExperimentDocument
from llmproc.files.reading import UnreadableFileError, read_bounded

RESULT_FILE = "result.json"
_MOST = 1 << 28  # bytes


def read_experiment(path: Path) -> dict[str, Any]:
    """Return the document of a file, or of a folder's `result.json`, fields that are not known left out. LogError."""
    file = path / RESULT_FILE if path.is_dir() else path
    try:
        content = read_bounded(file, _MOST)
    except UnreadableFileError as error:
        raise LogError(f"{file}: {error}") from None
    return parse_experiment(content, str(file))


def parse_experiment(content: bytes, name: str) -> dict[str, Any]:
    """Return the document of a file's content. LogError naming the file and the place that breaks the schema."""
    try:
        found = msgspec.json.decode(content, type=ExperimentDocument)
    except msgspec.ValidationError as error:
        raise LogError(f"{name}: is not the result of an experiment: {error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise LogError(f"{name}: is not JSON") from None
    if (found.schema, found.kind) != (SCHEMA, KIND):
        raise LogError(f"{name}: has kind {found.kind!r:.40} and schema {found.schema}: must be {KIND!r} and {SCHEMA}")
    built: dict[str, Any] = msgspec.to_builtins(found)
    return built
