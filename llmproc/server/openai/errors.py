"""How OpenAI's interface words what went wrong: before the first byte, and in the middle of a stream.

Source of the shape: OpenAI's API reference, and what its official clients look for: an event named `error`, whose data
has an object `error`. Used by the dialects and by the paths under /v1. Pure.
"""

from __future__ import annotations

import msgspec

from llmproc.server.one_line import one_line
from llmproc.server.refusals import RefusedError


class ErrorDetail(msgspec.Struct):
    """A refusal or a failure. `param`: the field at fault; `code`: a short word for programs."""

    message: str
    type: str
    param: str | None
    code: str | None


class ErrorAnswer(msgspec.Struct):
    """The body of every response that refuses."""

    error: ErrorDetail


class OpenAIErrors:
    """OpenAI's wording."""

    def status(self, error: RefusedError) -> int:
        """Return the status of the response: the error's own."""
        return error.status

    def refusal(self, error: RefusedError) -> bytes:
        """Return the JSON body of a response with the error's status."""
        return error_body(error.message, error.kind, error.param, error.code)


def error_body(message: str, kind: str, param: str | None, code: str | None) -> bytes:
    """Return the JSON body of a refusal. `kind`: OpenAI's `type`; `param`: the field at fault."""
    return one_line(ErrorAnswer(ErrorDetail(message, kind, param, code)))


def broken_stream(message: str) -> bytes:
    """Return the event after which a stream ends without [DONE]. Clients tell it by its name or by its data."""
    return b"event: error\ndata: %b\n\n" % error_body(message, "server_error", None, "request_failed")
