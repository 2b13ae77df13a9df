#!/usr/bin/env python3
"""A stand-in for llama-server: takes its options, streams made-up tokens, writes down what it was asked.

STUB_RECORD: a file for its arguments and the bodies of requests, a JSON line each. STUB_FAULT: what it does wrong with
every second request: cut, short, error, refuse, silent (no answer); with every one: leave (it closes after the answer
and does not say so); or die: it ends before it is ready.
"""

from __future__ import annotations

import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from threading import Lock
from typing import Any

FAULT, RECORD = os.environ.get("STUB_FAULT", ""), os.environ.get("STUB_RECORD", os.devnull)
TOKEN_S = 0.0005
_numbers, _lock = count(1), Lock()


def record(what: dict[str, Any]) -> None:
    with _lock, open(RECORD, "a") as file:
        file.write(json.dumps(what) + "\n")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        self.whole(200, b'{"status":"ok"}')

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        record({"body": asked})
        fault = FAULT if next(_numbers) % 2 == 0 else ""
        self.close_connection = FAULT == "leave" or fault == "silent"
        if fault == "silent":
            return
        if fault == "refuse":
            self.whole(503, b'{"error":{"code":503,"message":"busy","type":"unavailable_error"}}')
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.stream(asked, fault)

    def stream(self, asked: dict[str, Any], fault: str) -> None:
        tokens = asked["max_tokens"] // (2 if fault == "short" else 1)
        for number in range(tokens):
            time.sleep(TOKEN_S)
            self.event({"choices": [{"index": 0, "text": f" {number}", "finish_reason": None}]})
            if fault == "cut" and number == tokens // 2:
                self.close_connection = True
                return
            if fault == "error" and number == tokens // 2:
                self.event({"error": {"code": 500, "message": "no slot", "type": "server_error"}})
                break
        self.event({"choices": [{"index": 0, "text": "", "finish_reason": "length"}]})
        usage = {"prompt_tokens": len(asked["prompt"]), "completion_tokens": tokens}
        self.event({"choices": [], "usage": usage})
        self.chunk(b"data: [DONE]\n\n")
        self.wfile.write(b"0\r\n\r\n")

    def event(self, value: dict[str, Any]) -> None:
        self.chunk(b"data: " + json.dumps(value).encode() + b"\n\n")

    def chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))

    def whole(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main() -> int:
    if "--version" in sys.argv:
        print("version: 1 (stub)")
        return 0
    record({"arguments": sys.argv[1:]})
    if FAULT == "die":
        print("it cannot load", file=sys.stderr)
        return 1
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[sys.argv.index("--port") + 1])), Handler).serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
