"""Batches by the official Python client, 2.x and 3.x alike: cases of `openai_python.py`."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import openai

HELLO: list[Any] = [{"role": "user", "content": "hello"}]
FIXED: dict[str, Any] = {"model": "llama3.2", "max_tokens": 8}


def client(**settings: Any) -> openai.OpenAI:
    return openai.OpenAI(base_url=sys.argv[1] + "/v1", api_key="none", **settings)


PATH = "/v1/chat/completions"
ENDS = ("completed", "failed", "expired", "cancelled")


def row(place: int, **more: Any) -> dict[str, Any]:
    body = {**FIXED, "messages": HELLO, "temperature": 1, "seed": place, **more}
    return {"custom_id": f"row {place}", "method": "POST", "url": PATH, "body": body}


def begun(rows: list[dict[str, Any]], window: Any = "24h") -> str:
    """Upload an input, begin a batch, and return its id."""
    data = "".join(json.dumps(one) + "\n" for one in rows).encode()
    file = client().files.create(file=("in.jsonl", data), purpose="batch")
    made = client().batches.create(input_file_id=file.id, endpoint=PATH, completion_window=window)
    return made.id


def ended(name: str) -> dict[str, Any]:
    """What came of a batch, once it has ended."""
    one = client(max_retries=10)
    while (batch := one.batches.retrieve(name)).status not in ENDS:
        time.sleep(0.05)
    output = one.files.content(batch.output_file_id).text.splitlines() if batch.output_file_id else []
    errors = one.files.content(batch.error_file_id).text.splitlines() if batch.error_file_id else []
    last = json.loads(errors[-1])["error"] if errors else None
    return {
        "status": batch.status, "counts": batch.request_counts.to_dict(), "output": len(output), "errors": len(errors),
        "names": [json.loads(line)["custom_id"] for line in output], "code": last and last["code"],
        "texts": [json.loads(line)["response"]["body"]["choices"][0]["message"]["content"] for line in output],
    }  # fmt: skip


def batch_completed() -> Any:
    told = ended(begun([row(place) for place in range(12)]))
    alone = told_alone(row(7))
    return {**told, "same": told["texts"][7] == alone, "texts": None}


def told_alone(asked: dict[str, Any]) -> str:
    return client().chat.completions.create(**asked["body"]).choices[0].message.content


def endless() -> list[dict[str, Any]]:
    return [row(place, max_tokens=300, ignore_eos=True) for place in range(500)]


def batch_cancelled() -> Any:
    name = begun(endless())
    while not client().batches.retrieve(name).request_counts.completed:
        time.sleep(0.05)
    client().batches.cancel(name)
    return {**ended(name), "names": None, "texts": None}


def batch_expired() -> Any:
    return {**ended(begun(endless(), "1s")), "names": None, "texts": None}


def batch_with_errors() -> Any:
    name = begun([row(0), row(1, temperature=-1), row(0)])
    status = ended(name)["status"]
    found = client().batches.retrieve(name).errors.data
    return {"status": status, "errors": [[one.param, one.line] for one in found]}


def batch_begun() -> Any:
    """Begin a batch that takes a while, and return its id once some rows have ended."""
    name = begun([row(place, max_tokens=100, ignore_eos=True) for place in range(200)])
    while client().batches.retrieve(name).request_counts.completed < 20:
        time.sleep(0.01)
    return name


def batch_fetched() -> Any:
    """The newest batch, as it ended."""
    return ended(client(max_retries=10).batches.list(limit=1).data[0].id)
