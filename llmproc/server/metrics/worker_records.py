"""GET /workers: one record for each worker slot, made of the service's counts, its events and /proc.

Used by `server_metrics`. The types are msgspec's, so that they encode themselves and can be documented.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from llmproc.monitor.live import ProcessRow
from llmproc.server.metrics.sequences import RunningSequence
from llmproc.service.service import WorkerInfo


class SequenceRecord(msgspec.Struct, frozen=True):
    """A request that a worker runs. `positions` of its keys and values: 0.3 s behind at most, 0 while it is read."""

    request: int
    positions: int
    kv_bytes: int
    running_s: float


class KvRecord(msgspec.Struct, frozen=True):
    """The KV cache of a worker."""

    pages: int
    pages_held: int
    bytes: int
    bytes_held: int
    preemptions: int


class CpuRecord(msgspec.Struct, frozen=True):
    """CPU use since the last look, in percent of one core; null in the first look. `wait`: ready, and no CPU free."""

    user: float | None
    system: float | None
    wait: float | None


class WorkerRecord(msgspec.Struct, frozen=True):
    """One worker slot at one moment."""

    slot: int
    pid: int  # 0: it has no process now
    state: str  # empty, forking, starting, ready
    requests: int  # that it runs
    queue: int  # in its ring, taken by no worker yet
    sequences: list[SequenceRecord]
    cpu_percent: CpuRecord
    pss_bytes: int | None
    steps: int  # since its process began
    restarts: int  # of the slot
    steals: int
    ranks: int | None
    ranks_in_use: int | None
    tokens_per_s: float | None
    kv: KvRecord


def worker_records(
    workers: Iterable[WorkerInfo],
    rows: Iterable[ProcessRow],
    sequences: Sequence[RunningSequence],
    restarts: dict[int, int],
    now: float,
) -> list[WorkerRecord]:
    """Return the records, by slot."""
    row_of = {row.slot: row for row in rows if row.slot is not None}
    return [
        _record(
            worker,
            row_of.get(worker.slot, ProcessRow("worker", worker.slot)),
            [each for each in sequences if each.worker == worker.slot],
            restarts.get(worker.slot, 0),
            now,
        )
        for worker in workers
    ]


def _record(
    worker: WorkerInfo, row: ProcessRow, sequences: Sequence[RunningSequence], restarts: int, now: float
) -> WorkerRecord:
    kv = worker.kv
    return WorkerRecord(
        slot=worker.slot,
        pid=worker.pid,
        state=worker.state,
        requests=len(sequences),
        queue=row.queue or 0,
        sequences=[
            SequenceRecord(each.request, each.positions, kv.sequence_bytes(each.positions), max(0.0, now - each.began))
            for each in sequences
        ],
        cpu_percent=CpuRecord(row.user_percent, row.system_percent, row.wait_percent),
        pss_bytes=row.pss,
        steps=worker.steps,
        restarts=restarts,
        steals=row.steals or 0,
        ranks=row.ranks,
        ranks_in_use=row.ranks_in_use,
        tokens_per_s=row.tokens_per_s,
        kv=KvRecord(kv.pages, kv.held, kv.size_bytes, kv.held_bytes, kv.preemptions),
    )
