"""Object files in a folder of the cache, and the manifest that says which of them are whole.

    NAME.o           the object file of entry NAME
    manifest.json    {"objects": {NAME: SHA-256 of the file}}

Used by `build`. An object file is machine code: it is handed out only when it is a file of ours that others cannot
write, and its bytes have the hash that the manifest names. Callers hold the folder's lock.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterable
from pathlib import Path

from llmproc.kernels.cache import MANIFEST
from llmproc.kernels.entries import ENTRIES


def names(directory: Path) -> dict[str, str]:
    """Entry's name -> hash, for all that the manifest names; empty without a manifest that can be read."""
    try:
        objects = json.loads(_read_ours(directory / MANIFEST))["objects"]
        return {str(name): str(objects[name]) for name in objects if name in ENTRIES}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}


def read(directory: Path, wanted: Iterable[str]) -> dict[str, bytes]:
    """Return the object files of these entries, as far as they are there and whole."""
    known, found = names(directory), {}
    for name in wanted:
        try:
            data = _read_ours(directory / f"{name}.o")
        except OSError:
            continue
        if hashlib.sha256(data).hexdigest() == known.get(name):
            found[name] = data
    return found


def add(directory: Path, objects: dict[str, bytes]) -> None:
    """Write object files and name them in the manifest, beside those it names already. OSError when that fails."""
    known = names(directory)
    for name, data in objects.items():
        _write(directory / f"{name}.o", data)
        known[name] = hashlib.sha256(data).hexdigest()
    _write(directory / MANIFEST, json.dumps({"objects": known}, sort_keys=True).encode())


def _read_ours(path: Path) -> bytes:
    with open(path, "rb", opener=_open_ours) as file:
        return file.read()


def _open_ours(path: str, flags: int) -> int:
    """Open a regular file of this user that others cannot write. PermissionError when it is not one."""
    fd = os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    status = os.fstat(fd)
    if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o022:
        os.close(fd)
        raise PermissionError(f"{path} is not a file of this user alone")
    return fd


def _write(path: Path, data: bytes) -> None:
    """Replace a file: it is the old one or the new one at any time."""
    temporary = path.with_name(f"{path.name}.new")
    temporary.unlink(missing_ok=True)
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    with open(fd, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(fd)
    temporary.replace(path)
