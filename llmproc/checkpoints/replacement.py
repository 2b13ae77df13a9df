"""A new file in the place of an old one: whole or not at all.

Serves the writers of this room. The file grows under a temporary name beside its place, is synced and renamed, so a
reader or a crash never meets half of it. Nothing here knows what is written.
"""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path
from typing import BinaryIO

from llmproc.checkpoints.source_file import kind, refuse


class replacing:
    """A file that takes the place of `path` when the block ends well, and vanishes when it does not."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self.temporary = self.path.with_name(f".{self.path.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
        self.file: BinaryIO | None = None

    def __enter__(self) -> BinaryIO:
        try:
            status = os.stat(self.path)
            if not stat.S_ISREG(status.st_mode):  # a rename would put a file where a directory or /dev/null was
                raise refuse(self.path, "file", kind(status), "must be a regular file, or absent, to be written")
        except FileNotFoundError:
            pass
        except OSError as error:
            raise self._unwritable(error) from None
        try:
            self.file = self.temporary.open("xb")
        except OSError as error:
            raise self._unwritable(error) from None
        return self.file

    def __exit__(self, kind_of_error: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        assert self.file is not None
        try:
            with self.file:
                if error is None:
                    self.file.flush()
                    os.fsync(self.file.fileno())
            if error is None:
                os.replace(self.temporary, self.path)
                _sync_folder(self.path.parent)
        except OSError as failure:
            if error is None:
                raise self._unwritable(failure) from None
        finally:
            self.temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise self._unwritable(error) from None

    def _unwritable(self, error: OSError) -> Exception:
        return refuse(self.path, "file", f"unwritable ({os.strerror(error.errno or 0)})", "must be writable")


def _sync_folder(folder: Path) -> None:
    """Make the rename itself survive a power cut."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
