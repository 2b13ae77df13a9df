"""Whether an answer is complete, and the names of all ways in which it may not be. Pure.

An answer is complete if the response ended as its framing says, nothing in it was an error, a finish reason was told,
and it has output: text, reasoning, or a tool call. Servers and proxies cut streams in ways that leave a valid HTTP
response behind; only the finish reason tells these from whole answers. [DONE] is not asked for: it says nothing more.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

FINISHED = frozenset({"stop", "length", "tool_calls", "function_call", "content_filter"})


class FailureKind(StrEnum):
    """Ways in which a request fails."""

    CONNECT = "connect"  # no connection
    TIMEOUT = "timeout"  # the whole answer did not come in time
    DISCONNECTED = "disconnected"  # the connection was closed before an answer began
    CUT = "cut"  # it was closed in mid-answer
    HTTP_3XX = "http_3xx"
    HTTP_429 = "http_429"
    HTTP_4XX = "http_4xx"
    HTTP_5XX = "http_5xx"
    ERROR_IN_STREAM = "error_in_stream"  # status 200, then an error in place of the rest
    UNFINISHED = "unfinished"  # ended well by its framing, without a finish reason
    EMPTY = "empty"  # finished, without any output
    INVALID = "invalid"  # neither HTTP, JSON nor an event of this interface
    INTERRUPTED = "interrupted"  # we gave it up ourselves


@dataclass(frozen=True, slots=True)
class Failure:
    """A request that failed: how, and the words that explain it."""

    kind: FailureKind
    message: str


def of_status(status: int, message: str) -> Failure:
    """Return the failure that a status other than 200 is."""
    if status == 429:
        kind = FailureKind.HTTP_429
    elif 300 <= status < 400:
        kind = FailureKind.HTTP_3XX
    elif 400 <= status < 500:
        kind = FailureKind.HTTP_4XX
    else:
        kind = FailureKind.HTTP_5XX if status >= 500 else FailureKind.INVALID
    return Failure(kind, f"status {status}" + (f": {message}" if message else ""))


def judge(finish_reason: str | None, has_output: bool, error: str | None, invalid: str | None) -> Failure | None:
    """Return why an answer that ended by its framing is not complete; None if it is.

    `error`: what the server said in place of the rest; `invalid`: what could not be read.
    """
    if error is not None:
        return Failure(FailureKind.ERROR_IN_STREAM, error)
    if invalid is not None:
        return Failure(FailureKind.INVALID, invalid)
    if finish_reason not in FINISHED:
        told = "no finish reason" if not finish_reason else f"finish reason {finish_reason[:40]!r}"
        return Failure(FailureKind.UNFINISHED, f"the answer ended with {told}")
    if not has_output:
        return Failure(FailureKind.EMPTY, f"no text; finish reason {finish_reason}")
    return None
