"""An uploaded file: a multipart form, read as it comes, its file written to the disk and never held in memory.

    receive --> MultipartParser (python-multipart) --> FormReader: fields, bounded; the file's bytes --> BinaryIO

Source of the form: RFC 7578. Used by the endpoints.
"""

from __future__ import annotations

import asyncio
import logging
from typing import BinaryIO

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.datastructures import Headers
from starlette.types import Receive, Scope

from llmproc.server.batches.limits import BatchLimits
from llmproc.server.body import ClientGoneError
from llmproc.server.refusals import RefusedError

MAX_FILE_NAME = 255
# It warns of every form that breaks a rule: the client is told, and the server's standard error is not for clients.
logging.getLogger("python_multipart").setLevel(logging.CRITICAL + 1)


class FormReader:
    """One form: what its parts are. `filename`: of the file, None while it has not come."""

    def __init__(self, boundary: bytes, file: BinaryIO, limits: BatchLimits) -> None:
        self.fields: dict[str, str] = {}
        self.filename: str | None = None
        self.size = 0  # bytes of the file
        self._file, self._limits = file, limits
        self._beside = 0  # bytes of everything else
        self._header, self._value = bytearray(), bytearray()
        self._name = ""
        self._in_file = self._ended = False
        self._part = bytearray()
        self._disposition = b""
        self._parser = MultipartParser(boundary, {
            "on_part_begin": self._begin_part, "on_header_field": self._field, "on_header_value": self._more_value,
            "on_header_end": self._end_header, "on_headers_finished": self._headers, "on_part_data": self._data,
            "on_part_end": self._end_part, "on_end": self._end,
        })  # fmt: skip

    def feed(self, data: bytes) -> None:
        """Take a piece of the body. RefusedError for what breaks a rule."""
        if self._ended:  # RFC 2046: what comes after the last boundary is ignored
            self._count(len(data))
            return
        try:
            self._parser.write(data)
        except FormParserError:
            raise _refused("is not multipart/form-data as its boundary says") from None

    def finish(self) -> None:
        """Check that it is whole. RefusedError."""
        if not self._ended:
            raise _refused("ends before its last boundary")
        if self.filename is None:
            raise RefusedError("file is missing: the form must have one", param="file", code="missing_parameter")

    # -- callbacks of the parser --------------------------------------------------------------------------------------

    def _begin_part(self) -> None:
        self._part, self._disposition, self._in_file = bytearray(), b"", False

    def _field(self, data: bytes, start: int, end: int) -> None:
        self._count(end - start)
        self._header += data[start:end]

    def _more_value(self, data: bytes, start: int, end: int) -> None:
        self._count(end - start)
        self._value += data[start:end]

    def _end_header(self) -> None:
        if bytes(self._header).lower() == b"content-disposition":
            self._disposition = bytes(self._value)
        self._header, self._value = bytearray(), bytearray()

    def _headers(self) -> None:
        _, options = parse_options_header(self._disposition.decode("latin-1"))
        self._name = _text(options.get(b"name", b""), "a part's name")
        if not self._name:
            raise _refused("has a part without a name")
        if self._name == "file":
            if self.filename is not None:
                raise RefusedError("file is given twice", param="file", code="invalid_value")
            self._in_file = True
            self.filename = _text(options.get(b"filename", b"file"), "the file's name")[:MAX_FILE_NAME]
        elif self._name in self.fields:
            raise RefusedError(f"{self._name[:60]} is given twice", param=self._name[:60], code="invalid_value")

    def _data(self, data: bytes, start: int, end: int) -> None:
        if not self._in_file:
            self._count(end - start)
            self._part += data[start:end]
            return
        self.size += end - start
        if self.size > self._limits.file_bytes:
            raise _too_large(self._limits)
        self._file.write(data[start:end])

    def _end_part(self) -> None:
        if not self._in_file:
            self.fields[self._name] = _text(bytes(self._part), self._name[:60])

    def _end(self) -> None:
        self._ended = True

    def _count(self, size: int) -> None:
        self._beside += size
        if self._beside > self._limits.form_bytes:
            raise RefusedError(f"the form has more than {self._limits.form_bytes} bytes beside its file", 413)


def boundary_of(scope: Scope, limits: BatchLimits) -> bytes:
    """Return the boundary of a form from the request's headers. RefusedError 400, 413 or 415."""
    headers = Headers(scope=scope)
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise RefusedError("a compressed body cannot be read: send it as it is", 415)
    if int(headers.get("content-length", 0)) > limits.file_bytes + 2 * limits.form_bytes:
        raise _too_large(limits)
    kind, options = parse_options_header(headers.get("content-type", ""))
    boundary = options.get(b"boundary", b"")
    if kind != b"multipart/form-data" or not 1 <= len(boundary) <= 70:  # 70: RFC 2046
        raise _refused("must be multipart/form-data with a boundary, with the parts purpose and file")
    return boundary


async def read_form(receive: Receive, form: FormReader, limits: BatchLimits) -> None:
    """Read a form to its end. RefusedError 400, 408 or 413; ClientGoneError."""
    try:
        async with asyncio.timeout(limits.upload_s):
            while True:
                async with asyncio.timeout(limits.stalled_s):
                    message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientGoneError
                form.feed(message.get("body", b""))
                if not message.get("more_body", False):
                    return form.finish()
    except TimeoutError:
        raise RefusedError("the file did not arrive in time", 408) from None


def _text(data: bytes, what: str) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise _refused(f"is not UTF-8 in {what}") from None


def _refused(problem: str) -> RefusedError:
    return RefusedError(f"the form {problem}", code="invalid_form")


def _too_large(limits: BatchLimits) -> RefusedError:
    return RefusedError(f"the file has more than {limits.file_bytes} bytes", 413, param="file", code="body_too_large")
