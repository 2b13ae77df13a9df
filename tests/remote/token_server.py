"""A server of OpenAI's interface that answers at a given speed, as a process: sleeps for each token, no model.

    python token_server.py '{"token_s": 0.005, "log": "requests.jsonl", ...}'

Prints its port. Every request is one line in the log when it has come, and one when it has ended. Answers say what was
asked, so that each can be judged. Faults are for requests by their number, from 1:
{"faults": {"3": "refuse"}}; `always`: for all. `at_once`: requests that sleep at the same time; others wait.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from typing import Any

DEFAULTS: dict[str, Any] = {
    "token_s": 0.001, "log": os.devnull, "faults": {}, "always": "", "model": "stub", "port": 0, "at_once": 1 << 20,
}  # fmt: skip


class TokenServer:
    """One server; see the module."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.settings = {**DEFAULTS, **settings}
        self._count = 0
        self._log = open(self.settings["log"], "a", buffering=1)  # noqa: SIM115  # it lives as long as the process
        self._places = asyncio.Semaphore(self.settings["at_once"])

    def note(self, **what: Any) -> None:
        self._log.write(json.dumps(what) + "\n")

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while await self._exchange(reader, writer):
                pass
        writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        path = head.split()[1]
        lengths = [line.split(":")[1] for line in head.split("\r\n") if line.lower().startswith("content-length:")]
        body = await reader.readexactly(int(lengths[0])) if lengths else b""
        if path.endswith("/models"):
            await self._whole(writer, 200, {"object": "list", "data": [{"id": self.settings["model"]}]})
            return True
        self._count += 1
        number, asked = self._count, json.loads(body)
        self.note(number=number, path=path, body=asked, key=_header(head, "authorization"))
        fault = self.settings["faults"].get(str(number)) or self.settings["always"]
        try:
            async with self._places:
                return await self._answer(writer, asked, fault)
        finally:
            self.note(ended=number)

    async def _answer(self, writer: asyncio.StreamWriter, asked: dict[str, Any], fault: str) -> bool:
        if fault in ("400", "429", "500", "503"):
            await self._whole(writer, int(fault), {"error": {"message": f"said {fault}"}}, b"Retry-After: 1\r\n")
            return True
        if fault == "die":
            os._exit(9)
        if fault == "close":
            return False
        await self._stream(writer, asked, fault)
        return fault != "cut"

    async def _whole(self, writer: asyncio.StreamWriter, status: int, found: Any, more: bytes = b"") -> None:
        body = json.dumps(found).encode()
        length = b"Content-Length: %d\r\n" % len(body)
        head = b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\n" % status
        writer.write(head + length + more + b"\r\n" + body)
        await writer.drain()

    async def _stream(self, writer: asyncio.StreamWriter, asked: dict[str, Any], fault: str) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        tokens = int(asked["max_tokens"])
        words = said(asked, self.settings["model"])
        for number in range(tokens):
            await asyncio.sleep(self.settings["token_s"])
            if fault == "cut" and number == tokens // 2:
                return
            if fault == "error" and number == tokens // 2:
                self._event(writer, {"error": {"message": "broke"}})
                break
            text = words[number] if number < len(words) else " and"
            await self._chunk(writer, asked, text, None)
        else:
            await self._chunk(writer, asked, None, "length")
            usage = {"prompt_tokens": 3, "completion_tokens": tokens, "total_tokens": tokens + 3}
            self._event(writer, {"choices": [], "usage": usage})
            writer.write(_chunked(b"data: [DONE]\n\n"))
        writer.write(b"0\r\n\r\n")
        await writer.drain()

    async def _chunk(
        self, writer: asyncio.StreamWriter, asked: dict[str, Any], text: str | None, reason: str | None
    ) -> None:
        said = {"text": text or ""} if "prompt" in asked else {"delta": {"content": text} if text else {}}
        self._event(writer, {"choices": [{"index": 0, **said, "finish_reason": reason}]})
        await writer.drain()

    def _event(self, writer: asyncio.StreamWriter, found: dict[str, Any]) -> None:
        writer.write(_chunked(f"data: {json.dumps({'model': self.settings['model'], **found})}\n\n".encode()))


def said(asked: dict[str, Any], model: str) -> list[str]:
    """The first tokens of an answer: what was asked, with which seed."""
    prompt = asked.get("prompt") or asked["messages"][-1]["content"]
    return [f"{model}", f"|{prompt}", f"|{asked.get('seed')}"]


def _chunked(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def _header(head: str, name: str) -> str:
    return next((line.split(": ", 1)[1] for line in head.split("\r\n") if line.lower().startswith(name)), "")


async def main() -> None:
    stub = TokenServer(json.loads(sys.argv[1]))
    server = await asyncio.start_server(stub.connected, "127.0.0.1", stub.settings["port"], backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
