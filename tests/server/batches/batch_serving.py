"""What tests ask of a real server about files and batches."""

from __future__ import annotations

import json
from typing import Any

from server.batches.batch_parts import PATH
from server.http_serving import HttpReply
from server.served import Served
from support.waiting import until

BOUNDARY = "--7f3a"
ENDS = ("completed", "failed", "expired", "cancelled")


def line(place: int, **body: Any) -> dict[str, Any]:
    told = {"messages": [{"role": "user", "content": f"Hello {place}"}], "max_tokens": 6, "seed": place, **body}
    return {"custom_id": f"row {place}", "method": "POST", "url": PATH, "body": told}


def form(data: bytes, purpose: str = "batch", name: str = "in.jsonl") -> tuple[bytes, dict[str, str]]:
    parts = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="purpose"\r\n\r\n{purpose}\r\n'
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    )
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    return parts.encode() + data + f"\r\n--{BOUNDARY}--\r\n".encode(), headers


def upload(server: Served, data: bytes, **settings: str) -> HttpReply:
    body, headers = form(data, **settings)
    return server.ask("POST", "/v1/files", body, headers=headers)


def begin(server: Served, data: bytes, endpoint: str = PATH, window: str = "24h") -> Any:
    asked = {"input_file_id": upload(server, data).json["id"], "endpoint": endpoint, "completion_window": window}
    reply = server.ask("POST", "/v1/batches", asked)
    assert reply.status == 200, reply.body
    return reply.json


def batch(server: Served, name: str) -> Any:
    return server.ask("GET", f"/v1/batches/{name}").json


def ended(server: Served, name: str) -> Any:
    def found() -> Any:
        told = batch(server, name)
        return told if told["status"] in ENDS else None

    return until(found, "the batch does not end", 60.0)


def lines(server: Served, name: str) -> list[Any]:
    return [json.loads(one) for one in server.ask("GET", f"/v1/files/{name}/content").body.splitlines()]
