"""What batches may take: sizes, counts and seconds, in one place. Documented in the server's README."""

from __future__ import annotations

from dataclasses import dataclass

from llmproc.server.limits import MIB


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """Bounds on files and batches. Those of a file are OpenAI's."""

    file_bytes: int = 200 * MIB
    form_bytes: int = 64 << 10  # of an upload, beside the file
    files: int = 1000
    stored_bytes: int = 8 << 30  # of all files together
    lines: int = 50_000
    errors: int = 100  # lines with errors that are listed
    unfinished: int = 100  # batches
    kept: int = 1000  # batches; the oldest that has ended is forgotten first
    stalled_s: float = 30.0  # an upload of which nothing comes
    upload_s: float = 3600.0  # the whole of it
    retry_s: float = 10.0  # after the disk refused
