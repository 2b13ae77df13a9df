"""The table of paths: which dialect or document answers what. Small documents are answered here, answers elsewhere.

    guards -> router -> Endpoint (answers)  |  a document: models, health, metrics, ...  |  a refusal in its dialect

Used by `apps/serve`. What a path is in the published document stands in openai/paths.py and ollama/paths.py.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp

from llmproc import __version__
from llmproc.files.escaping import one_line
from llmproc.server.batches.endpoints import BatchEndpoints
from llmproc.server.batches.runner import BatchRunner
from llmproc.server.body import JSON, ClientGoneError, read_body, refusal_headers
from llmproc.server.dialect import Dialect
from llmproc.server.guards import Access, Guards
from llmproc.server.interfaces import errors_of
from llmproc.server.metrics.server_metrics import ServerMetrics
from llmproc.server.ollama import pages
from llmproc.server.ollama.asking import ServedModel
from llmproc.server.ollama.card import OllamaCard
from llmproc.server.ollama.dialects import OllamaChat, OllamaGenerate
from llmproc.server.ollama.refusals import NOT_SUPPORTED, not_supported
from llmproc.server.openai.dialects import openai_dialects
from llmproc.server.openai.models import model_card, model_list
from llmproc.server.openai.tokenizing import Tokenizing
from llmproc.server.page.page_files import page_routes
from llmproc.server.published import published_document
from llmproc.server.refusals import RefusedError
from llmproc.server.responding import Endpoint, Responder
from llmproc.session.model_files import ModelFiles

_log = logging.getLogger("llmproc.server")
_GET, _POST = ("GET",), ("POST",)


@dataclass(frozen=True, slots=True)
class ServedParts:
    """The parts of a server that its paths need."""

    files: ModelFiles
    responder: Responder
    metrics: ServerMetrics
    card: OllamaCard
    batches: BatchRunner
    access: Access
    ready: Callable[[], bool]  # whether an answer would come now


def make_app(parts: ServedParts) -> ASGIApp:
    """Return the whole ASGI application."""
    endpoints = BatchEndpoints(parts.batches, parts.responder.limits)
    routes = [*_answering(parts), *_openai(parts), *endpoints.routes(), *_ollama(parts), *_own(parts)]
    app = Starlette(
        routes=routes,
        exception_handlers={
            RefusedError: _refused(parts),
            HTTPException: _refused(parts),
            ClientGoneError: _told_nobody,
            Exception: _failed(parts),
        },
    )
    app.router.redirect_slashes = False
    limits, told = parts.responder.limits, parts.responder.reporter.refused
    return Guards(app, parts.access, errors_of, told, limits.head_bytes)


# -- the table ------------------------------------------------------------------------------------------------------


def _answering(parts: ServedParts) -> list[Route]:
    tokenizer = parts.files.tokenizer
    served = ServedModel.of(parts.files, parts.responder.about.context)
    dialects: dict[str, Dialect] = {
        **openai_dialects(tokenizer),
        "/api/chat": OllamaChat(served),
        "/api/generate": OllamaGenerate(served),
    }
    return [Route(path, Endpoint(dialect, parts.responder), methods=_POST) for path, dialect in dialects.items()]


def _openai(parts: ServedParts) -> list[Route]:
    about, names, started = parts.responder.about, parts.responder.names.listed, int(time.time())
    tokenizing = Tokenizing(parts.files.tokenizer, parts.files.template, about.context)
    return [
        Route("/v1/models", _json(lambda request: model_list(names, started, about.context)), methods=_GET),
        Route(
            "/v1/models/{name:path}",
            _json(lambda request: model_card(request.path_params["name"], names, started, about.context)),
            methods=_GET,
        ),
        Route("/v1/responses/{name}", _no_response, methods=("GET", "DELETE")),
        Route("/v1/responses/{name}/{what}", _no_response, methods=("GET", "POST")),
        Route("/tokenize", _of_body(parts, tokenizing.tokenize), methods=_POST),
        Route("/detokenize", _of_body(parts, tokenizing.detokenize), methods=_POST),
    ]


def _ollama(parts: ServedParts) -> list[Route]:
    card = parts.card

    def show(body: bytes) -> bytes:
        parts.responder.names.judge(pages.shown_model(body))
        return pages.show(card)

    def refuse(path: str) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            raise not_supported(path)

        return answer

    return [
        Route("/api/tags", _json(lambda request: pages.tags(card)), methods=_GET),
        Route("/api/ps", _json(lambda request: pages.processes(card)), methods=_GET),
        Route("/api/version", _json(lambda request: pages.version(__version__)), methods=_GET),
        Route("/api/show", _of_body(parts, show), methods=_POST),
        *(Route(path, refuse(path), methods=methods) for path, methods in NOT_SUPPORTED.items()),
    ]


def _own(parts: ServedParts) -> list[Route]:
    async def root(request: Request) -> Response:
        return PlainTextResponse(pages.ROOT)

    async def live(request: Request) -> Response:
        return Response(b'{"status":"alive"}', media_type=JSON)

    async def health(request: Request) -> Response:
        if parts.ready():
            return Response(b'{"status":"ready"}', media_type=JSON)
        return Response(b'{"status":"not ready"}', 503, {"retry-after": "1"}, media_type=JSON)

    async def metrics(request: Request) -> Response:
        body, media_type = await asyncio.to_thread(parts.metrics.render, request.headers.get("accept", ""))
        return Response(body, headers={"content-type": media_type})

    async def workers(request: Request) -> Response:
        found = await asyncio.to_thread(parts.metrics.workers)
        return Response(msgspec.json.encode(found), media_type=JSON)

    document = published_document(parts.responder.about, bool(parts.access.keys))
    paths = {"/live": live, "/health": health, "/metrics": metrics, "/workers": workers}
    return [
        *page_routes(root),
        *(Route(path, answer, methods=_GET) for path, answer in paths.items()),
        Route("/openapi.json", _json(lambda request: document), methods=_GET),
    ]


# -- kinds of answers -----------------------------------------------------------------------------------------------


def _json(document: Callable[[Request], bytes]) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        return Response(document(request), media_type=JSON)

    return answer


def _of_body(parts: ServedParts, answer_to: Callable[[bytes], bytes]) -> Callable[[Request], Awaitable[Response]]:
    """Return an endpoint whose answer follows from the body alone; it is computed in a thread."""

    async def answer(request: Request) -> Response:
        body = await read_body(request.scope, request.receive, parts.responder.limits)
        return Response(await asyncio.to_thread(answer_to, body), media_type=JSON)

    return answer


async def _no_response(request: Request) -> Response:
    what = one_line(request.path_params["name"][:100])
    raise RefusedError(f"the response {what} does not exist: this server stores none", 404, code="response_not_found")


def _refused(parts: ServedParts) -> Callable[[Request, Exception], Response]:
    def answer(request: Request, error: Exception) -> Response:
        path, headers = request.scope["path"], {}  # not its `url`, which a strange Host may break
        if isinstance(error, HTTPException):  # the router's own: no such path, or another method
            headers = dict(error.headers or {})
            if error.status_code == 405:
                headers["Allow"] = ", ".join(_methods_of(request))
            what = one_line(f"{request.method[:20]} {path[:100]}")
            reason = "unknown path" if error.status_code == 404 else error.detail
            error = RefusedError(f"{what}: {reason}", error.status_code, code="unknown_path")
        assert isinstance(error, RefusedError)
        parts.responder.reporter.refused(error, path)
        dialect = errors_of(path)
        return Response(
            dialect.refusal(error), dialect.status(error), {**headers, **refusal_headers(error)}, media_type=JSON
        )

    return answer


def _methods_of(request: Request) -> list[str]:
    """Return the methods of a request's path, of all routes that it has: the router knows those of the first alone."""
    routes = (route for route in request.app.routes if isinstance(route, Route))
    found = (route.methods or () for route in routes if route.matches(request.scope)[0] is not Match.NONE)
    return sorted({method for methods in found for method in methods})


def _told_nobody(request: Request, error: Exception) -> Response:
    """Return what is sent to a client that has gone: nothing of it arrives."""
    return Response(status_code=400)


def _failed(parts: ServedParts) -> Callable[[Request, Exception], Response]:
    """Return what answers a mistake of ours: one line for the client, the rest for the log."""

    def answer(request: Request, error: Exception) -> Response:
        path = request.scope["path"]
        _log.error("%s", one_line(f"{request.method[:20]} {path[:100]}"), exc_info=error)
        refused = RefusedError("the server made a mistake; its log has the details", 500, code="internal_error")
        parts.responder.reporter.refused(refused, path)
        return Response(errors_of(path).refusal(refused), 500, media_type=JSON)

    return answer
