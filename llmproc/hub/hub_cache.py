"""The cache that every program of Hugging Face's shares, read without any of their packages: what is here already.

    CACHE/models--OWNER--NAME/refs/main             the commit that `main` was, at the last look
                             /snapshots/COMMIT/...  its files, links into blobs/
                             /snapshots/main/...    files put there by hand, where refs/main is missing

CACHE is $HF_HUB_CACHE, else $HF_HOME/hub, else $XDG_CACHE_HOME/huggingface/hub, else ~/.cache/huggingface/hub: as
huggingface_hub documents and reads it, snapshots/main included. Used by `finding` and `fetching`. Never written here.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from llmproc.errors import FetchError
from llmproc.files.reading import UnreadableFileError, read_bounded
from llmproc.hub.selection import INDEX, SINGLE, choose_files, needs_other_format
from llmproc.hub.spelling import HubModel

_INDEX_LIMIT = 1 << 23  # bytes, as `checkpoints` reads it
_REF_LIMIT = 1 << 10


def cache_folder(environ: Mapping[str, str] | None = None) -> Path:
    """Return the folder of the cache; it need not exist."""
    found = os.environ if environ is None else environ
    base = os.path.join(found.get("XDG_CACHE_HOME", os.path.join("~", ".cache")), "huggingface")
    hub = found.get("HUGGINGFACE_HUB_CACHE", os.path.join(found.get("HF_HOME", base), "hub"))
    return Path(os.path.expandvars(os.path.expanduser(found.get("HF_HUB_CACHE", hub))))


def repository_folder(repository: str, cache: Path) -> Path:
    """Return the folder of a repository in the cache."""
    return cache / f"models--{repository.replace('/', '--')}"


def snapshot_folder(repository: str, cache: Path) -> Path:
    """Return the folder of the files of `main`, as they were at the last look; it need not exist."""
    place = repository_folder(repository, cache)
    try:
        commit = read_bounded(place / "refs" / "main", _REF_LIMIT).decode("ascii", "replace").strip()
    except UnreadableFileError:
        commit = "main"
    plain = commit.isalnum() and commit.isascii()  # anything else could lead out of the folder
    return place / "snapshots" / (commit if plain else "main")


def find_cached(model: HubModel, cache: Path) -> Path | None:
    """Return the folder or file of a model that is here, whole; None when it is not.

    FetchError when what is here is compiled for another program.
    """
    folder = snapshot_folder(model.repository, cache)
    names = _names(folder)
    if needs_other_format(names):
        choose_files(names, None, str(model))  # says so
    try:
        choice = choose_files(names, model.file, str(model))
    except FetchError:
        return None
    if not choice.entry and not _is_whole(folder, names):
        return None
    return folder / choice.entry


def _names(folder: Path) -> set[str]:
    """Return the names of all files below `folder`; links to blobs that are gone are none."""
    return {
        os.path.relpath(os.path.join(place, name), folder)
        for place, _, names in os.walk(folder)
        for name in names
        if os.path.isfile(os.path.join(place, name))
    }


def _is_whole(folder: Path, names: set[str]) -> bool:
    """Return whether a folder has its configuration and all files of its weights."""
    if "config.json" not in names:
        return False
    return SINGLE in names or set(_indexed(folder / INDEX)) <= names


def _indexed(index: Path) -> list[str]:
    """Return the files that an index names; one that cannot exist when it breaks its rules, so that it is not whole."""
    from llmproc.files.json_text import read_json  # here: most starts read no index

    try:
        found = read_json(read_bounded(index, _INDEX_LIMIT))["weight_map"].values()
        return [str(name) for name in found] or [""]
    except (UnreadableFileError, ValueError, KeyError, TypeError, AttributeError):
        return [""]
