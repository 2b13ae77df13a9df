"""The files of the page as HTTP answers: read once, sent with a fixed type and a policy that lets only them run.

    GET /  Accept: text/html   index.html           GET /page/NAME   a file of this folder
    GET /  anything else       "Ollama is running": Ollama's clients look for these words

Used by `app`. Names are looked up in a table made at the start, so no path reaches the file system.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

PREFIX = "/page/"
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
# Scripts, styles and requests: this server's alone. Nothing written into the page can run, and no site can frame it.
POLICY = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"
HEADERS = {
    "cache-control": "no-cache",  # may be kept, and is asked about each time: a new version shows at once
    "content-security-policy": POLICY,
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class PageFile:
    """A file of the page, ready to be sent."""

    body: bytes
    media_type: str
    etag: str


def read_page() -> dict[str, PageFile]:
    """Return the page's files by their names below this folder (`vendor/uPlot.esm.js`)."""
    return {name: _page_file(path) for name, path in _files(resources.files("llmproc.server.page"), "")}


def page_routes(other: Callable[[Request], Awaitable[Response]]) -> list[Route]:
    """Return the routes of the page. `other`: answers GET / for those who do not ask for HTML."""
    files = read_page()

    async def root(request: Request) -> Response:
        if wants_html(request.headers.get("accept", "")):
            answer = _answer(files["index.html"], request)
        else:
            answer = await other(request)
        answer.headers["vary"] = "Accept"
        return answer

    async def file(request: Request) -> Response:
        found = files.get(request.path_params["name"])
        if found is None:
            raise HTTPException(404)
        return _answer(found, request)

    return [Route("/", root, methods=("GET",)), Route(PREFIX + "{name:path}", file, methods=("GET",))]


def wants_html(accept: str) -> bool:
    """Return whether an Accept header names text/html, as browsers' do; `*/*` does not."""
    for part in accept.lower().split(","):
        kind, *parameters = (each.strip() for each in part.split(";"))
        if kind == "text/html":
            return not any(each.startswith("q=") and not each[2:].strip("0.") for each in parameters)
    return False


def _files(folder: Traversable, above: str) -> Iterator[tuple[str, Traversable]]:
    for path in folder.iterdir():
        if path.is_dir():
            yield from _files(path, f"{above}{path.name}/")
        elif _ending(path.name) in TYPES:
            yield above + path.name, path


def _page_file(path: Traversable) -> PageFile:
    body = path.read_bytes()
    return PageFile(body, TYPES[_ending(path.name)], f'"{hashlib.sha256(body).hexdigest()[:24]}"')


def _ending(name: str) -> str:
    return name[name.rfind(".") :]


def _answer(file: PageFile, request: Request) -> Response:
    headers = {**HEADERS, "etag": file.etag}
    known = [each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")]
    if file.etag in known:
        return Response(status_code=304, headers=headers)
    return Response(file.body, headers={**headers, "content-type": file.media_type})
