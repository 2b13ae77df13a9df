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
from starlette.routing import Route
from starlette.types import ASGIApp

from llmproc import __version__
from llmproc.server.body import JSON, read_body, refusal_headers
from llmproc.server.dialect import Dialect, Errors
from llmproc.server.guards import Access, Guards
from llmproc.server.metrics.server_metrics import ServerMetrics
from llmproc.server.ollama import pages
from llmproc.server.ollama.asking import ServedModel
from llmproc.server.ollama.card import OllamaCard
from llmproc.server.ollama.dialects import OllamaChat, OllamaGenerate
from llmproc.server.ollama.refusals import NOT_SUPPORTED, OllamaErrors, not_supported
from llmproc.server.openai.dialects import ChatDialect, CompletionDialect
from llmproc.server.openai.errors import OpenAIErrors
from llmproc.server.openai.models import model_card, model_list
from llmproc.server.openai.tokenizing import Tokenizing
from llmproc.server.published import published_document
from llmproc.server.refusals import RefusedError
from llmproc.server.responding import Endpoint, Responder
from llmproc.session.model_files import ModelFiles

_log = logging.getLogger("llmproc.server")
_OPENAI, _OLLAMA = OpenAIErrors(), OllamaErrors()
_GET, _POST = ("GET",), ("POST",)


@dataclass(frozen=True, slots=True)
class Place:
    """What the paths need to know of the server they are served by."""

    files: ModelFiles
    responder: Responder
    metrics: ServerMetrics
    card: OllamaCard
    access: Access
    ready: Callable[[], bool]  # whether an answer would come now


def make_app(place: Place) -> ASGIApp:
    """Return the whole ASGI application."""
    routes = [*_answering(place), *_openai(place), *_ollama(place), *_own(place)]
    app = Starlette(
        routes=routes,
        exception_handlers={RefusedError: _refused(place), HTTPException: _refused(place), Exception: _failed(place)},
    )
    app.router.redirect_slashes = False
    limits, told = place.responder.limits, place.responder.reporter.refused
    return Guards(app, place.access, errors_of, told, limits.head_bytes)


def errors_of(path: str) -> Errors:
    """Return how the interface that a path belongs to words what went wrong."""
    return _OLLAMA if path.startswith("/api/") else _OPENAI


# -- the table ------------------------------------------------------------------------------------------------------


def _answering(place: Place) -> list[Route]:
    tokenizer = place.files.tokenizer
    served = ServedModel.of(place.files, place.responder.about.context)
    dialects: dict[str, Dialect] = {
        "/v1/chat/completions": ChatDialect(tokenizer),
        "/v1/completions": CompletionDialect(tokenizer),
        "/api/chat": OllamaChat(served),
        "/api/generate": OllamaGenerate(served),
    }
    return [Route(path, Endpoint(dialect, place.responder), methods=_POST) for path, dialect in dialects.items()]


def _openai(place: Place) -> list[Route]:
    about, names, started = place.responder.about, place.responder.names.listed, int(time.time())
    tokenizing = Tokenizing(place.files.tokenizer, place.files.template, about.context)
    return [
        Route("/v1/models", _json(lambda request: model_list(names, started, about.context)), methods=_GET),
        Route(
            "/v1/models/{name:path}",
            _json(lambda request: model_card(request.path_params["name"], names, started, about.context)),
            methods=_GET,
        ),
        Route("/tokenize", _of_body(place, tokenizing.tokenize), methods=_POST),
        Route("/detokenize", _of_body(place, tokenizing.detokenize), methods=_POST),
    ]


def _ollama(place: Place) -> list[Route]:
    card = place.card

    def show(body: bytes) -> bytes:
        place.responder.names.judge(pages.shown_model(body))
        return pages.show(card)

    def refuse(path: str) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            raise not_supported(path)

        return answer

    return [
        Route("/api/tags", _json(lambda request: pages.tags(card)), methods=_GET),
        Route("/api/ps", _json(lambda request: pages.processes(card)), methods=_GET),
        Route("/api/version", _json(lambda request: pages.version(__version__)), methods=_GET),
        Route("/api/show", _of_body(place, show), methods=_POST),
        *(Route(path, refuse(path), methods=methods) for path, methods in NOT_SUPPORTED.items()),
    ]


def _own(place: Place) -> list[Route]:
    async def root(request: Request) -> Response:
        return PlainTextResponse(pages.ROOT)

    async def live(request: Request) -> Response:
        return Response(b'{"status":"alive"}', media_type=JSON)

    async def health(request: Request) -> Response:
        ready = place.ready()
        body = b'{"status":"ready"}' if ready else b'{"status":"not ready"}'
        return Response(body, 200 if ready else 503, media_type=JSON)

    async def metrics(request: Request) -> Response:
        body, media_type = await asyncio.to_thread(place.metrics.render, request.headers.get("accept", ""))
        return Response(body, headers={"content-type": media_type})

    async def workers(request: Request) -> Response:
        records = await asyncio.to_thread(place.metrics.workers)
        return Response(msgspec.json.encode({"workers": records}), media_type=JSON)

    document = published_document(place.responder.about, bool(place.access.keys))
    paths = {"/": root, "/live": live, "/health": health, "/metrics": metrics, "/workers": workers}
    return [
        *(Route(path, answer, methods=_GET) for path, answer in paths.items()),
        Route("/openapi.json", _json(lambda request: document), methods=_GET),
    ]


# -- kinds of answers -----------------------------------------------------------------------------------------------


def _json(document: Callable[[Request], bytes]) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        return Response(document(request), media_type=JSON)

    return answer


def _of_body(place: Place, answer_to: Callable[[bytes], bytes]) -> Callable[[Request], Awaitable[Response]]:
    """Return an endpoint whose answer follows from the body alone; it is computed in a thread."""

    async def answer(request: Request) -> Response:
        body = await read_body(request.scope, request.receive, place.responder.limits)
        return Response(await asyncio.to_thread(answer_to, body), media_type=JSON)

    return answer


def _refused(place: Place) -> Callable[[Request, Exception], Response]:
    def answer(request: Request, error: Exception) -> Response:
        path, headers = request.url.path, {}
        if isinstance(error, HTTPException):  # the router's own: no such path, or another method
            headers = dict(error.headers or {})
            what = f"{request.method} {path[:100]}"
            reason = "there is no such path" if error.status_code == 404 else error.detail
            error = RefusedError(f"{what}: {reason}", error.status_code, code="unknown_path")
        assert isinstance(error, RefusedError)
        place.responder.reporter.refused(error, path)
        dialect = errors_of(path)
        return Response(
            dialect.refusal(error), dialect.status(error), {**headers, **refusal_headers(error)}, media_type=JSON
        )

    return answer


def _failed(place: Place) -> Callable[[Request, Exception], Response]:
    """Return what answers a mistake of ours: one line for the client, the rest for whoever reads the log."""

    def answer(request: Request, error: Exception) -> Response:
        _log.error("%s %s", request.method, request.url.path, exc_info=error)
        refused = RefusedError("the server made a mistake; its log has the details", 500, code="internal_error")
        place.responder.reporter.refused(refused, request.url.path)
        return Response(errors_of(request.url.path).refusal(refused), 500, media_type=JSON)

    return answer
