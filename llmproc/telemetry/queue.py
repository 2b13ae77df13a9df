"""The bounded queue between those who answer and the thread that exports, and what became of every record.

    put --> queue --take--> in the exporter's hands --exported--> collector
      \\-> full: dropped       \\-> lost: dropped        closed: what is left is dropped

Used by `exporting`. Any thread puts, one takes. Nothing here waits for a collector.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass

from llmproc.telemetry.record import RequestRecord

MOST_RECORDS = 2048
MOST_BYTES = 64 << 20  # of texts, with --otlp-content
DROPS = ("queue_full", "export_failed", "shutdown")


@dataclass(frozen=True, slots=True)
class SpanCounts:
    """Counts of spans so far; one that waits, or that its trace does not want, is in none of them."""

    exported: int = 0
    queue_full: int = 0
    export_failed: int = 0
    shutdown: int = 0

    @property
    def dropped(self) -> int:
        """Return how many a collector never got."""
        return self.queue_full + self.export_failed + self.shutdown


class SpanQueue:
    """Records that wait. Of a full queue those that come last are dropped: what a batch began with stays together."""

    def __init__(self, most: int = MOST_RECORDS, most_bytes: int = MOST_BYTES) -> None:
        self._most, self._most_bytes = most, most_bytes
        self._waiting: deque[RequestRecord] = deque()
        self._weight, self._taken, self._closed = 0, 0, False
        self._counts = dict.fromkeys(("exported", *DROPS), 0)
        self._lock = threading.Lock()
        self._more = threading.Event()

    def put(self, record: RequestRecord, wake_at: int = 256) -> None:
        """Append a record, or count it as dropped. `wake_at`: how many records end the exporter's sleep."""
        with self._lock:
            if self._closed:
                self._counts["shutdown"] += 1
            elif len(self._waiting) >= self._most or (
                self._waiting and self._weight + record.weight > self._most_bytes
            ):
                self._counts["queue_full"] += 1
            else:
                self._waiting.append(record)
                self._weight += record.weight
                if len(self._waiting) == wake_at:
                    self._more.set()

    def take(self, most: int) -> list[RequestRecord]:
        """Return up to `most` records; each is to be settled by `settle`."""
        with self._lock:
            found = [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]
            self._weight -= sum(record.weight for record in found)
            self._taken += len(found)
            return found

    def settle(self, exported: int = 0, failed: int = 0, unwanted: int = 0) -> None:
        """Count what became of records that were taken; nothing after `close_counts`, which has counted them."""
        with self._lock:
            count = min(self._taken, exported + failed + unwanted)
            self._taken -= count
            if count:
                self._counts["exported"] += exported
                self._counts["export_failed"] += failed

    def wait(self, seconds: float) -> None:
        """Sleep until there are enough records, `wake` is called, or the time is over."""
        self._more.wait(seconds)
        self._more.clear()

    def wake(self) -> None:
        """End the exporter's sleep."""
        self._more.set()

    def close_counts(self) -> SpanCounts:
        """Count everything that has not been exported as dropped; nothing is taken in any more."""
        with self._lock:
            self._closed = True
            self._counts["shutdown"] += len(self._waiting) + self._taken
            self._taken = self._weight = 0
            self._waiting.clear()
        return self.counts()

    def counts(self) -> SpanCounts:
        """Return the counts, for any thread."""
        with self._lock:
            return SpanCounts(**self._counts)
