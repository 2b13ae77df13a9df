"""Requests as real clients wrote them: one file for each client in golden/, made by record.py, read by the tests.

    {"client": "openai2", "version": "openai==2.54.0",
     "requests": [{"case", "method", "path", "headers": {...}, "body": "the exact text"}, ...]}

What differs from run to run is replaced (ports, random ids) or left out (sizes, what a client says of its machine).
`version` is "source" where a request was not recorded but written after the client's source.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from clients.recorder.recorder import Received

FOLDER = Path(__file__).parent / "golden"
LEFT_OUT = re.compile(r"(?i)host|content-length|user-agent|x-stainless-.*|connection")
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Golden:
    """One recorded request."""

    client: str
    case: str
    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: str

    @property
    def name(self) -> str:
        return f"{self.client} {self.case} {self.method} {self.path}"


def tidied(text: str, url: str) -> str:
    """The text without what differs from run to run."""
    return UUID.sub("0" * 8 + "-0000" * 3 + "-" + "0" * 12, text.replace(url, "http://127.0.0.1:0"))


def golden_of(client: str, received: Received, url: str) -> Golden:
    """The recorded request, without what differs from run to run. `url`: the recorder's."""
    kept = [(name, tidied(value, url)) for name, value in received.headers if not LEFT_OUT.fullmatch(name)]
    body = tidied(received.body.decode(), url)
    return Golden(client, received.case, received.method, received.target, tuple(kept), body)


def distinct(goldens: list[Golden]) -> list[Golden]:
    """One of each, sorted within a case, for a client's threads race each other; equal ones under the first case."""
    order = {case: place for place, case in enumerate(dict.fromkeys(golden.case for golden in goldens))}
    found: dict[tuple[object, ...], Golden] = {}
    for golden in goldens:
        found.setdefault((golden.method, golden.path, golden.headers, golden.body), golden)
    return sorted(found.values(), key=lambda one: (order[one.case], one.path, one.method, one.body))


def write(client: str, version: str, goldens: list[Golden], folder: Path = FOLDER) -> None:
    """Write a client's file."""
    requests = [
        {"case": one.case, "method": one.method, "path": one.path, "headers": dict(one.headers), "body": one.body}
        for one in goldens
    ]
    told = {"client": client, "version": version, "requests": requests}
    (folder / f"{client}.json").write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n")


def read(path: Path) -> tuple[str, list[Golden]]:
    """The version and the requests of a client's file."""
    told = json.loads(path.read_text())
    return told["version"], [
        Golden(told["client"], one["case"], one["method"], one["path"], tuple(one["headers"].items()), one["body"])
        for one in told["requests"]
    ]


def all_goldens() -> list[Golden]:
    """Every recorded request."""
    return [golden for path in sorted(FOLDER.glob("*.json")) for golden in read(path)[1]]
