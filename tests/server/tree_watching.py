"""What a server costs while it is asked: memory of its processes, delays of its event loop; and who kills workers."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families
from server.served import Served
from support.processes import children

from llmproc.monitor.proc import read_pss


def tree(pid: int) -> list[int]:
    """A process and all that descend from it."""
    return [pid, *(below for child in children(pid) for below in tree(child))]


def tree_pss(pid: int) -> int:
    """Bytes of a process tree, shared pages counted once. Processes that go meanwhile count nothing."""
    return sum(read_pss(one) or 0 for one in tree(pid))


def open_descriptors(pid: int) -> int:
    """How many descriptors a process has."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def cpu_seconds(pid: int) -> float:
    """CPU time of a process, of all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def fitted_growth(samples: Sequence[tuple[float, float]], leave_out: float = 0.2) -> float:
    """Growth over the samples (seconds, value) behind the first share of the time, by least squares.

    As a share of their mean: a line through them rises by so much from its beginning to its end.
    """
    first, last = samples[0][0], samples[-1][0]
    kept = [(at, value) for at, value in samples if at >= first + leave_out * (last - first)]
    middle = sum(at for at, _ in kept) / len(kept)
    mean = sum(value for _, value in kept) / len(kept)
    spread = sum((at - middle) ** 2 for at, _ in kept)
    slope = sum((at - middle) * (value - mean) for at, value in kept) / spread
    return slope * (kept[-1][0] - kept[0][0]) / mean


@dataclass
class Repeated:
    """What a thread does again and again until its `with` ends."""

    count: int = 0
    samples: list[tuple[float, float]] = field(default_factory=list)


@contextmanager
def watched_memory(pid: int, every_s: float) -> Iterator[Repeated]:
    """Sample the memory of a process tree."""
    seen, over = Repeated(), threading.Event()

    def look() -> None:
        while not over.wait(every_s):
            seen.samples.append((time.monotonic(), tree_pss(pid)))

    with _thread(look, over):
        yield seen


@contextmanager
def killed_workers(server: Served, every_s: float) -> Iterator[Repeated]:
    """Kill a worker that runs requests every so many seconds, by SIGKILL; each slot in its turn."""
    done, over = Repeated(), threading.Event()

    def kill() -> None:
        slot = 0
        while not over.is_set():
            workers = server.ask("GET", "/workers").json["workers"]
            worker = workers[slot % len(workers)]
            slot, busy = slot + 1, worker["pid"] and worker["requests"]
            if busy:
                os.kill(worker["pid"], signal.SIGKILL)
                done.count += 1
            over.wait(every_s if busy else 0.01)

    with _thread(kill, over):
        yield done


@contextmanager
def _thread(work: object, over: threading.Event) -> Iterator[None]:
    thread = threading.Thread(target=work)  # type: ignore[arg-type]
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def metric(server: Served, name: str, **labels: str) -> float:
    """The sum of the samples of a name, without prefix, that have these labels."""
    text = server.ask("GET", "/metrics").body.decode()
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == f"llmproc:{name}" and labels.items() <= sample.labels.items()
    )


def loop_lag(server: Served) -> str:
    """How late the server's event loop was, for whoever reads the test's output: mean, and the bucket of the worst."""
    count, total = metric(server, "event_loop_lag_seconds_count"), metric(server, "event_loop_lag_seconds_sum")
    text = server.ask("GET", "/metrics").body.decode()
    bounds = [
        (float(sample.labels["le"]), sample.value)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "llmproc:event_loop_lag_seconds_bucket"
    ]
    worst = next((bound for bound, below in bounds if below >= count), float("inf"))
    return f"event loop late by {1000 * total / max(1, count):.1f} ms on average, {1000 * worst:g} ms at most"
