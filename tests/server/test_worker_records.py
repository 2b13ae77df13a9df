"""The records of GET /workers, made of what the service, its events and the kernel say."""

from __future__ import annotations

import msgspec

from llmproc.monitor.live import ProcessRow
from llmproc.server.metrics.sequences import RunningSequence
from llmproc.server.metrics.worker_records import WorkerRecord, worker_records
from llmproc.service.kv_gauges import KvGauges
from llmproc.service.service import WorkerInfo

KV = KvGauges(held=5, preemptions=3, pages=20, page_bytes=1000, page_positions=16)


def test_a_busy_worker_and_an_empty_slot() -> None:
    row = ProcessRow(
        "worker", 0, 41, user_percent=150.0, system_percent=5.0, wait_percent=20.0, pss=7_000_000, tokens_per_s=88.5,
        queue=2, steals=4, ranks=2, ranks_in_use=1,
    )  # fmt: skip
    sequences = [RunningSequence(9, 0, 0, 33, 100.0), RunningSequence(11, 0, 1, 0, 102.0)]
    workers = [WorkerInfo(0, 41, "ready", 2, 900, KV), WorkerInfo(1, 0, "empty", 0)]
    rows = [ProcessRow("main", pid=40), ProcessRow("template", pid=39), row]
    busy, empty = worker_records(workers, rows, sequences, {0: 6}, now=103.5)
    assert msgspec.to_builtins(busy) == {
        "slot": 0,
        "pid": 41,
        "state": "ready",
        "requests": 2,
        "queue": 2,
        "sequences": [
            {"request": 9, "positions": 33, "kv_bytes": 3000, "running_s": 3.5},
            {"request": 11, "positions": 0, "kv_bytes": 0, "running_s": 1.5},
        ],
        "cpu_percent": {"user": 150.0, "system": 5.0, "wait": 20.0},
        "pss_bytes": 7_000_000,
        "steps": 900,
        "restarts": 6,
        "steals": 4,
        "ranks": 2,
        "ranks_in_use": 1,
        "tokens_per_s": 88.5,
        "kv": {"pages": 20, "pages_held": 5, "bytes": 20_000, "bytes_held": 5000, "preemptions": 3},
    }
    assert (empty.pid, empty.state, empty.pss_bytes, empty.restarts, empty.sequences) == (0, "empty", None, 0, [])
    assert empty.cpu_percent.user is None and empty.kv.bytes == 0
    assert msgspec.json.decode(msgspec.json.encode([busy, empty]), type=list[WorkerRecord]) == [busy, empty]


def test_a_sequence_belongs_to_its_worker() -> None:
    sequences = [RunningSequence(1, 0, 0, 5, 0.0), RunningSequence(2, 1, 0, 5, 0.0)]
    workers = [WorkerInfo(slot, 0, "ready", 1, 0, KV) for slot in (0, 1, 2)]
    found = worker_records(workers, [], sequences, {}, now=1.0)
    assert [[each.request for each in record.sequences] for record in found] == [[1], [2], []]
