"""A server that sends the real page and answers it by a script: slow streams, cut ones, refusals, workers that die."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

from server.http_serving import http_server
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from llmproc.server.page.page_files import page_routes


def chunk(text: str = "", finish: str | None = None, **more: Any) -> bytes:
    """A chunk of a streamed chat completion. `reasoning=...` instead of text; others stand in the chunk itself."""
    reasoning = more.pop("reasoning", None)
    delta = {"content": text} if text else {"reasoning_content": reasoning} if reasoning else {}
    document = {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more}
    return f"data: {json.dumps(document)}\n\n".encode()


USAGE = b'data: {"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":3,"total_tokens":12}}\n\n'
DONE = b"data: [DONE]\n\n"
ENDING = [chunk(finish="stop", seed=7), USAGE, DONE]


@dataclass(frozen=True)
class ScriptedAnswer:
    """What one question gets: bytes that are sent, events that are waited for. `cut`: without the end of the body."""

    parts: list[bytes | threading.Event]
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False


def refusal(status: int, message: str, **headers: str) -> ScriptedAnswer:
    """A refusal, in OpenAI's words."""
    return ScriptedAnswer([json.dumps({"error": {"message": message}}).encode()], status, headers)


def worker(slot: int, pid: int, **more: Any) -> dict[str, Any]:
    """A record of /workers, as far as the page reads it."""
    return {
        "slot": slot, "pid": pid, "state": "ready" if pid else "empty", "requests": 0, "queue": 0,
        "pss_bytes": 15_700_000,
        "cpu_s": {"user": 0.0, "system": 0.0, "wait": 0.0} if pid else dict.fromkeys(("user", "system", "wait")),
        "ranks": 1, "ranks_in_use": 1, "restarts": 0, "tokens": 0, "tokens_at": 0.0, **more,
    }  # fmt: skip


class ScriptedServer:
    """The script, and what was asked. `key`: that is wanted; `slow_s`: that a look at the workers takes."""

    def __init__(self) -> None:
        self.answers: deque[ScriptedAnswer] = deque()
        self.asked: list[dict[str, Any]] = []
        self.gone = 0  # clients that left in the middle of an answer
        self.workers = [worker(0, 108), worker(1, 110)]
        self.cpu_per_s = {"user": 0.0, "system": 0.0, "wait": 0.0}  # of every worker, in seconds, from now on
        self._used, self._told_at = dict(self.cpu_per_s), 0.0
        self.key, self.slow_s, self.down = "", 0.0, False
        self.looks: list[float] = []
        self.looking = self.most_looking = 0
        self.url = ""

    async def told(self, request: Request) -> Response:
        """Answer /workers."""
        self.looks.append(time.monotonic())
        self.looking += 1
        self.most_looking = max(self.most_looking, self.looking)
        await asyncio.sleep(self.slow_s)
        self.looking -= 1
        if self.down:
            return JSONResponse({"error": {"message": "no memory"}}, 503)
        if self.key and request.headers.get("authorization") != f"Bearer {self.key}":
            return JSONResponse({"error": {"message": "a valid API key is needed"}}, 401)
        t = time.monotonic()
        self._used = {name: used + self.cpu_per_s[name] * (t - self._told_at) for name, used in self._used.items()}
        self._told_at = t
        told = [{**each, **({"cpu_s": self._used} if each["pid"] else {})} for each in self.workers]
        main = {"pid": 5, "cpu_s": {"user": 1.0, "system": 0.5, "wait": 0.0}, "pss_bytes": 38_500_000}
        requests = {"running": 2, "waiting": 3, "admitted": 5, "limit": 264}
        return JSONResponse({"t": t, "model": "scripted", "requests": requests, "main": main, "workers": told})

    async def chat(self, request: Request) -> Response:
        """Answer a question."""
        self.asked.append(await request.json())
        script = self.answers.popleft()
        if script.status != 200:
            return Response(
                b"".join(part for part in script.parts if isinstance(part, bytes)), script.status, script.headers
            )
        return StreamingResponse(self._sent(script, request), media_type="text/event-stream")

    async def _sent(self, script: ScriptedAnswer, request: Request) -> AsyncIterator[bytes]:
        try:
            for part in script.parts:
                if isinstance(part, bytes):
                    yield part
                while isinstance(part, threading.Event) and not part.is_set():
                    await asyncio.sleep(0.005)
                    if await request.is_disconnected():
                        raise asyncio.CancelledError
            if script.cut:
                raise ConnectionAbortedError
        except asyncio.CancelledError:
            self.gone += 1


@contextlib.contextmanager
def scripted_server() -> Iterator[ScriptedServer]:
    """Serve the page with a script."""
    script = ScriptedServer()

    async def other(request: Request) -> Response:
        return PlainTextResponse("Ollama is running")

    app = Starlette(
        routes=[
            *page_routes(other),
            Route("/workers", script.told),
            Route("/v1/chat/completions", script.chat, methods=["POST"]),
        ]
    )
    with http_server(app) as port:
        script.url = f"http://127.0.0.1:{port}/"
        yield script
