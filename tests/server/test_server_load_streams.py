"""Streams that are all open at the same time: each ends in one way, answered or refused and answered later."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from server.http_serving import request_bytes
from server.load_client import PATIENCE_S, LoadClient, LoadReply, open_files, read_reply, retry_after
from server.load_questions import LoadQuestion
from server.served import Served, served
from server.tree_watching import loop_lag, metric, open_descriptors, tree_pss
from support.waiting import until

from llmproc.monitor.proc import read_pss


@dataclass
class Opened:
    """What was seen while all streams were open."""

    descriptors: int = 0  # of main
    main_pss: int = 0
    pss: int = 0
    first_refused: int = 0  # of the first requests


def almost_asked(port: int, question: LoadQuestion) -> socket.socket:
    """Connect, and send all of a request but its last byte."""
    client = socket.create_connection(("127.0.0.1", port), PATIENCE_S)
    client.sendall(request_bytes("POST", question.path, json.dumps(question.body).encode())[:-1])
    client.setblocking(False)
    return client


async def ask_all_at_once(server: Served, questions: Sequence[LoadQuestion], seen: Opened) -> list[LoadReply]:
    """Open all connections; when the last is there, end all requests; those that are refused come again."""
    clients = [almost_asked(server.port, question) for question in questions]
    until(lambda: open_descriptors(server.process.pid) >= len(questions), "not all are accepted")
    seen.descriptors, client = open_descriptors(server.process.pid), LoadClient(server.port)

    async def one(question: LoadQuestion, connected: socket.socket) -> LoadReply:
        async with client.connection(connected) as (reader, writer):
            writer.write(b"}")
            reply = await asyncio.wait_for(read_reply(reader), PATIENCE_S)
        if reply.status == 200:
            return reply
        seen.first_refused += 1
        await asyncio.sleep(retry_after(reply.headers))
        return await client.answered(question.path, question.body)

    async def look() -> None:
        while True:
            await asyncio.sleep(1)
            seen.main_pss = max(seen.main_pss, read_pss(server.process.pid) or 0)
            seen.pss = max(seen.pss, tree_pss(server.process.pid))

    looking = asyncio.create_task(look())
    try:
        return await asyncio.gather(*map(one, questions, clients))
    finally:
        looking.cancel()


def streams(folder: Path, model: Path, count: int, queue: int) -> Opened:
    """Have `count` streams open at once on a server that lets `queue` answers wait."""
    questions = [LoadQuestion(4 * number + 1 + number % 3, 16) for number in range(count)]  # all are streamed
    seen = Opened()
    with open_files(count + 512), served(folder, "--model", model, "--sequences", 16, "--queue", queue) as server:
        assert server.port
        replies = asyncio.run(ask_all_at_once(server, questions, seen))
        for question, reply in zip(questions, replies, strict=True):
            assert question.answer(reply)[1] in ("stop", "length")
        assert metric(server, "requests_total", outcome="answered") == count
        assert metric(server, "requests_total") == count, "none was cancelled, none failed"
        refused = sum(reply.refused for reply in replies) + seen.first_refused
        told = metric(server, "request_errors_total", status="429") + metric(
            server, "request_errors_total", status="503"
        )
        assert told == metric(server, "request_errors_total") == refused
        until(lambda: open_descriptors(server.process.pid) < seen.descriptors - count + 64, "connections are left open")
        print(f"\n{count} streams, {refused} times refused, {loop_lag(server)},")
        print(f"main {seen.main_pss / 2**20:.1f} MiB at most, the tree {seen.pss / 2**20:.1f} MiB")
        assert server.end() == 0
        assert "Traceback" not in server.log.read_text()
    return seen


def test_200_streams_at_once_are_all_let_in(tmp_path: Path, quick: Path) -> None:
    assert streams(tmp_path, quick, 200, 200).first_refused == 0


def test_200_streams_at_once_find_a_short_queue_and_come_again(tmp_path: Path, quick: Path) -> None:
    assert streams(tmp_path, quick, 200, 24).first_refused > 0


@pytest.mark.soak
def test_5000_streams_at_once_are_all_let_in(tmp_path: Path, quick: Path) -> None:
    assert streams(tmp_path, quick, 5000, 5000).first_refused == 0


@pytest.mark.soak
def test_5000_streams_at_once_find_the_usual_queue_and_come_again(tmp_path: Path, quick: Path) -> None:
    assert streams(tmp_path, quick, 5000, 256).first_refused > 0
