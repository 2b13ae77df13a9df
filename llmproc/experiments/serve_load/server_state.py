"""What a server says of itself while it is under load: /metrics (ours, vLLM's) and /workers (ours).

Source of the text format: Prometheus' exposition formats. Only sums over all labels are needed here.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import defaultdict
from collections.abc import Mapping

import httpx
import msgspec

from llmproc.client.asking import open_client
from llmproc.client.endpoint import RemoteEndpoint
from llmproc.experiments.serve_load.ramp import ServerGauges

EVERY_S = 0.5
_TIMEOUT_S = 5.0
_SAMPLE = re.compile(r"(?:llmproc:|vllm:)?([A-Za-z_][A-Za-z0-9_:]*)(?:\{.*\})? (\S+)(?: \d+)?")


class _CpuView(msgspec.Struct, frozen=True):
    user: float | None = None
    system: float | None = None
    wait: float | None = None


class _WorkerView(msgspec.Struct, frozen=True):
    cpu_percent: _CpuView = msgspec.field(default_factory=_CpuView)
    ranks_in_use: int | None = None


class _WorkersPage(msgspec.Struct, frozen=True):
    workers: list[_WorkerView]


def parse_samples(text: str) -> dict[str, float]:
    """Return the sum of each metric over its labels, names without the prefix `llmproc:` or `vllm:`."""
    found: dict[str, float] = defaultdict(float)
    for line in text.splitlines():
        sample = None if line.startswith("#") else _SAMPLE.fullmatch(line.strip())
        if sample is not None:
            try:
                found[sample[1]] += float(sample[2])
            except ValueError:
                continue
    return dict(found)


def gauges_of(metrics: Mapping[str, float], workers: bytes | None, t: float) -> ServerGauges:
    """Return one look at a server. `workers`: the page /workers, if there is one."""
    page: list[_WorkerView] = []
    if workers is not None:
        try:
            page = msgspec.json.decode(workers, type=_WorkersPage).workers
        except msgspec.MsgspecError:
            page = []
    uses = [view.cpu_percent for view in page if view.cpu_percent.user is not None]
    return ServerGauges(
        t=t,
        running=metrics.get("num_requests_running"),
        waiting=metrics.get("num_requests_waiting"),
        kv_usage=metrics.get("kv_cache_usage_perc"),
        preemptions=metrics.get("num_preemptions_total"),
        open_fds=metrics.get("process_open_fds"),
        max_fds=metrics.get("process_max_fds"),
        workers=len(page) or None,
        cpu=sum((use.user or 0) + (use.system or 0) for use in uses) / 100 if uses else None,
        cpu_wait=sum(use.wait or 0 for use in uses) / 100 if uses else None,
        threads=sum(view.ranks_in_use or 0 for view in page) or None,
    )


class ServerWatch:
    """Looks at a server before, twice a second in, and after a run. A page that does not answer is not an error."""

    def __init__(self, endpoint: RemoteEndpoint) -> None:
        self._endpoint = endpoint
        self._task: asyncio.Task[None] | None = None
        self.gauges: list[ServerGauges] = []

    @property
    def known(self) -> bool:
        """Return whether the server says anything of itself."""
        return any(each.waiting is not None or each.workers is not None for each in self.gauges)

    async def __aenter__(self) -> ServerWatch:
        async with open_client(self._endpoint) as client:  # a step may be shorter than the time to the first look
            known = await self._look(client)
        self._task = asyncio.create_task(self._watch()) if known else None
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            async with open_client(self._endpoint) as client:
                await self._look(client)

    async def _watch(self) -> None:
        async with open_client(self._endpoint) as client:
            while True:
                await asyncio.sleep(EVERY_S)
                await self._look(client)

    async def _look(self, client: httpx.AsyncClient) -> bool:
        """Take one look; return whether the server has either page."""
        metrics, workers = await self._page(client, "/metrics"), await self._page(client, "/workers")
        if metrics is None and workers is None:
            return False
        samples = parse_samples(metrics.decode("utf-8", "replace")) if metrics is not None else {}
        self.gauges.append(gauges_of(samples, workers, time.perf_counter()))
        return True

    async def _page(self, client: httpx.AsyncClient, path: str) -> bytes | None:
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                response = await client.get(self._endpoint.origin + path)
        except (httpx.HTTPError, TimeoutError):
            return None
        return response.content if response.status_code == 200 else None
