"""The published document (OpenAPI 3.1): made from a table of paths and the very types that validate bodies.

    DocumentedPath ...  --msgspec.json.schema_components-->  paths, components, responses with their headers

Rules of fields, what is required and what may be null come from the types. What stands here by hand is what no type
knows: what a status means, and which headers come with it. Source of the form: the OpenAPI Specification, version 3.1.
Used by `app`, with the tables of all interfaces. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

JSON = "application/json"
_EVENTS = "text/event-stream"
_A_NAME = {"type": "string", "minLength": 1}
_REFERENCE = "#/components/schemas/{name}"
_MEANINGS = {
    400: "The body breaks a rule, which the message names.",
    401: "The request has no API key, or a wrong one.",
    403: "The request comes from a web page of another origin, or by a name that this server does not go by.",
    404: "The path or the model does not exist.",
    405: "The path has no such method.",
    408: "The body came too slowly.",
    413: "The body is too large.",
    415: "The body is compressed.",
    429: "The queue is full.",
    500: "The answer failed.",
    501: "This version does not do it.",
    503: "The server is starting or stopping, or lost its workers.",
}
_HEADERS = {
    401: ("WWW-Authenticate", "Bearer", {"type": "string"}),
    405: ("Allow", "Methods of the path.", {"type": "string"}),
    429: ("Retry-After", "Seconds until a place is free.", {"type": "integer", "minimum": 1, "maximum": 120}),
    503: ("Retry-After", "Seconds.", {"type": "integer", "minimum": 1, "maximum": 120}),
}
ALWAYS = (403, 405, 500, 503)  # statuses of every path; 401 joins them where there are keys
WITH_BODY = (*ALWAYS, 400, 408, 413, 415)
ANSWERING = (*WITH_BODY, 404, 429)  # 404: a foreign model, where names are strict


@dataclass(frozen=True, slots=True)
class DocumentedPath:
    """One method of one path. `{name}` in a path is a parameter."""

    path: str
    method: str  # in lower case
    summary: str  # one sentence
    answers: Any  # type of the body of a 200; None: text
    error: Any  # type of the body of every other status
    asks: Any = None  # type of the request's body, or a tuple of which it must be one
    asks_media: str = JSON  # content type of the request's body
    query: Mapping[str, Any] | None = None  # parameters of the query, each with its schema; all may be absent
    chunks: Any = None  # type of what a streamed answer consists of
    stream: str | None = None  # content type of a streamed answer
    events: Sequence[str] = ("message", "error")  # names of a stream's events
    stream_end: str | None = None  # data of the last event of a stream of events
    media: str = JSON  # content type of the body of a 200
    statuses: Sequence[int] = ALWAYS
    open: bool = False  # needs no key, ever


def document(paths: Iterable[DocumentedPath], title: str, version: str, *, keyed: bool = False) -> bytes:
    """Return the document as JSON. `keyed`: requests need an API key."""
    rows = list(paths)
    kinds = list(dict.fromkeys(kind for row in rows for kind in _kinds(row)))
    references, components = msgspec.json.schema_components(kinds, ref_template=_REFERENCE)
    schemas = dict(zip(kinds, references, strict=True))
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        found.setdefault(row.path, {})[row.method] = _operation(row, schemas, keyed and not row.open)
    parts: dict[str, Any] = {"schemas": components}
    if keyed:
        parts["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    return msgspec.json.encode(
        {"openapi": "3.1.0", "info": {"title": title, "version": version}, "paths": found, "components": parts}
    )


def _kinds(row: DocumentedPath) -> list[Any]:
    asked = row.asks if isinstance(row.asks, tuple) else (row.asks,)
    return [kind for kind in (*asked, row.answers, row.chunks, row.error) if kind is not None]


def _operation(row: DocumentedPath, schemas: dict[Any, Any], keyed: bool) -> dict[str, Any]:
    words = re.findall(r"[a-z0-9]+", row.path)
    operation: dict[str, Any] = {"operationId": "_".join([row.method, *words]), "summary": row.summary}
    names = re.findall(r"{(\w+)}", row.path)
    if names or row.query:
        operation["parameters"] = [
            *({"name": name, "in": "path", "required": True, "schema": _A_NAME} for name in names),
            *({"name": name, "in": "query", "schema": schema} for name, schema in (row.query or {}).items()),
        ]
    if row.asks is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {row.asks_media: {"schema": _one_of(row.asks, schemas)}},
        }
    statuses = sorted({*row.statuses, *([401] if keyed else [])})
    error = {JSON: {"schema": schemas[row.error]}}
    operation["responses"] = {"200": _success(row, schemas), **{str(one): _refusal(one, error) for one in statuses}}
    if keyed:
        operation["security"] = [{"key": []}]
    return operation


def _one_of(asks: Any, schemas: dict[Any, Any]) -> Any:
    return {"anyOf": [schemas[kind] for kind in asks]} if isinstance(asks, tuple) else schemas[asks]


def _success(row: DocumentedPath, schemas: dict[Any, Any]) -> dict[str, Any]:
    content: dict[str, Any] = {
        row.media: {"schema": {"type": "string"} if row.answers is None else schemas[row.answers]}
    }
    if row.stream == _EVENTS:
        content[row.stream] = {"schema": _event(row, schemas)}
    elif row.stream is not None:
        content[row.stream] = {"schema": {"type": "string"}, "x-message-schema": schemas[row.chunks]}
    return {"description": row.summary, "content": content}


def _event(row: DocumentedPath, schemas: dict[Any, Any]) -> dict[str, Any]:
    """Return the schema of one event: before `itemSchema` of version 3.2 tools read it as that of each event."""
    message = {"anyOf": [schemas[row.chunks], schemas[row.error]]}
    told = {"type": "string", "contentMediaType": JSON, "contentSchema": message}
    return {
        "description": "One event of the stream; `error` is the last one of a stream that breaks off.",
        "type": "object",
        "properties": {
            "event": {"enum": list(row.events)},
            "data": told if row.stream_end is None else {"anyOf": [{"const": row.stream_end}, told]},
        },
        "required": ["data"],
    }


def _refusal(status: int, error: dict[str, Any]) -> dict[str, Any]:
    response: dict[str, Any] = {"description": _MEANINGS[status], "content": error}
    if status in _HEADERS:
        name, meaning, schema = _HEADERS[status]
        response["headers"] = {name: {"description": meaning, "schema": schema}}
    return response
