"""A new file in the place of an old one: whole or not at all.

Used by every writer of a file that others may be reading. The content grows under another name beside its place and
takes the place by a rename, so that a reader or a crash finds the old file or the new one, never a part. `durable`
files are on the disk before the rename, and so is the rename itself: a power cut loses neither.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from llmproc.files.reading import kind_of


class IrregularFileError(OSError):
    """The place is taken by something else than a regular file, which a rename would destroy: `kind`."""

    def __init__(self, kind: str) -> None:
        super().__init__(errno.EINVAL, f"it is {kind}, not a regular file")
        self.kind = kind


class replacing:
    """A binary file that takes the place of `path` when the block ends well, and vanishes when it does not.

    OSError when that cannot be done; `path` is as it was then.
    """

    def __init__(
        self, path: Path | str, *, durable: bool = True, mode: int = 0o666, temporary: str | None = None
    ) -> None:
        """Choose the new file's name. `mode`: permissions, less the umask. `temporary`: that name, freed if taken.

        By default the name is new each time, so that two writers of one file do not meet.
        """
        self.path = Path(path)
        self._durable, self._mode, self._fixed = durable, mode, temporary is not None
        name = temporary or f".{self.path.name}.{os.getpid()}-{os.urandom(4).hex()}.tmp"
        self.temporary = self.path.parent / name  # with_name would not take a path like `/`
        self._file: BinaryIO | None = None

    def __enter__(self) -> BinaryIO:
        try:
            status = os.stat(self.path)
        except FileNotFoundError:
            pass
        except ValueError as error:  # a NUL byte or a lone surrogate in the name
            raise OSError(errno.EINVAL, str(error)) from None
        else:
            if not stat.S_ISREG(status.st_mode):
                raise IrregularFileError(kind_of(status))
        if self._fixed:
            self.temporary.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            self._file = os.fdopen(os.open(self.temporary, flags, self._mode), "wb")
        except FileExistsError:
            raise
        except BaseException:  # Ctrl-C as soon as it is there: nothing else would take it away
            self.temporary.unlink(missing_ok=True)
            raise
        return self._file

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        assert self._file is not None
        try:
            with self._file:
                if error is None:
                    self._file.flush()
                    if self._durable:
                        os.fsync(self._file.fileno())
            if error is None:
                os.replace(self.temporary, self.path)
                if self._durable:
                    sync_folder(self.path.parent)
        except OSError:
            if error is None:
                raise
        finally:
            with suppress(OSError):
                self.temporary.unlink(missing_ok=True)


def replace_file(
    path: Path | str, data: bytes, *, durable: bool = True, mode: int = 0o666, temporary: str | None = None
) -> None:
    """Put `data` at `path` as a whole or not at all. Options and OSError as for `replacing`."""
    with replacing(path, durable=durable, mode=mode, temporary=temporary) as file:
        file.write(data)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut, where the file system can."""
    with suppress(OSError):
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
