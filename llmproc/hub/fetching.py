"""One model from the hub: which files, each to its place, in the cache of Hugging Face's programs or in a folder.

Used by `finding` and by `llmproc fetch`. It says nothing itself: a FetchReport hears of every file.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from llmproc.errors import FetchError
from llmproc.hub.hub_cache import cache_folder, find_cached, repository_folder, snapshot_folder
from llmproc.hub.hub_client import HubClient, NoNetworkError, RemoteFile, RepositoryListing, hub_endpoint
from llmproc.hub.selection import choose_files
from llmproc.hub.spelling import HubModel
from llmproc.hub.transfer import fetch_file, has_content

_FOLDER_FILES = "config.json, tokenizer.json, tokenizer_config.json and model.safetensors"


class FetchReport(Protocol):
    """A listener that hears how a model comes."""

    def on_plan(self, source: str, files: Sequence[RemoteFile], folder: Path) -> None:
        """Hear which files of `source` are fetched, and where they go. Called when there is something to fetch."""

    def on_bytes(self, file: RemoteFile, done: int) -> None:
        """Hear how many bytes of a file are here."""

    def on_file(self, file: RemoteFile, fetched: bool) -> None:
        """Hear that a file is in its place, and whether it had to be fetched."""


@dataclass(frozen=True, slots=True)
class FetchedModel:
    """A model that is here: its path (a file, or the folder of its files), and its files; () when the hub is silent."""

    path: Path
    folder: Path
    files: tuple[RemoteFile, ...]

    @property
    def size(self) -> int:
        """Return the bytes of all files."""
        return sum(file.size for file in self.files)


def fetch_model(model: HubModel, target: Path | None, report: FetchReport) -> FetchedModel:
    """Fetch what is not here yet. `target`: a folder; None: the cache. FetchError, MissingPackageError."""
    with HubClient() as client:
        try:
            listing = client.list_files(model.repository)
            choice = choose_files(listing.files, model.file, str(model))
            files = tuple(listing.files[name] for name in choice.files)
            if target is None:
                folder = _into_cache(client, listing, files, report)
            else:
                folder = target
                fetch_into(client, listing, files, target, report)
        except NoNetworkError as error:
            if target is None and (path := find_cached(model, cache_folder())):
                return FetchedModel(path, path, ())
            raise offline(model, target, error) from None
    return FetchedModel(folder / choice.entry, folder, files)


def fetch_into(
    client: HubClient, listing: RepositoryListing, files: Sequence[RemoteFile], folder: Path, report: FetchReport
) -> None:
    """Put files into a folder of the user's. FetchError when something else is there; NoNetworkError."""
    wanted = []
    for file in files:
        place = folder / file.name
        if not os.path.lexists(place):
            wanted.append((file, place))
        elif place.is_file() and has_content(place, file):
            report.on_file(file, False)
        else:
            raise FetchError(f"{place}: is there already, and is not {file.name} of {listing.repository}: move it away")
    _fetch_all(client, listing, wanted, folder, report)


def _into_cache(
    client: HubClient, listing: RepositoryListing, files: Sequence[RemoteFile], report: FetchReport
) -> Path:
    """Put files into the cache; return the folder of the commit that they are of."""
    cache = cache_folder()
    folder = repository_folder(listing.repository, cache)
    wanted = [(file, folder / "blobs" / file.digest) for file in files]
    for file, place in wanted:
        if place.exists():
            report.on_file(file, False)
    _fetch_all(client, listing, [pair for pair in wanted if not pair[1].exists()], folder, report)
    for file in files:  # huggingface_hub finds the bytes there and makes the names of this commit
        client.place(listing, file, cache)
    return snapshot_folder(listing.repository, cache)


def _fetch_all(
    client: HubClient,
    listing: RepositoryListing,
    wanted: Sequence[tuple[RemoteFile, Path]],
    folder: Path,
    report: FetchReport,
) -> None:
    if wanted:
        report.on_plan(f"HF://{listing.repository}", [file for file, _ in wanted], folder)
    for file, place in wanted:
        fetch_file(client, listing, file, place, partial(report.on_bytes, file))
        report.on_file(file, True)


def plan_words(source: str, files: Sequence[RemoteFile], folder: Path) -> str:
    """Return the notice before a fetch: what, how much, where to."""
    megabytes = sum(file.size for file in files) / 1e6
    what = files[0].name if len(files) == 1 else f"{len(files)} files"
    return f"fetching {what} of {source}, {megabytes:,.{0 if megabytes >= 10 else 1}f} MB, into {folder}"


def offline(model: HubModel, target: Path | None, reason: object) -> FetchError:
    """Return the error that tells how to get a model by hand."""
    folder = snapshot_folder(model.repository, cache_folder()) if target is None else target
    page = f"{hub_endpoint()}/{model.repository}"
    what = f"{model.file} from {page}/resolve/main/{model.file}" if model.file else f"{_FOLDER_FILES} from {page}"
    them = f"it into {(folder / model.file).parent}" if model.file else f"them into {folder}"
    words = f"{model}: no way to the hub ({reason}): download {what} elsewhere, put {them}"
    return FetchError(f"{words} and run the same command again")
