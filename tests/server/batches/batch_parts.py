"""Batches without HTTP: an input, an endpoint of a few lines, a runner over a folder of the test."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

from server.made_answers import CHAT
from starlette.types import Receive, Scope, Send

from llmproc.server.batches.course import RowPath
from llmproc.server.batches.folder import new_file_name
from llmproc.server.batches.limits import BatchLimits
from llmproc.server.batches.records import BatchObject, BatchRequest
from llmproc.server.batches.runner import BatchRunner, BatchSettings
from llmproc.server.body import write_whole

PATH = "/v1/chat/completions"
PATIENCE_S = 20.0
Answer = Callable[[dict[str, Any]], Awaitable[tuple[int, dict[str, Any]]]]


def line(name: str, **body: Any) -> dict[str, Any]:
    """One line of an input."""
    told = {"messages": [{"role": "user", "content": name}], **body}
    return {"custom_id": name, "method": "POST", "url": PATH, "body": told}


def jsonl(*lines: Any) -> bytes:
    return b"".join(json.dumps(one).encode() + b"\n" for one in lines)


def rows(count: int) -> bytes:
    return jsonl(*(line(f"row {place}") for place in range(count)))


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.seconds = 1_700_000_000.0

    def __call__(self) -> float:
        return self.seconds


class Echo:
    """An endpoint that answers with what it was asked, and counts. `answer`: says otherwise."""

    def __init__(self, answer: Answer | None = None) -> None:
        self.asked: list[str] = []  # by name, in order
        self.cancelled: list[str] = []
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = json.loads((await receive())["body"])
        name = body["messages"][0]["content"]
        self.asked.append(name)
        try:
            status, told = (200, {"echo": name}) if self._answer is None else await self._answer(body)
        except asyncio.CancelledError:
            self.cancelled.append(name)
            raise
        await write_whole(send, status, json.dumps(told).encode())


class Bench:
    """A runner and what a test does with it."""

    def __init__(self, runner: BatchRunner, notices: list[str]) -> None:
        self.runner, self.notices = runner, notices

    def upload(self, data: bytes) -> str:
        name = new_file_name()
        with self.runner.folder.writing(name) as file:
            file.write(data)
        return self.runner.folder.add_file(name, "in.jsonl", "batch", int(self.runner.now())).id

    async def create(self, data: bytes, window: str = "24h", endpoint: Any = PATH) -> BatchObject:
        name = self.upload(data)
        return await self.runner.create(
            BatchRequest(input_file_id=name, endpoint=endpoint, completion_window=window, metadata={"k": "v"})
        )

    async def until(self, name: str, right: Callable[[BatchObject], bool]) -> BatchObject:
        async with asyncio.timeout(PATIENCE_S):
            while not right(batch := self.runner.get(name)):
                await asyncio.sleep(0.005)
        return batch

    async def ended(self, name: str) -> BatchObject:
        def over(batch: BatchObject) -> bool:
            return batch.status in ("failed", "completed", "expired", "cancelled")

        return await self.until(name, over)

    def lines(self, name: str | None) -> list[Any]:
        if name is None:
            return []
        return [json.loads(one) for one in self.runner.folder.content(name).read_bytes().splitlines()]


@contextlib.asynccontextmanager
async def bench(
    place: Path,
    endpoint: Echo,
    *,
    slots: int = 5,
    clock: Callable[[], float] | None = None,
    fingerprint: str = "fp",
    limits: BatchLimits = BatchLimits(retry_s=0.01),  # noqa: B008  # frozen
    has_room: Callable[[int], bool] = lambda choices: True,
) -> AsyncIterator[Bench]:
    """A runner over `place`; in the end it is closed as a server that stops does it."""
    notices: list[str] = []
    settings = BatchSettings(place, "stories", fingerprint, slots, 1 << 16, limits)
    runner = BatchRunner(settings, {PATH: RowPath(CHAT.read, endpoint)}, has_room, clock or Clock(), notices.append)
    runner.resume(required=True)
    try:
        yield Bench(runner, notices)
    finally:
        await runner.close()


def held(asked: asyncio.Event) -> Echo:
    """An endpoint that answers rows 0 and 1, and no other."""

    async def answer(body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        name = body["messages"][0]["content"]
        if name in ("row 0", "row 1"):
            return 200, {"echo": name}
        asked.set()
        await asyncio.Event().wait()
        raise AssertionError

    return Echo(answer)


def names(lines: list[Any]) -> list[str]:
    return [one["custom_id"] for one in lines]


def judge_files(bench: Bench, batch: BatchObject, count: int) -> None:
    """Every row stands in one file, in the order of the input; counts are those of the files."""
    output, errors = bench.lines(batch.output_file_id), bench.lines(batch.error_file_id)
    both = names(output) + names(errors)
    assert sorted(both) == sorted(f"row {place}" for place in range(count))
    for found in (names(output), names(errors)):
        assert found == sorted(found, key=lambda name: int(name.split()[1]))
    counts = batch.request_counts
    assert (counts.total, counts.completed, counts.failed) == (count, len(output), len(errors))
    for one in output:
        assert one["response"]["status_code"] == 200 and one["response"]["body"] == {"echo": one["custom_id"]}
        assert one["error"] is None and one["id"].startswith("batch_req_")
    assert not list((bench.runner.folder.path / "batches").glob("*.part")), "the journal is gone"
