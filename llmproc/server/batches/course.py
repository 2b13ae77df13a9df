"""One batch from its creation, or from where a kill left it, to its end: a task that does what `lifecycle.due` says.

    due(batch) --VALIDATE--> judge the input in a thread
               --ANSWER----> in turn: ask rows, keep results, until all have ended, or the window, or a cancel
               --FINALIZE, EXPIRE, CANCEL--> write the files in a thread

Every change of status is on the disk before the next step begins. A disk that refuses is told, and asked again later.
Used by `runner`. Never in it: HTTP, or what may follow what.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

import msgspec
from starlette.types import ASGIApp

from llmproc.errors import LlmprocError
from llmproc.server.asking import Asked
from llmproc.server.batches import lifecycle
from llmproc.server.batches.folder import BatchFolder
from llmproc.server.batches.in_process import ask_in_process
from llmproc.server.batches.lifecycle import BatchStep
from llmproc.server.batches.limits import BatchLimits
from llmproc.server.batches.lines import InputRow, LineJudge, input_rows, judge_input
from llmproc.server.batches.records import BatchObject, StoredBatch
from llmproc.server.batches.results import BatchResults, unasked_because

_LOOK_S = 0.05  # between two looks for a free place
_ROWS_AHEAD = 16  # read at a time
_AGAIN = (429, 503)  # statuses of rows that were not answered, and may be later
_UNASKED = {
    BatchStep.EXPIRE: unasked_because("the completion window was over", "batch_expired"),
    BatchStep.CANCEL: unasked_because("the batch was cancelled", "batch_cancelled"),
    BatchStep.FINALIZE: unasked_because("the batch ended", "batch_ended"),  # there are none
}


_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class RowPath:
    """One path that rows may ask: what reads its bodies, and what answers them."""

    read: Callable[[bytes], Asked]
    endpoint: ASGIApp


@dataclass(frozen=True, slots=True)
class CourseParts:
    """The parts that all batches share."""

    folder: BatchFolder
    limits: BatchLimits
    paths: dict[str, RowPath]
    body_bytes: int
    fingerprint: str  # of the model that answers here
    has_room: Callable[[int], bool]  # for a row with this number of answers
    at_a_time: int  # rows under way
    turn: asyncio.Lock  # one batch's rows at a time, the oldest first
    now: Callable[[], float]  # seconds since 1970
    notice: Callable[[str], None]


class BatchCourse:
    """One batch that has not ended."""

    def __init__(self, stored: StoredBatch, parts: CourseParts) -> None:
        self.batch, self._fingerprint, self._parts = stored.batch, stored.fingerprint, parts
        self._path = parts.paths[stored.batch.endpoint]
        self._input = parts.folder.content(stored.batch.input_file_id)
        self._results: BatchResults | None = None
        self._changing = asyncio.Lock()
        self._interrupted = asyncio.Event()  # by a cancel
        self._stopping = False

    @property
    def shown(self) -> BatchObject:
        """Return the batch with its counts of this moment."""
        if self._results is None or not lifecycle.FOLLOWS[self.batch.status]:
            return self.batch
        return msgspec.structs.replace(self.batch, request_counts=self._results.counts)

    async def cancel(self) -> None:
        """Ask for the end. RefusedError when it has (almost) come."""
        await self._change(lambda batch: lifecycle.cancelling(batch, self._now()))
        self._interrupted.set()

    def stop(self) -> None:
        """Have threads end soon: the task is about to be cancelled."""
        self._stopping = True

    async def run(self) -> None:
        """Do all that is left to do. Cancelling it leaves the rest to a later run."""
        try:
            while (step := lifecycle.due(self.batch, self._left(), self._parts.now())) is not BatchStep.NOTHING:
                try:
                    await self._do(step)
                except* (LlmprocError, OSError) as errors:
                    self._parts.notice(f"{self.batch.id}: {errors.exceptions[0]}; trying again")
                    await asyncio.sleep(self._parts.limits.retry_s)
        finally:
            if self._results is not None:
                self._results.close()
                self._results = None

    # -- steps --------------------------------------------------------------------------------------------------------

    async def _do(self, step: BatchStep) -> None:
        if step is BatchStep.VALIDATE:
            await self._validate()
        elif step is BatchStep.ANSWER:
            await self._open_results()
            await self._until_interrupted(self._answer())
        else:
            await self._end(step)

    async def _validate(self) -> None:
        limits = self._parts.limits
        total, errors = await in_thread(judge_input, self._input, self._judge(), limits, self._stopped)
        now = self._now()

        def judged(batch: BatchObject) -> BatchObject:
            if batch.status != "validating":  # cancelled meanwhile
                return batch
            return lifecycle.failed(batch, errors, now) if errors else lifecycle.validated(batch, total, now)

        await self._change(judged)

    async def _answer(self) -> None:
        """Ask the rows that have no result, a few at a time. If another model is to answer them, never end."""
        if self._fingerprint != self._parts.fingerprint:
            await asyncio.Event().wait()
        results, under_way = await self._open_results(), asyncio.Semaphore(self._parts.at_a_time)
        with contextlib.closing(input_rows(self._input, self._judge(), results.has)) as rows:
            async with self._parts.turn, asyncio.TaskGroup() as group:
                while some := await in_thread(lambda: list(islice(rows, _ROWS_AHEAD))):
                    for row in some:
                        await under_way.acquire()
                        task = group.create_task(self._row(row, results))
                        task.add_done_callback(lambda task: under_way.release())

    async def _end(self, step: BatchStep) -> None:
        """Write the files and the last status, and forget the journal."""
        results = await self._open_results()
        if step is BatchStep.FINALIZE and self.batch.status == "in_progress":
            await self._change(lambda batch: lifecycle.finalizing(batch, self._now()))
        outcome = await in_thread(results.write, _UNASKED[step], self._now())
        await self._change(lambda batch: lifecycle.ended(batch, step, outcome, self._now()))
        results.remove()
        self._results = None

    # -- rows ---------------------------------------------------------------------------------------------------------

    async def _row(self, row: InputRow, results: BatchResults) -> None:
        """Ask one row, again and again while the server has no place for it, and keep what comes."""
        while True:
            while not self._parts.has_room(row.choices):
                await asyncio.sleep(_LOOK_S)
            reply = await ask_in_process(self._path.endpoint, self.batch.endpoint, row.body)
            if reply.status not in _AGAIN:
                break
            await asyncio.sleep(max(_LOOK_S, float(reply.headers.get("retry-after", "1")) - 1))
        results.keep(row, reply)

    # -- what steps have in common ------------------------------------------------------------------------------------

    async def _until_interrupted(self, work: Coroutine[None, None, None]) -> None:
        """Run `work` until it ends, a cancel comes, or the window is over."""
        working = asyncio.create_task(work)
        waiting = asyncio.create_task(self._interrupted.wait())
        left = self.batch.expires_at - self._parts.now()
        try:
            await asyncio.wait({working, waiting}, timeout=max(0.0, left), return_when=asyncio.FIRST_COMPLETED)
        finally:
            working.cancel()
            waiting.cancel()
            await asyncio.wait({working, waiting})
        if not working.cancelled():
            working.result()

    async def _open_results(self) -> BatchResults:
        if self._results is None:
            await in_thread(self._read_results)
        assert self._results is not None
        return self._results

    def _read_results(self) -> None:
        self._results = BatchResults(self._parts.folder, self.batch, self._fingerprint)

    async def _change(self, change: Callable[[BatchObject], BatchObject]) -> None:
        """Put the batch into its next status, on the disk first."""
        async with self._changing:
            batch = change(self.batch)
            if batch is not self.batch:
                stored = StoredBatch(fingerprint=self._fingerprint, batch=batch)
                await in_thread(self._parts.folder.save, stored)
                self.batch = batch

    def _judge(self) -> LineJudge:
        return LineJudge(self.batch.endpoint, self._path.read, self._parts.body_bytes)

    def _left(self) -> int:
        """Return the rows without a result, as far as it is known."""
        done = 0 if self._results is None else self._results.counts.completed + self._results.counts.failed
        return self.batch.request_counts.total - done

    def _now(self) -> int:
        return math.floor(self._parts.now())

    def _stopped(self) -> bool:
        return self._stopping or self._interrupted.is_set()


async def in_thread(function: Callable[..., _Value], *arguments: object) -> _Value:
    """Return what a function returns that is called in a thread. Its end is waited for even when this is cancelled."""
    task = asyncio.ensure_future(asyncio.to_thread(function, *arguments))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise
