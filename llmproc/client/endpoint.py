"""Where a server of OpenAI's interface is: base URL, key, model; from options, environment, or `.env` in this folder.

A variable of the environment goes before the same one in `.env`, an option before both. What was taken from where is
told in `notes`; keys never are.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from llmproc.client.dotenv import DotenvError, parse_dotenv
from llmproc.errors import UsageError
from llmproc.files.reading import UnreadableFileError, read_bounded

URL_VARIABLES = ("OPENAI_BASE_URL", "LOCAL_API_BASE")  # the first one that is set counts
KEY_VARIABLE = "OPENAI_API_KEY"
DOTENV = ".env"
_MOST_DOTENV = 1 << 20
_INTERFACES = ("/chat/completions", "/completions", "/models")  # people paste these, too


@dataclass(frozen=True, slots=True)
class RemoteEndpoint:
    """A server. `base_url`: without a slash at its end; `model`: None: to be asked of it (`models.first_model`)."""

    base_url: str
    key: str | None = field(default=None, repr=False)
    model: str | None = None
    notes: Sequence[str] = ()  # what was taken from where, one line each

    @property
    def is_loopback(self) -> bool:
        """Return whether it is this machine, which no proxy may stand before."""
        return is_loopback(urlsplit(self.base_url).hostname or "")

    @property
    def origin(self) -> str:
        """Return scheme, host and port: where /metrics and /workers of our own server are."""
        parts = urlsplit(self.base_url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def headers(self) -> dict[str, str]:
        """Return the authorization, {} without a key."""
        return {"Authorization": f"Bearer {self.key}"} if self.key else {}

    def with_model(self, model: str) -> RemoteEndpoint:
        """Return the same server with a model to name."""
        return replace(self, model=model)


@dataclass(frozen=True, slots=True)
class EndpointVariables:
    """Variables that name a server, each with where it stands."""

    values: Mapping[str, tuple[str, str]]  # name -> value, place in words

    @classmethod
    def read(cls, folder: Path, environ: Mapping[str, str] | None = None) -> EndpointVariables:
        """Read `.env` of a folder, if there is one, and the environment. UsageError for a file that cannot be read."""
        names, path = (*URL_VARIABLES, KEY_VARIABLE), folder / DOTENV
        found: dict[str, tuple[str, str]] = {}
        try:
            text = read_bounded(path, _MOST_DOTENV).decode("utf-8", "replace") if path.is_file() else ""
            found = {name: (value, str(path)) for name, value in parse_dotenv(text, names).items() if value}
        except (UnreadableFileError, DotenvError) as error:
            raise UsageError(f"{path}: {error}") from None
        given = os.environ if environ is None else environ
        found |= {name: (given[name], "the environment") for name in names if given.get(name)}
        return cls(found)


def find_endpoint(
    url: str | None, key: str | None, model: str | None, variables: EndpointVariables, option: str = "--url"
) -> RemoteEndpoint:
    """Return the server that options and variables name. UsageError without one, or for what cannot be sent."""
    notes: list[str] = []
    source = option
    if url is None:
        name = next((name for name in URL_VARIABLES if name in variables.values), None)
        if name is None:
            places = " or ".join(URL_VARIABLES)
            raise UsageError(f"no server is named: give {option}, or set {places} in the environment or in {DOTENV}")
        url, place = variables.values[name]
        source = f"{name} of {place}"
    base_url = normalised(url, source)
    notes.append(f"server {base_url}, from {source}")
    if key is None and KEY_VARIABLE in variables.values:
        key, place = variables.values[KEY_VARIABLE]
        notes.append(f"key from {KEY_VARIABLE} of {place}")
    if key is not None and (not key or not key.isascii() or any(c.isspace() or not c.isprintable() for c in key)):
        raise UsageError("the API key is empty, or has a space or a character that no header can carry")
    return RemoteEndpoint(base_url, key, model, tuple(notes))


def normalised(url: str, source: str) -> str:
    """Return a base URL as requests need it: with scheme, with `/v1` if it has no path. UsageError naming `source`."""
    text = url.strip() if "://" in url else f"http://{url.strip()}"
    if "@" in text.partition("://")[2].partition("/")[0]:
        raise UsageError(f"{source} holds a user or a password: a key is given apart, as --api-key or {KEY_VARIABLE}")
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        parts, usable = SplitResult("", "", "", "", ""), False
    if not usable or any(c.isspace() or not c.isprintable() for c in text):
        raise UsageError(f"{source} is {url}: must be like http://127.0.0.1:8000/v1")
    if parts.query or parts.fragment:
        raise UsageError(f"{source} is {url}: must have neither ? nor #")
    path = parts.path.rstrip("/")
    for end in _INTERFACES:
        path = path.removesuffix(end)
    return f"{parts.scheme}://{parts.netloc}{path or '/v1'}"


def is_loopback(host: str) -> bool:
    """Return whether a host name or address is this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified
