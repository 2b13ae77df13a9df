"""The first stage: reads records, judges and prepares them (locally: ids), ahead of what is being generated.

A thread. Rows that have a result already are compared with it and passed over. It waits when `ahead` rows have been
read and not sent yet; of the backend it knows how rows are prepared.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from llmproc.batch.backend import PreparedRow
from llmproc.batch.event_queue import Arrived, Broken, EventQueue, InputEnded
from llmproc.batch.formats import records
from llmproc.batch.journal import Journal
from llmproc.batch.rows import PromptRow, Refused, judge
from llmproc.batch.source import Source, StoppedError
from llmproc.batch.stages import Stages
from llmproc.config import SamplingParams
from llmproc.errors import RequestError, UsageError


class Reader:
    """`start()`, then `taken()` for every row that went on; `stop()` ends it."""

    def __init__(
        self,
        source: Source,
        format: str,
        base: bytes,
        sampling: SamplingParams,
        system: str | None,
        prepare: Callable[[PromptRow], PreparedRow],
        ahead: int,
        events: EventQueue,
        stages: Stages,
        journal: Journal | None = None,
    ) -> None:
        """Prepare the thread. `base`, `sampling` and `system` are those of `rows.judge`.

        `prepare`: the backend's.
        """
        self.rows = 0  # read so far
        self.position = 0  # bytes of the input up to and with the last one
        self._source, self._format, self._base = source, format, base
        self._sampling, self._system, self._prepare = sampling, system, prepare
        self._room = threading.Semaphore(ahead)
        self._events, self._stages, self._journal = events, stages, journal
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="llmproc-reader", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def taken(self) -> None:
        """Make room for another row: one of the rows ahead has gone on."""
        self._room.release()

    def stop(self, timeout: float | None = None) -> bool:
        """End it, wherever it waits; True when it has ended."""
        self._stopped = True
        self._source.stop()
        self._room.release()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        clock = self._stages.reading
        clock.start()
        try:
            self._read()
            self._events.put(InputEnded(self.rows))
        except StoppedError:
            pass
        except BaseException as error:
            self._events.put(Broken(error))
        finally:
            clock.stop()

    def _read(self) -> None:
        for record in records(self._source.lines(), self._format):
            row = judge(record, self.rows, self._base, self._sampling, self._system)
            if not self._has_result(row):
                item = self._prepared(row)
                with self._stages.reading.waiting():
                    self._room.acquire()
                if self._stopped:
                    raise StoppedError
                self._events.put(Arrived(item))
            self.rows, self.position = self.rows + 1, row.end
        if self._journal is not None and self._journal.index.end > self.rows:
            raise self._another(f"it has {self.rows} rows, and there is a result of row {self._journal.index.end - 1}")

    def _has_result(self, row: PromptRow | Refused) -> bool:
        """Return whether a row has its result already. UsageError when the result there is another row's."""
        if self._journal is None or (key := self._journal.key(row.index)) is None:
            return False
        if key != row.key:
            raise self._another(f"line {row.line} is not what row {row.index} was")
        return True

    def _another(self, what: str) -> UsageError:
        assert self._journal is not None
        path = self._journal.path
        return UsageError(
            f"{path}: was started with a different input, model or options: {what}; use --force to start over"
        )

    def _prepared(self, row: PromptRow | Refused) -> PreparedRow | Refused:
        if isinstance(row, Refused):
            return row
        began = time.monotonic()
        try:
            return self._prepare(row)
        except RequestError as error:
            words = f"line {row.line}: {error}"
            return Refused(row.index, row.line, row.end, row.key, row.id, words, row.extra)
        finally:
            self._stages.tokenizing_s += time.monotonic() - began
