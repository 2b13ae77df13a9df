"""One small untrusted file read whole, or a TokenizerError of one line that says why it cannot be.

Used for tokenizer.bin and its sidecar.
"""

from __future__ import annotations

from pathlib import Path

from llmproc.errors import TokenizerError
from llmproc.files.reading import UnreadableFileError, read_bounded


def read_small_file(path: Path, limit: int) -> bytes:
    """Return the bytes of the regular file `path`, at most `limit` of them; TokenizerError as `read_bounded` raises."""
    try:
        return read_bounded(path, limit)
    except UnreadableFileError as error:
        raise TokenizerError(path, error.field, error.value, error.rule) from None
