"""One file from the hub to its place: resumed where an earlier try stopped, checked, and put there whole or not at all.

    PLACE.incomplete    grows; kept when the connection breaks, so that the next try asks for the rest alone
    PLACE               by a rename, once size and hash are what the hub stated

huggingface_hub 1.18 and later give up what an interrupted download had, and check the size alone: hence this file.
Used by `fetching`. The lock is for two programs that fetch the same file; where a file system does not honour it, the
hash tells.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from llmproc.errors import FetchError
from llmproc.files.replacing import sync_folder
from llmproc.hub.hub_client import HubClient, NoNetworkError, RemoteFile, RepositoryListing

_BLOCK = 1 << 20
Progress = Callable[[int], None]  # bytes that are here


class PartialFile:
    """A file that grows at its end: what http_get writes into. FetchError when the disk refuses."""

    def __init__(self, fd: int, path: Path, progress: Progress) -> None:
        """Stand at the end of the open file `fd`; `progress` hears of every write."""
        self._fd, self.path, self._progress = fd, path, progress
        self.seek(0, os.SEEK_END)

    def write(self, data: bytes) -> int:
        """Write all of it."""
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[os.write(self._fd, rest) :]
        except OSError as error:
            raise FetchError(f"{self.path}: cannot be written: {error.strerror}") from None
        self._progress(self.tell())
        return len(data)

    def tell(self) -> int:
        """Return where it stands."""
        return os.lseek(self._fd, 0, os.SEEK_CUR)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go somewhere else."""
        return os.lseek(self._fd, offset, whence)

    def truncate(self, size: int | None = None) -> int:
        """Cut it where it stands, or at `size`."""
        end = self.tell() if size is None else size
        os.ftruncate(self._fd, end)
        return end

    def flush(self) -> None:
        """Do nothing: every write is at the system already."""

    def restart(self) -> None:
        """Empty it."""
        self.seek(0)
        self.truncate()

    @property
    def size(self) -> int:
        """Return its bytes."""
        return os.fstat(self._fd).st_size

    def sync(self) -> None:
        """Wait until it is on the disk."""
        os.fsync(self._fd)


def file_digest(path: Path, size: int, is_sha256: bool) -> str:
    """Return the hash of a file as the hub states it: sha256, or git's sha1 of a header and the content."""
    found = hashlib.sha256() if is_sha256 else hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
    with open(path, "rb") as file:
        while block := file.read(_BLOCK):
            found.update(block)
    return found.hexdigest()


def has_content(path: Path, file: RemoteFile) -> bool:
    """Return whether `path` holds exactly that file."""
    return path.stat().st_size == file.size and file_digest(path, file.size, file.is_sha256) == file.digest


def fetch_file(
    client: HubClient, listing: RepositoryListing, file: RemoteFile, place: Path, progress: Progress
) -> None:
    """Put the file at `place`, where nothing is. FetchError; NoNetworkError when not one byte came."""
    with _growing(place.with_name(f"{place.name}.incomplete"), progress) as partial:
        resumed = 0 < partial.size <= file.size
        if not resumed:
            partial.restart()
        _complete(client, listing, file, partial)
        if resumed and not has_content(partial.path, file):  # of another version, or of a program that wrote elsewhere
            partial.restart()
            _complete(client, listing, file, partial)
        if not has_content(partial.path, file):
            partial.path.unlink()
            raise FetchError(f"{file.name}: {client.host} sent other bytes than it states: they are dropped; try again")
        partial.sync()
        os.replace(partial.path, place)
        sync_folder(place.parent)


def _complete(client: HubClient, listing: RepositoryListing, file: RemoteFile, partial: PartialFile) -> None:
    """Ask for the rest until it is there, as long as each try brings some of it."""
    while (start := partial.seek(0, os.SEEK_END)) != file.size:
        try:
            client.transfer(listing, file, partial, start)
        except NoNetworkError as error:
            if partial.size == start == 0:
                raise
            if partial.size == start:
                here = f"{start:,} of {file.size:,} bytes are here"
                words = f"{file.name}: the connection broke ({error}): {here}; the same command goes on from there"
                raise FetchError(words) from None
        if partial.size > file.size:
            partial.path.unlink()
            raise FetchError(f"{file.name}: {client.host} sent more bytes than it states: they are dropped; try again")


@contextmanager
def _growing(path: Path, progress: Progress) -> Iterator[PartialFile]:
    """Open a partial file that no other program writes. FetchError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o666)
    except OSError as error:
        raise FetchError(f"{path}: cannot be written: {error.strerror}") from None
    try:
        _lock(fd, path)
        yield PartialFile(fd, path, progress)
    finally:
        os.close(fd)


def _lock(fd: int, path: Path) -> None:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise FetchError(f"{path}: another program is fetching this file: wait for it") from None
    except OSError:  # a file system without locks
        pass
