"""A new checkpoint in the place of an old one, as `files.replacing` does it, with errors of this room.

Used by the writers.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from llmproc.checkpoints.source_file import refuse
from llmproc.files import replacing as files
from llmproc.files.replacing import IrregularFileError


@contextmanager
def replacing(path: Path | str) -> Iterator[BinaryIO]:
    """Give a file that takes the place of `path` when the block ends well. CheckpointError when it cannot."""
    try:
        with files.replacing(path) as file:
            yield file
    except IrregularFileError as error:
        raise refuse(path, "file", error.kind, "must be a regular file, or absent, to be written") from None
    except OSError as error:
        raise refuse(path, "file", f"unwritable ({os.strerror(error.errno or 0)})", "must be writable") from None
