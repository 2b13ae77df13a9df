"""The records of GET /workers, made of what the service, its events and the kernel say."""

from __future__ import annotations

import msgspec

from llmproc.monitor.live import ProcessRow
from llmproc.monitor.service_stats import Counts, WorkerCount
from llmproc.server.admission import AdmissionState
from llmproc.server.metrics.sequences import RunningSequence
from llmproc.server.metrics.worker_records import WorkerRecord, main_record, requests_record, worker_records
from llmproc.service.kv_gauges import KvGauges
from llmproc.service.service import WorkerInfo

KV = KvGauges(held=5, preemptions=3, pages=20, page_bytes=1000, page_positions=16)


def test_a_busy_worker_and_an_empty_slot() -> None:
    row = ProcessRow(
        "worker", 0, 41, user_percent=150.0, system_percent=5.0, wait_percent=20.0, pss=7_000_000, tokens_per_s=88.5,
        queue=2, steals=4, ranks=2, ranks_in_use=1, user_s=30.5, system_s=1.25, wait_s=4.0,
    )  # fmt: skip
    sequences = [RunningSequence(9, 0, 0, 33, 100.0), RunningSequence(11, 0, 1, 0, 102.0)]
    workers = [WorkerInfo(0, 41, "ready", 2, 900, KV), WorkerInfo(1, 0, "empty", 0)]
    rows = [ProcessRow("main", pid=40), ProcessRow("template", pid=39), row]
    counts = [WorkerCount(0, 41, "ready", 2, 2, tokens=700, as_of=103.25, steals=4)]
    busy, empty = worker_records(workers, rows, sequences, {0: 6}, now=103.5, counts=counts)
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
        "cpu_s": {"user": 30.5, "system": 1.25, "wait": 4.0},
        "cpu_percent": {"user": 150.0, "system": 5.0, "wait": 20.0},
        "pss_bytes": 7_000_000,
        "steps": 900,
        "restarts": 6,
        "steals": 4,
        "ranks": 2,
        "ranks_in_use": 1,
        "tokens": 700,
        "tokens_at": 103.25,
        "tokens_per_s": 88.5,
        "kv": {"pages": 20, "pages_held": 5, "bytes": 20_000, "bytes_held": 5000, "preemptions": 3},
    }
    assert (empty.pid, empty.state, empty.pss_bytes, empty.restarts, empty.sequences) == (0, "empty", None, 0, [])
    assert empty.cpu_percent.user is None and empty.cpu_s.user is None and empty.kv.bytes == 0
    assert (empty.tokens, empty.tokens_at) == (0, 103.5)
    assert msgspec.json.decode(msgspec.json.encode([busy, empty]), type=list[WorkerRecord]) == [busy, empty]


def test_a_sequence_belongs_to_its_worker() -> None:
    sequences = [RunningSequence(1, 0, 0, 5, 0.0), RunningSequence(2, 1, 0, 5, 0.0)]
    workers = [WorkerInfo(slot, 0, "ready", 1, 0, KV) for slot in (0, 1, 2)]
    found = worker_records(workers, [], sequences, {}, now=1.0)
    assert [[each.request for each in record.sequences] for record in found] == [[1], [2], []]


def test_main_and_the_requests_of_all() -> None:
    rows = [ProcessRow("main", pid=40, user_s=3.0, wait_s=0.25, user_percent=7.0, pss=9), ProcessRow("worker", 0)]
    main = main_record(rows)
    assert (main.pid, main.cpu_s.user, main.cpu_s.wait, main.pss_bytes) == (40, 3.0, 0.25, 9)
    assert main.cpu_percent.user == 7.0
    workers = (WorkerCount(0, 41, "ready", 2, 3, 0, 0.0, 0), WorkerCount(1, 42, "ready", 1, 0, 0, 0.0, 0))
    found = requests_record(Counts(4, 0, workers), AdmissionState(open=10, limit=264))
    assert (found.running, found.waiting, found.admitted, found.limit) == (3, 7, 10, 264)
