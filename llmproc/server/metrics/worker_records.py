"""GET /workers: one record for each worker slot, made of the service's counts, its events and /proc; main beside them.

Used by `server_metrics`. The types are msgspec's, so that they encode themselves and can be documented. A client that
looks repeatedly subtracts counters (`cpu_s`, `tokens`): rates are those between the last two looks of all clients.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from llmproc.monitor.live import ProcessRow
from llmproc.monitor.service_stats import Counts, WorkerCount
from llmproc.server.admission import AdmissionState
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


class CpuSeconds(msgspec.Struct, frozen=True):
    """CPU time of a process since it began; null without a process. `wait`: as far as looks have seen it."""

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
    cpu_s: CpuSeconds
    cpu_percent: CpuRecord
    pss_bytes: int | None
    steps: int  # since its process began
    restarts: int  # of the slot
    steals: int
    ranks: int | None
    ranks_in_use: int | None
    tokens: int  # of answers, since the server began: of the slot
    tokens_at: float  # when `tokens` was exact, on the clock of `t`: a running request reports every 0.3 s
    tokens_per_s: float | None
    kv: KvRecord


class RequestsRecord(msgspec.Struct, frozen=True):
    """The requests of the whole server. Each of several answers to one prompt counts."""

    running: int
    waiting: int  # in a worker's queue, or for one
    admitted: int  # let in and not ended
    limit: int  # of those admitted


class MainRecord(msgspec.Struct, frozen=True):
    """The process that answers HTTP."""

    pid: int
    cpu_s: CpuSeconds
    cpu_percent: CpuRecord
    pss_bytes: int | None


class WorkerList(msgspec.Struct, frozen=True):
    """The server and its worker processes at one moment. `t`: seconds on a clock that begins anywhere."""

    t: float
    model: str
    requests: RequestsRecord
    main: MainRecord
    workers: list[WorkerRecord]


def requests_record(counts: Counts, admission: AdmissionState) -> RequestsRecord:
    """Return what is under way, by the service's counts and by admission's."""
    running = sum(each.sequences for each in counts.workers)
    waiting = counts.waiting + sum(each.queue for each in counts.workers)
    return RequestsRecord(running, waiting, admission.open, admission.limit)


def main_record(rows: Iterable[ProcessRow]) -> MainRecord:
    """Return main's record; it is among the rows."""
    row = next(row for row in rows if row.role == "main")
    return MainRecord(row.pid, _cpu_s(row), _cpu_percent(row), row.pss)


def worker_records(
    workers: Iterable[WorkerInfo],
    rows: Iterable[ProcessRow],
    sequences: Sequence[RunningSequence],
    restarts: dict[int, int],
    now: float,
    counts: Iterable[WorkerCount] = (),
) -> list[WorkerRecord]:
    """Return the records, by slot."""
    row_of = {row.slot: row for row in rows if row.slot is not None}
    count_of = {count.slot: count for count in counts}
    return [
        _record(
            worker,
            row_of.get(worker.slot, ProcessRow("worker", worker.slot)),
            [each for each in sequences if each.worker == worker.slot],
            restarts.get(worker.slot, 0),
            now,
            count_of.get(worker.slot),
        )
        for worker in workers
    ]


def _record(
    worker: WorkerInfo,
    row: ProcessRow,
    sequences: Sequence[RunningSequence],
    restarts: int,
    now: float,
    count: WorkerCount | None,
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
        cpu_s=_cpu_s(row),
        cpu_percent=_cpu_percent(row),
        pss_bytes=row.pss,
        steps=worker.steps,
        restarts=restarts,
        steals=row.steals or 0,
        ranks=row.ranks,
        ranks_in_use=row.ranks_in_use,
        tokens=count.tokens if count else 0,
        tokens_at=count.as_of if count else now,
        tokens_per_s=row.tokens_per_s,
        kv=KvRecord(kv.pages, kv.held, kv.size_bytes, kv.held_bytes, kv.preemptions),
    )


def _cpu_s(row: ProcessRow) -> CpuSeconds:
    return CpuSeconds(row.user_s, row.system_s, row.wait_s)


def _cpu_percent(row: ProcessRow) -> CpuRecord:
    return CpuRecord(row.user_percent, row.system_percent, row.wait_percent)
