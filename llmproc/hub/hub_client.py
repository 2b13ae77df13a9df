"""Hugging Face's hub through the package huggingface_hub: what a repository holds, the bytes of a file, its place.

Used by `fetching` and `transfer`. The package does names, addresses, tokens, redirects and the cache's layout; what it
raises becomes a FetchError in our words, or a NoNetworkError where another way to the file must be told. It is imported
when a client is made. It writes nothing on the terminal: progress is ours.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from llmproc.errors import FetchError, require_package
from llmproc.hub.catalogue import near_names

DEFAULT_ENDPOINT = "https://huggingface.co"
_REASON_LIMIT = 160  # characters of a library's own words


class NoNetworkError(Exception):
    """The hub cannot be reached, or the connection broke. As a string: the reason in words."""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file of a repository. `digest`: its sha256 where it is kept with Git LFS, else git's sha1 of it."""

    name: str
    size: int
    digest: str
    is_sha256: bool


@dataclass(frozen=True, slots=True)
class RepositoryListing:
    """The files of a repository at the commit that `main` is now."""

    repository: str
    commit: str
    files: dict[str, RemoteFile]


def hub_endpoint() -> str:
    """Return the address of the hub: $HF_ENDPOINT, else huggingface.co."""
    return (os.environ.get("HF_ENDPOINT") or DEFAULT_ENDPOINT).rstrip("/")


class HubClient:
    """A way to one hub. A context manager: at its end the connections are closed."""

    def __init__(self) -> None:
        """Import huggingface_hub. MissingPackageError when it is not installed."""
        require_package("huggingface_hub")
        import huggingface_hub
        from huggingface_hub.utils import disable_progress_bars, logging

        self.endpoint = hub_endpoint()
        self.host = urlsplit(self.endpoint).netloc or self.endpoint
        self._hub: Any = huggingface_hub
        logging.set_verbosity_error()
        with warnings.catch_warnings(action="ignore"):  # it warns when the environment says otherwise
            disable_progress_bars()

    def __enter__(self) -> HubClient:
        return self

    def __exit__(self, *raised: object) -> None:
        self._hub.close_session()  # new in 1.0; before that, a download that broke keeps its connection

    def list_files(self, repository: str) -> RepositoryListing:
        """Return what the repository holds. FetchError, NoNetworkError."""
        with self._in_words(repository, "the list of its files"):
            info = self._hub.HfApi(endpoint=self.endpoint).model_info(repository, files_metadata=True)
            files = [_remote_file(sibling) for sibling in info.siblings or ()]
        return RepositoryListing(repository, str(info.sha), {file.name: file for file in files})

    def transfer(self, listing: RepositoryListing, file: RemoteFile, stream: Any, start: int) -> None:
        """Write the bytes of `file` from `start` on into `stream`, which stands there. FetchError, NoNetworkError."""
        from huggingface_hub.file_download import http_get  # what hf_hub_download uses; that one cannot resume
        from huggingface_hub.utils import build_hf_headers

        with self._in_words(listing.repository, file.name):
            url = self._hub.hf_hub_url(listing.repository, file.name, revision=listing.commit, endpoint=self.endpoint)
            http_get(url, stream, resume_size=start, headers=build_hf_headers(), expected_size=file.size)

    def place(self, listing: RepositoryListing, file: RemoteFile, cache: Path) -> Path:
        """Return the path of a file whose bytes are in the cache already. FetchError, NoNetworkError."""
        with self._in_words(listing.repository, file.name):
            found = self._hub.hf_hub_download(
                listing.repository, file.name, cache_dir=str(cache), endpoint=self.endpoint
            )
        path = Path(found)
        if listing.commit not in path.parts:
            raise FetchError(f"HF://{listing.repository}: has changed while it was fetched: run the same command again")
        return path

    @contextmanager
    def _in_words(self, repository: str, what: str) -> Iterator[None]:
        """Turn what huggingface_hub and its HTTP library raise into errors of ours."""
        from huggingface_hub import utils

        http: Any = [kind for kind in utils.HfHubHTTPError.__mro__ if kind.__name__ == "HTTPError"]  # of its library
        try:
            yield
        except FetchError:
            raise
        except utils.LocalEntryNotFoundError as error:
            raise NoNetworkError(_short(error)) from None
        except (utils.HfHubHTTPError, utils.EntryNotFoundError) as error:
            raise FetchError(f"HF://{repository}: {self._refusal(error, repository, what)}") from None
        except (OSError, *http) as error:
            raise _local_or_network(error, isinstance(error, utils.OfflineModeIsEnabled)) from None
        except (ValueError, LookupError) as error:  # a name that it does not take, or the answer of something else
            reason = "its answer is not a hub's" if isinstance(error, LookupError) else _short(error)
            raise FetchError(f"HF://{repository}: {what} cannot be had from {self.host}: {reason}") from None

    def _refusal(self, error: Any, repository: str, what: str) -> str:
        """Return in words why the hub did not give it."""
        from huggingface_hub import utils

        status = getattr(getattr(error, "response", None), "status_code", None)
        if isinstance(error, utils.GatedRepoError):
            page = f"{self.endpoint}/{repository}"
            return f"is gated: accept its terms at {page}, then log in with `hf auth login` or set HF_TOKEN"
        if isinstance(error, utils.RepositoryNotFoundError):
            near = near_names(repository)
            hint = f"; in the catalogue are {', '.join(near)}" if near else ""
            return f"{self.host} has no such repository, or it is private and wants a token (HF_TOKEN){hint}"
        if isinstance(error, utils.EntryNotFoundError):
            return f"the repository has no file {what}"
        if status in (401, 403):
            return f"{self.host} refuses {what} ({status}): log in with `hf auth login` or set HF_TOKEN"
        return f"{self.host} answers {status} for {what}: try again later"


def _remote_file(sibling: Any) -> RemoteFile:
    """Return a file from the hub's list. FetchError when it does not say what the file must be."""
    name, lfs = sibling.rfilename, sibling.lfs
    digest = lfs["sha256"] if lfs else sibling.blob_id
    if sibling.size is None or not digest:
        raise FetchError(f"{name}: the hub does not say its size and hash, so it could not be checked")
    return RemoteFile(name, int(sibling.size), str(digest), bool(lfs))


def _local_or_network(error: Exception, offline: bool) -> Exception:
    if offline:
        return NoNetworkError("HF_HUB_OFFLINE is set")
    if isinstance(error, OSError) and error.filename and error.strerror:
        return FetchError(f"{error.filename}: cannot be written: {error.strerror}")
    return NoNetworkError(_short(error))


def _short(error: Exception) -> str:
    words = " ".join(str(error).split()) or type(error).__name__
    return words if len(words) <= _REASON_LIMIT else f"{words[:_REASON_LIMIT]}..."
