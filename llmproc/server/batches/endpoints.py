"""The paths of files and batches over HTTP. Used by `app`; what they do is `runner`'s and `folder`'s."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from llmproc.server.batches.folder import new_file_name
from llmproc.server.batches.records import (
    BatchList,
    BatchObject,
    BatchRequest,
    FileDeleted,
    FileList,
    FileObject,
    FileUpload,
)
from llmproc.server.batches.runner import BatchRunner
from llmproc.server.batches.uploads import FormReader, boundary_of, read_form
from llmproc.server.body import JSON, read_body
from llmproc.server.limits import HttpLimits
from llmproc.server.one_line import one_line
from llmproc.server.refusals import RefusedError
from llmproc.server.validating import BodyReader, check_depth

_FILE_PAGE, _BATCH_PAGE = 10_000, 100  # at most
_BATCHES_BY_DEFAULT = 20


class _Named(Protocol):
    @property
    def id(self) -> str: ...


_One = TypeVar("_One", bound=_Named)


class BatchEndpoints:
    """Answers the requests of both interfaces."""

    def __init__(self, runner: BatchRunner, limits: HttpLimits) -> None:
        self._runner, self._limits = runner, limits
        self._body = BodyReader(BatchRequest)

    def routes(self) -> list[Route]:
        """Return the table of paths."""
        table: list[tuple[str, str, Callable[[Request], Any]]] = [
            ("/v1/files", "POST", self.upload),
            ("/v1/files", "GET", self.files),
            ("/v1/files/{name}", "GET", self.file),
            ("/v1/files/{name}", "DELETE", self.delete),
            ("/v1/files/{name}/content", "GET", self.content),
            ("/v1/batches", "POST", self.create),
            ("/v1/batches", "GET", self.batches),
            ("/v1/batches/{name}", "GET", self.batch),
            ("/v1/batches/{name}/cancel", "POST", self.cancel),
        ]
        return [Route(path, answer, methods=[method]) for path, method, answer in table]

    # -- files --------------------------------------------------------------------------------------------------------

    async def upload(self, request: Request) -> Response:
        """Take a file in."""
        folder, limits = self._runner.folder, self._runner.settings.limits
        boundary = boundary_of(request.scope, limits)
        folder.check_room()
        name = new_file_name()
        writing = folder.writing(name)
        with writing as file:
            form = FormReader(boundary, file, limits)
            await read_form(request.receive, form, limits)
            _check_fields(form.fields)
        filename = form.filename or "file"
        record = await asyncio.to_thread(folder.add_file, name, filename, "batch", int(self._runner.now()))
        return _answer(record)

    async def files(self, request: Request) -> Response:
        """List files, the newest first unless `order` is asc."""
        query = _query(request, "after", "limit", "order", "purpose")
        found = [one for one in self._runner.folder.files.values() if query.get("purpose", one.purpose) == one.purpose]
        if query.get("order", "desc") not in ("asc", "desc"):
            raise _refused("order", f"is {query['order'][:20]!r}: must be asc or desc")
        if query.get("order") != "asc":
            found.reverse()
        page, more = _page(found, query, _FILE_PAGE, _FILE_PAGE)
        first, last = _ends(page)
        return _answer(FileList(data=page, first_id=first, last_id=last, has_more=more))

    async def file(self, request: Request) -> Response:
        """Tell of one file."""
        return _answer(self._runner.folder.file(request.path_params["name"]))

    async def delete(self, request: Request) -> Response:
        """Remove one file."""
        name = request.path_params["name"]
        await asyncio.to_thread(self._runner.folder.delete_file, name)
        return _answer(FileDeleted(id=name))

    async def content(self, request: Request) -> Response:
        """Send the bytes of one file."""
        folder = self._runner.folder
        path = folder.content(folder.file(request.path_params["name"]).id)
        return FileResponse(path, media_type="application/octet-stream")

    # -- batches ------------------------------------------------------------------------------------------------------

    async def create(self, request: Request) -> Response:
        """Begin a batch."""
        asked = self._body.read(await read_body(request.scope, request.receive, self._limits))
        check_depth(asked.metadata, "metadata")
        return _answer(await self._runner.create(asked))

    async def batches(self, request: Request) -> Response:
        """List batches, the newest first."""
        query = _query(request, "after", "limit")
        names = list(self._runner.folder.batches)[::-1]
        found = [self._runner.get(name) for name in names]
        page, more = _page(found, query, _BATCH_PAGE, _BATCHES_BY_DEFAULT)
        first, last = _ends(page)
        return _answer(BatchList(data=page, first_id=first, last_id=last, has_more=more))

    async def batch(self, request: Request) -> Response:
        """Tell of one batch."""
        return _answer(self._runner.get(request.path_params["name"]))

    async def cancel(self, request: Request) -> Response:
        """Ask for the end of a batch."""
        return _answer(await self._runner.cancel(request.path_params["name"]))


def _answer(record: FileObject | FileList | FileDeleted | BatchObject | BatchList) -> Response:
    return Response(one_line(record), media_type=JSON)


def _check_fields(fields: dict[str, str]) -> None:
    """Check the parts of a form beside the file. RefusedError that names one."""
    for name in fields:
        if name not in FileUpload.__struct_fields__:
            code = "unknown_parameter"
            raise RefusedError(
                f"{name[:60]} is not supported: files stay until they are deleted", param=name[:60], code=code
            )
    purpose = fields.get("purpose")
    if purpose is None:
        raise RefusedError("purpose is missing: must be batch", param="purpose", code="missing_parameter")
    if purpose != "batch":
        raise _refused("purpose", f"is {purpose[:60]!r}: must be batch")


def _query(request: Request, *names: str) -> dict[str, str]:
    """Return the parameters of a query. RefusedError for an unknown one."""
    found = dict(request.query_params)
    for name in found:
        if name not in names:
            raise RefusedError(f"{name[:60]} is unknown here", param=name[:60], code="unknown_parameter")
    return found


def _page(found: Sequence[_One], query: dict[str, str], most: int, default: int) -> tuple[list[_One], bool]:
    """Return a page of a list, and whether more comes after it. RefusedError for its bounds."""
    text = query.get("limit", str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 9 and 1 <= int(text) <= most):
        raise _refused("limit", f"is {text[:20]!r}: must be from 1 to {most}")
    start = 0
    if "after" in query:
        start = next((place + 1 for place, one in enumerate(found) if one.id == query["after"]), -1)
        if start < 0:
            raise _refused("after", f"is {query['after'][:60]!r}: must be an id of this list")
    page = list(found[start : start + int(text)])
    return page, start + len(page) < len(found)


def _ends(page: Sequence[_Named]) -> tuple[str | None, str | None]:
    return (page[0].id, page[-1].id) if page else (None, None)


def _refused(name: str, problem: str) -> RefusedError:
    return RefusedError(f"{name} {problem}", param=name, code="invalid_value")
