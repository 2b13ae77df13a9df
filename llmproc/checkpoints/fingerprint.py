"""What identifies a checkpoint's content: from bytes in memory (the template) or from the file (main).

Used by readers behind `open_model`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from llmproc.errors import CheckpointError

_WHOLE = 32 << 20
_SLICES, _SLICE = 512, 1 << 14


def fingerprint(memory: memoryview) -> str:
    """Hash bytes in memory: SHA-256 of up to 32 MiB, of size and 512 slices of more."""
    return _digest(len(memory), lambda start, length: memory[start : start + length])


def fingerprint_file(path: Path) -> str:
    """Hash a file alike, reading it in pieces. CheckpointError when it cannot be read."""
    try:
        with path.open("rb", buffering=0) as file:
            return _of_descriptor(file.fileno())
    except OSError as error:
        raise CheckpointError(path, "file", "unreadable", str(error.strerror)) from None


def fingerprint_opened(fds: Sequence[int]) -> str:
    """Hash files that are open, which other files may have taken the places of by now, as `fingerprint_files` does."""
    return _joined([_of_descriptor(fd) for fd in fds])


def _of_descriptor(fd: int) -> str:
    return _digest(os.fstat(fd).st_size, lambda start, length: os.pread(fd, length, start))


def fingerprint_files(paths: Sequence[Path]) -> str:
    """Hash several files as one: a single one as `fingerprint_file` does. CheckpointError when one cannot be read."""
    return _joined([fingerprint_file(path) for path in paths])


def _joined(found: list[str]) -> str:
    if len(found) == 1:
        return found[0]
    import hashlib

    return f"sha256-of-files:{hashlib.sha256(' '.join(found).encode()).hexdigest()}"


def _digest(size: int, read: Callable[[int, int], bytes | memoryview]) -> str:
    import hashlib  # here: whatever opens a model imports this file, and most never ask for a fingerprint

    if size <= _WHOLE:
        return f"sha256:{hashlib.sha256(read(0, size)).hexdigest()}"
    digest = hashlib.sha256(str(size).encode())
    for index in range(_SLICES):
        digest.update(read(index * (size - _SLICE) // (_SLICES - 1), _SLICE))
    return f"sha256-of-slices:{digest.hexdigest()}"
