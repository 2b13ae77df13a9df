"""`--mode stress --ramp`: loads that grow until goodput falls, and what gave way then. Pure.

Loads double from step to step. Without --goodput every answer that succeeds is a good one. What gave way is told from
what the server says of itself (`server_state`); a server that says nothing leaves it open, and that is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

FALLEN = 0.9  # of the best goodput so far
_FULL = 0.95  # of KV pages or of descriptors
_BUSY = 0.9  # of one core
_WAITING = 0.2  # of a core that ready threads waited for


@dataclass(frozen=True, slots=True)
class ServerGauges:
    """Gauges of a server at one moment; None: it did not say. Shares 0 to 1; CPU in cores."""

    t: float
    running: float | None = None
    waiting: float | None = None
    kv_usage: float | None = None
    preemptions: float | None = None
    open_fds: float | None = None
    max_fds: float | None = None
    workers: int | None = None
    cpu: float | None = None  # that its workers took
    cpu_wait: float | None = None  # that their threads waited for
    threads: int | None = None  # of its workers that compute


def ramp_loads(first: float, most: float) -> Iterator[float]:
    """Yield 1, 2, 4 ... times `first`, and `most` at the end."""
    load = first
    while load < most:
        yield load
        load *= 2
    yield most


def goodput_of(figures: Mapping[str, Any]) -> float:
    """Return good answers per second: by the goals, or those that succeeded."""
    kept = figures["goodput_per_s"]
    return float(figures["queries_per_s"] if kept is None else kept)


def has_fallen(steps: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether the last of the steps' figures is below the best before it, or nothing of it succeeded."""
    *before, last = [goodput_of(figures) for figures in steps]
    return last == 0 or (bool(before) and last < FALLEN * max(before))


def gave_way(
    figures: Mapping[str, Any], gauges: Sequence[ServerGauges], known: bool, cpus: int
) -> list[dict[str, str]]:
    """Return what was at its limit in a step, each with the evidence; [] if nothing that is known was.

    `known`: the server tells of itself; `cpus`: of this machine, which may be another one than the server's.
    """
    found = [*_client(figures), *_fds(figures, gauges), *_kv(gauges), *_queue(figures, gauges), *_cpu(gauges, cpus)]
    if not found and not known:
        found.append({"what": "unknown", "evidence": "the server does not tell: it has neither /metrics nor /workers"})
    return found


def _client(figures: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    share = figures["client_cpu_share"]
    if share > _BUSY:
        yield {
            "what": "load generator",
            "evidence": f"this program itself took {share:.0%} of a core: figures are its own",
        }


def _fds(figures: Mapping[str, Any], gauges: Sequence[ServerGauges]) -> Iterator[dict[str, str]]:
    full = [(g.open_fds, g.max_fds) for g in gauges if g.open_fds and g.max_fds and g.open_fds >= _FULL * g.max_fds]
    if full:
        yield {"what": "fds", "evidence": f"{full[-1][0]:.0f} of {full[-1][1]:.0f} descriptors open"}
    elif figures["failures"].get("connect", 0) or figures["retries_by_kind"].get("connect", 0):
        yield {"what": "fds", "evidence": "connections were refused or could not be made"}


def _kv(gauges: Sequence[ServerGauges]) -> Iterator[dict[str, str]]:
    usage = max((g.kv_usage for g in gauges if g.kv_usage is not None), default=0.0)
    counts = [g.preemptions for g in gauges if g.preemptions is not None]
    preempted = counts[-1] - counts[0] if counts else 0
    if usage >= _FULL or preempted > 0:
        yield {"what": "KV", "evidence": f"{usage:.0%} of KV pages held, {preempted:.0f} preemptions"}


def _queue(figures: Mapping[str, Any], gauges: Sequence[ServerGauges]) -> Iterator[dict[str, str]]:
    refused = sum(figures[name].get("http_429", 0) for name in ("failures", "retries_by_kind"))
    waiting = max((g.waiting for g in gauges if g.waiting is not None), default=0.0)
    if refused:
        yield {
            "what": "queue",
            "evidence": f"{refused} times status 429" + (f", {waiting:.0f} waiting" if waiting else ""),
        }
    elif waiting:
        yield {"what": "queue", "evidence": f"up to {waiting:.0f} requests waited for a worker"}


def _cpu(gauges: Sequence[ServerGauges], cpus: int) -> Iterator[dict[str, str]]:
    cpu = max((g.cpu for g in gauges if g.cpu is not None), default=0.0)
    wait = max((g.cpu_wait for g in gauges if g.cpu_wait is not None), default=0.0)
    threads = max((g.threads for g in gauges if g.threads is not None), default=0)
    limit = min(cpus, threads) if threads else cpus
    if cpu >= _BUSY * limit or wait >= _WAITING:
        waited = f", {wait:.2f} cores waited for" if wait >= 0.005 else ""
        yield {"what": "CPU", "evidence": f"workers took {cpu:.2f} cores with {threads or 'unknown'} threads{waited}"}
