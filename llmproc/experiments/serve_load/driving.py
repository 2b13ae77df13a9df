"""Send the requests of one run: a number at once, or each at its time. Ends early when `stop` is set.

closed loop   `concurrency` lanes; each sends its next request when its last one has ended
open loop     each request at its arrival, whatever the server does; a concurrency is the most at once
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Sequence

import httpx

from llmproc.client.asking import AskOptions, ask
from llmproc.client.body import RemoteRequest
from llmproc.client.endpoint import RemoteEndpoint
from llmproc.client.retrying import RetryPolicy
from llmproc.experiments.serve_load.arrivals import poisson_arrivals
from llmproc.experiments.serve_load.options import ServeLoadOptions
from llmproc.experiments.serve_load.recording import Finished, LoadRecorder, LoadRun


class LoadDriver:
    """Drives one server through one run."""

    def __init__(
        self, client: httpx.AsyncClient, endpoint: RemoteEndpoint, options: ServeLoadOptions, also: Finished
    ) -> None:
        """Keep what is needed. `also`: is told of each finished request."""
        self._client, self._endpoint, self._options, self._also = client, endpoint, options, also
        self._ask_options = AskOptions(options.timeout_s, RetryPolicy(options.retries))

    async def warm_up(self, requests: Sequence[RemoteRequest]) -> None:
        """Ask some requests one after the other, counted nowhere."""
        for request in requests:
            await ask(self._client, self._endpoint, request, self._ask_options)

    async def run(self, requests: Sequence[RemoteRequest], stop: asyncio.Event) -> LoadRun:
        """Send all requests; return what became of those that were sent."""
        options = self._options
        recorder = LoadRecorder(requests, options.concurrency or 1, self._also)
        gone = asyncio.Event()
        recorder.on_gone = gone.set
        gc.collect()
        gc.freeze()  # what is here already is not looked at in a pause
        cpu_s = time.process_time()
        recorder.begin()
        loop = self._closed if options.rate is None else self._open
        work = asyncio.create_task(loop(recorder, requests))
        ends = [asyncio.create_task(stop.wait()), asyncio.create_task(gone.wait())]
        await asyncio.wait([work, *ends], return_when=asyncio.FIRST_COMPLETED)
        stopped = "" if work.done() else "signal" if stop.is_set() else "server gone"
        for task in (work, *ends):
            task.cancel()
        found = await asyncio.gather(work, *ends, return_exceptions=True)
        gc.unfreeze()
        if isinstance(found[0], Exception):
            raise found[0]
        ended, cpu_s = time.perf_counter(), time.process_time() - cpu_s
        records = sorted(recorder.records, key=lambda record: record.number)
        return LoadRun(recorder.started, ended, cpu_s, len(requests), records, recorder.changes, stopped)

    async def _one(self, recorder: LoadRecorder, request: RemoteRequest) -> None:
        await ask(self._client, self._endpoint, request, self._ask_options, recorder)

    async def _closed(self, recorder: LoadRecorder, requests: Sequence[RemoteRequest]) -> None:
        waiting = iter(requests)

        async def lane() -> None:
            for request in waiting:
                await self._one(recorder, request)

        async with asyncio.TaskGroup() as group:
            for _ in range(min(self._options.concurrency or 1, len(requests))):
                group.create_task(lane())

    async def _open(self, recorder: LoadRecorder, requests: Sequence[RemoteRequest]) -> None:
        assert self._options.rate is not None
        arrivals = poisson_arrivals(self._options.rate, len(requests), self._options.seed)
        recorder.due = dict(enumerate(arrivals))
        room = asyncio.Semaphore(self._options.concurrency or len(requests))

        async def one(request: RemoteRequest) -> None:
            async with room:
                await self._one(recorder, request)

        async with asyncio.TaskGroup() as group:
            for request, due in zip(requests, arrivals, strict=True):
                await asyncio.sleep(recorder.started + due - time.perf_counter())
                group.create_task(one(request))
