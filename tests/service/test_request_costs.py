"""What real workers say their requests cost, beside what the kernel says of the workers."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from service.serving import collect, serving, slow_model
from support.orders import order
from support.waiting import until

from llmproc.checkpoints.model_file import open_model
from llmproc.config import EngineOptions
from llmproc.engine.batch import PAGE
from llmproc.engine.loading import page_bytes
from llmproc.service.messages import Finish


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return slow_model(tmp_path_factory.mktemp("model"))


def times_of(pid: int) -> tuple[float, float]:
    """Seconds that all threads of a process have run, and have waited for a CPU."""
    found = [(task / "schedstat").read_text().split() for task in Path(f"/proc/{pid}/task").iterdir()]
    return sum(int(words[0]) for words in found) / 1e9, sum(int(words[1]) for words in found) / 1e9


@pytest.mark.parametrize("threads", [1, 2])
def test_the_bills_of_a_loaded_worker_are_its_time(model: Path, threads: int) -> None:
    orders = [order([1, *range(20, 30 + 9 * number)], 20 + 5 * number, 0.8 * (number % 2)) for number in range(12)]
    with serving(model, engine=EngineOptions(threads=threads, sequences=4)) as service:
        collect(service.submit(order([1, 5, 9], 5)))
        pid = service.workers()[0].pid
        ran, waited = times_of(pid)
        ends = [collect(ticket)[1] for ticket in [service.submit(asked) for asked in orders]]
        until(lambda: service.workers()[0].state == "ready")
        ran, waited = times_of(pid)[0] - ran, times_of(pid)[1] - waited
    billed = sum(end.user_s + end.system_s for end in ends)
    assert 0.93 * ran < billed < 1.01 * ran, (billed, ran)
    assert sum(end.wait_s for end in ends) <= waited + 0.001
    assert all(end.user_s > 0 for end in ends)
    assert ends[11].user_s > 2 * ends[0].user_s, "four times the ids"


def test_pages_are_told_in_bytes(model: Path) -> None:
    options = EngineOptions(threads=1)
    with serving(model, engine=options) as service:
        end = collect(service.submit(order([1, 5, 9], 40)))[1]
    size = page_bytes(open_model(model).description, options)
    assert end.kv_bytes == -(-42 // PAGE) * size, "the last id of 43 is never computed"


def test_a_dead_worker_sends_no_bill(model: Path) -> None:
    """The work is done again, so the second worker's is what the request cost from there on."""
    with serving(model, engine=EngineOptions(threads=1)) as service:
        whole = collect(service.submit(order([1, 5, 9], 60)))[1]
        ticket = service.submit(order([1, 5, 9], 60))
        while ticket.arrived < 40:
            ticket.next(60)
        os.kill(service.workers()[0].pid, signal.SIGKILL)
        end = collect(ticket)[1]
    assert isinstance(end, Finish) and 0 < end.user_s < whole.user_s and end.new_tokens == 60


def test_a_request_that_never_ran_cost_nothing(model: Path) -> None:
    with serving(model) as service:
        failed = collect(service.submit(order([1, 99999])))[1]
    assert (failed.reason, failed.user_s, failed.system_s, failed.wait_s, failed.kv_bytes) == ("failed", 0, 0, 0, 0)
