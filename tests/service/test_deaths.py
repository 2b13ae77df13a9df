"""Workers and templates die in every state; requests do not notice."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from service.serving import Recorder, collect, serving, slow_model
from support.orders import order
from support.paths import PYTHONPATH
from support.processes import alive, children
from support.waiting import until

from llmproc.errors import CheckpointError, ServiceClosedError
from llmproc.service.messages import Finish
from llmproc.service.service import Service
from llmproc.service.ticket import Ticket, Tokens


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return slow_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def undisturbed(model: Path) -> dict[str, tuple[list[int], Finish]]:
    """What the orders of these tests give when nobody dies."""
    with serving(model) as service:
        return {
            "sampled": collect(service.submit(order([1, 5, 9]))),
            "long prompt": collect(service.submit(order([1, *range(20, 120)], 8))),
            "closing": collect(service.submit(order([1, 5, 9], 12, closing=2))),
        }


def worker_pid(service: Service) -> int:
    service.wait_ready(60)
    return service.workers()[0].pid


def take(ticket: Ticket, count: int) -> list[int]:
    tokens = []
    while len(tokens) < count:
        event = ticket.next(30)
        assert isinstance(event, Tokens), event
        tokens += event.ids
    return tokens


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGABRT, signal.SIGTERM])
def test_a_worker_killed_while_generating_is_replaced_and_the_text_is_the_same(
    model: Path, undisturbed: dict[str, tuple[list[int], Finish]], number: int
) -> None:
    recorder = Recorder()
    with serving(model, recorder) as service:
        ticket = service.submit(order([1, 5, 9]))
        first = take(ticket, 5)
        killed = worker_pid(service)
        os.kill(killed, number)
        rest, finish = collect(ticket)
    tokens, expected = undisturbed["sampled"]
    assert first + rest == tokens
    assert (finish.reason, finish.new_tokens, finish.draws) == (expected.reason, expected.new_tokens, expected.draws)
    assert finish.prompt_tokens == 3 and finish.positions == 63
    assert recorder.named("worker_replaced", "turn_began", "turn_ended", "worker_dying") == [
        "turn_began", "worker_dying", "worker_replaced", "turn_began", "turn_ended", "worker_dying",
    ]  # fmt: skip
    assert service.exits[0].pid == killed
    assert service.exits[-1].status is not None and os.WIFEXITED(service.exits[-1].status)


def test_killed_in_prefill(model: Path, undisturbed: dict[str, tuple[list[int], Finish]]) -> None:
    recorder = Recorder()
    with serving(model, recorder) as service:
        ticket = service.submit(order([1, *range(20, 120)], 8))
        pid = worker_pid(service)
        until(lambda: recorder.named("request_dispatched"))
        os.kill(pid, signal.SIGKILL)
        assert collect(ticket)[0] == undisturbed["long prompt"][0]
        assert len(service.exits) == 1


@pytest.mark.parametrize("after", [3, 13])
def test_killed_under_the_courses_closing_rule(
    model: Path, undisturbed: dict[str, tuple[list[int], Finish]], after: int
) -> None:
    with serving(model) as service:
        ticket = service.submit(order([1, 5, 9], 12, closing=2))
        first = take(ticket, after)
        os.kill(worker_pid(service), signal.SIGKILL)
        rest, finish = collect(ticket)
    tokens, expected = undisturbed["closing"]
    assert first + rest == tokens and tokens[-1] == 2
    assert (finish.discarded, finish.draws, finish.new_tokens) == (
        expected.discarded,
        expected.draws,
        expected.new_tokens,
    )


def test_killed_while_idle_costs_nothing(model: Path, undisturbed: dict[str, tuple[list[int], Finish]]) -> None:
    with serving(model) as service:
        for _ in range(4):
            pid = worker_pid(service)
            os.kill(pid, signal.SIGKILL)
            until(lambda: worker_pid(service) not in (pid, 0))  # noqa: B023
        assert collect(service.submit(order([1, 5, 9])))[0] == undisturbed["sampled"][0]


def test_the_template_dies_and_the_service_goes_on(
    model: Path, undisturbed: dict[str, tuple[list[int], Finish]]
) -> None:
    recorder = Recorder()
    with serving(model, recorder) as service:
        ticket = service.submit(order([1, 5, 9]))
        first = take(ticket, 3)
        template = next(fields["pid"] for kind, fields in recorder.events if kind == "template_started")
        os.kill(template, signal.SIGKILL)
        first += take(ticket, 3)
        os.kill(worker_pid(service), signal.SIGKILL)
        rest, _ = collect(ticket)
        assert first + rest == undisturbed["sampled"][0]
        reports = [fields for kind, fields in recorder.events if kind == "template_ready"]
    assert [report["mapped"] for report in reports] == [False, True]
    assert reports[1]["compiled"] == 0


def test_the_template_killed_in_prefill(model: Path, undisturbed: dict[str, tuple[list[int], Finish]]) -> None:
    recorder = Recorder()
    with serving(model, recorder) as service:
        ticket = service.submit(order([1, *range(20, 120)], 8))
        until(lambda: recorder.named("request_dispatched"))
        os.kill(next(fields["pid"] for kind, fields in recorder.events if kind == "template_started"), signal.SIGKILL)
        assert collect(ticket)[0] == undisturbed["long prompt"][0]
        until(lambda: len(recorder.named("template_ready")) == 2)


@pytest.mark.soak
def test_two_hundred_random_kills_fail_nobody(model: Path) -> None:
    """Workers and templates, idle and busy; every text is the undisturbed one.

    Kills are further apart than a replacement needs for one token: a request that loses three workers in a row without
    one is blamed, by the rule another test asks for.
    """
    chance, prompts = random.Random(3), [[1, number] for number in range(10, 60)]
    with serving(model) as service:
        expected = [collect(service.submit(order(ids, 20)))[0] for ids in prompts]
    recorder, stop = Recorder(), threading.Event()
    with serving(model, recorder, workers=2) as service:
        service.wait_ready(60)
        kills = 0

        def kill() -> None:
            nonlocal kills
            while not stop.is_set() and kills < 200:
                stop.wait(chance.uniform(0.15, 0.4))
                pids = [worker.pid for worker in service.workers() if worker.state == "ready"]
                if chance.random() < 0.1:
                    pids = [[f["pid"] for k, f in recorder.events if k == "template_started"][-1]]
                if pids:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(chance.choice(pids), signal.SIGKILL)
                        kills += 1

        killer = threading.Thread(target=kill)
        killer.start()
        try:
            while kills < 200:
                tickets = [service.submit(order(ids, 20)) for ids in prompts]
                assert [collect(ticket)[0] for ticket in tickets] == expected
        finally:
            stop.set()
            killer.join()
    assert kills == 200


def began(recorder: Recorder, ticket: Ticket) -> int:
    """How often a worker has taken the request."""
    taken = [fields["request"] for kind, fields in list(recorder.events) if kind == "request_dispatched"]
    return taken.count(ticket.request_id)


def test_a_request_that_kills_three_workers_fails_and_the_next_one_does_not(
    model: Path, undisturbed: dict[str, tuple[list[int], Finish]]
) -> None:
    recorder = Recorder()
    with serving(model, recorder) as service:
        service.wait_ready(60)
        ticket = service.submit(order([1, *range(20, 500)], 8))  # its prefill takes long enough to be killed in
        good = service.submit(order([1, 5, 9]))
        for count in range(1, 4):
            until(lambda: began(recorder, ticket) >= count)  # noqa: B023
            os.kill(service.workers()[0].pid, signal.SIGKILL)
            until(lambda: len(service.exits) >= count)  # noqa: B023
        tokens, finish = collect(ticket)
        assert (tokens, finish.reason) == ([], "failed")
        assert "3 workers in a row" in finish.message
        assert collect(good)[0] == undisturbed["sampled"][0]


def test_cancel_keeps_what_there_is(model: Path, undisturbed: dict[str, tuple[list[int], Finish]]) -> None:
    with serving(model) as service:
        ticket = service.submit(order([1, 5, 9]))
        first = take(ticket, 5)
        ticket.cancel()
        rest, finish = collect(ticket)
        tokens = first + rest
        assert finish.reason == "cancelled" and finish.new_tokens == len(tokens) < 60
        assert tokens == undisturbed["sampled"][0][: len(tokens)]
        waiting = [service.submit(order([1, 5, 9])) for _ in range(2)]
        waiting[1].cancel()
        assert collect(waiting[1])[1].reason == "cancelled"
        assert collect(waiting[0])[0] == undisturbed["sampled"][0]


def test_workers_never_compile_and_share_one_copy(model: Path) -> None:
    with serving(model, workers=2) as service:
        service.wait_ready(60)
        until(lambda: sum(worker.state == "ready" for worker in service.workers()) == 2)
        tickets = [service.submit(order([1, 5, 9], 10)) for _ in range(4)]
        results = [collect(ticket)[0] for ticket in tickets]
        assert results.count(results[0]) == 4
        for worker in service.workers():
            status = Path(f"/proc/{worker.pid}/status").read_text()
            assert f"PPid:\t{os.getpid()}\n" in status
            assert Path(f"/proc/{worker.pid}/comm").read_text() == "inference\n"
            assert "llmproc-weights" in Path(f"/proc/{worker.pid}/maps").read_text()


def test_a_closed_service_refuses_and_ends_what_is_open(model: Path) -> None:
    with serving(model) as service:
        ticket = service.submit(order([1, 5, 9], 500))
        take(ticket, 2)
        service.close(20)
        assert collect(ticket)[1].reason == "cancelled"
        with pytest.raises(ServiceClosedError):
            service.submit(order([1]))


def test_a_bad_request_fails_alone(model: Path) -> None:
    with serving(model) as service:
        tokens, finish = collect(service.submit(order([1, 99999])))
        assert (tokens, finish.reason) == ([], "failed") and "99999" in finish.message
        assert len(collect(service.submit(order([1, 5], 3)))[0]) == 3
        assert service.exits == []


def test_nan_weights_are_reported_by_the_template(model: Path, tmp_path: Path) -> None:
    broken = bytearray(model.read_bytes())
    broken[256:260] = b"\x00\x00\xc0\x7f"
    path = tmp_path / "nan.bin"
    path.write_bytes(broken)
    with serving(path) as service:
        with pytest.raises(CheckpointError, match=r"nan\.bin") as caught:
            service.wait_ready(60)
        assert caught.value.exit_code == 4 and "\n" not in str(caught.value)


def test_main_killed_leaves_nothing(model: Path) -> None:
    """Kill -9 of a main with a generating worker: worker and template are gone within a second."""
    code = (
        "from pathlib import Path\nfrom service.serving import *\nfrom support.orders import order\n"
        f"with serving(Path({str(model)!r})) as service:\n"
        "    ticket = service.submit(order([1, 5, 9], 900))\n    ticket.next()\n"
        "    print(service.workers()[0].pid, flush=True)\n    collect(ticket)\n"
    )
    environment = {**os.environ, "PYTHONPATH": PYTHONPATH}
    with subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True) as main:
        assert main.stdout is not None
        worker = int(main.stdout.readline())
        family = children(main.pid)
        assert worker in family and len(family) == 2
        main.kill()
    deadline = time.monotonic() + 1
    while any(alive(pid) for pid in family):
        assert time.monotonic() < deadline, "something outlives main"
        time.sleep(0.01)
