"""The model and the tokenizer of the course's C project: where they are, and how they come into a folder.

The project's `make prepare`, and its wget lines, put `model.bin` and `tokenizer.bin` beside the program, from one of
two repositories (an older and a newer edition of the course). Files that are there already are kept when they have the
right size, wherever they came from; nothing is ever overwritten. `--course` finds them in the current folder. Used by
`llmproc fetch course`.
"""

from __future__ import annotations

import os
from pathlib import Path

from llmproc.config import shipped_file
from llmproc.errors import FetchError
from llmproc.hub.fetching import FetchedModel, FetchReport, fetch_into
from llmproc.hub.hub_client import HubClient, NoNetworkError, RemoteFile, RepositoryListing

REPOSITORIES = ("huangs0/smollm", "huangs0/llama2.c")
SIZES = {"model.bin": 143_025_664, "tokenizer.bin": 725_587}
_SHIPPED = {"model.bin": "model", "tokenizer.bin": "tokenizer"}


def fetch_course(folder: Path, report: FetchReport) -> FetchedModel:
    """Put into `folder` what it lacks of the two files. FetchError; MissingPackageError when something must be fetched.

    FetchError, before anything is fetched, when a file of that name and another size is there.
    """
    here = [RemoteFile(name, size, "", True) for name, size in SIZES.items() if _is_there(folder / name, size)]
    for file in here:
        report.on_file(file, False)
    missing = [name for name in SIZES if name not in {file.name for file in here}]
    fetched = _fetch(folder, missing, report) if missing else []
    return FetchedModel(folder / "model.bin", folder, (*here, *fetched))


def _is_there(path: Path, size: int) -> bool:
    """Return whether the course's file is there. FetchError when another one is."""
    if not os.path.lexists(path):
        return False
    if path.exists() and path.samefile(shipped_file(_SHIPPED[path.name], path.name)):
        raise FetchError(f"{path}: is the one that llmproc ships with, which is not replaced: use another folder")
    if not path.is_file() or path.stat().st_size != size:
        found = f"{path.stat().st_size:,} bytes" if path.is_file() else "no file"
        raise FetchError(f"{path}: is there already and has {found}, not {size:,}: move it away")
    return True


def _fetch(folder: Path, names: list[str], report: FetchReport) -> list[RemoteFile]:
    """Fetch files from the first repository that has them in their sizes."""
    reasons = []
    with HubClient() as client:
        try:
            for repository in REPOSITORIES:
                try:
                    listing = client.list_files(repository)
                    files = [_right(listing, name) for name in names]
                except FetchError as error:
                    reasons.append(str(error))
                    continue
                fetch_into(client, listing, files, folder, report)
                return files
        except NoNetworkError as error:
            page = f"{client.endpoint}/{REPOSITORIES[0]}/resolve/main"
            words = f"no way to the hub ({error}): download {' and '.join(f'{page}/{name}' for name in names)}"
            raise FetchError(f"course: {words} elsewhere, put them into {folder.absolute()}") from None
    raise FetchError(f"course: {'; '.join(reasons)}")


def _right(listing: RepositoryListing, name: str) -> RemoteFile:
    file = listing.files.get(name)
    if file is None or file.size != SIZES[name]:
        found = "no such file" if file is None else f"{file.size:,} bytes"
        raise FetchError(f"HF://{listing.repository}/{name}: {found}, not the course's {SIZES[name]:,} bytes")
    return file
