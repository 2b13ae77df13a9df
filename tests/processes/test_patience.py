"""Whoever waits hears an interrupt that comes without a signal, soon and not only at the end of its wait."""

from __future__ import annotations

import ctypes
import fcntl
import itertools
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from service.serving import serving
from support.waiting import until

from llmproc.processes import patience
from llmproc.processes.patience import SLICE_S, slices, wait_readable
from llmproc.service.messages import Generate
from llmproc.service.service import Service
from llmproc.service.ticket import Ticket


def test_slices_add_up_to_the_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [10.0]
    monkeypatch.setattr(patience.time, "monotonic", lambda: now[0])
    found = []
    for part in slices(0.5):
        found.append(part)
        now[0] += part
    assert found == pytest.approx([0.2, 0.2, 0.1])


def test_a_timeout_of_nothing_looks_once() -> None:
    assert list(slices(0)) == [0] and list(slices(-1)) == [0]


def test_without_a_timeout_it_goes_on() -> None:
    assert list(itertools.islice(slices(None), 50)) == [SLICE_S] * 50
    assert SLICE_S <= 0.2


class Interrupted(Exception):
    """What a framework throws into a task that it cancels."""


def interrupted(wait: Callable[[], object]) -> None:
    """Interrupt the wait in another thread by the interpreter's flag alone, until it has ended by that."""
    ended: list[BaseException | None] = []

    def run() -> None:
        try:
            wait()
        except BaseException as error:
            ended.append(error)
        else:
            ended.append(None)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    until(lambda: thread.ident, "it runs")
    for _ in range(3):  # one that comes while an object is finalised, or in a callback of the collector, is lost
        raised = ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(thread.ident or 0), ctypes.py_object(Interrupted)
        )
        assert raised == 1
        thread.join(10)
        if not thread.is_alive():
            break
    assert not thread.is_alive(), "it does not hear it"
    assert isinstance(ended[0], Interrupted)


WAITS: dict[str, Callable[[Ticket], object]] = {
    "wait": lambda ticket: ticket.wait(),
    "wait for long": lambda ticket: ticket.wait(3600),
    "next": lambda ticket: ticket.next(),
    "next for long": lambda ticket: ticket.next(3600),
    "iteration": lambda ticket: list(ticket),
}


@pytest.mark.parametrize("name", WAITS)
def test_a_caller_of_a_ticket_can_be_interrupted(name: str) -> None:
    interrupted(lambda: WAITS[name](Ticket(1, lambda: None)))


def test_so_can_those_who_wait_for_the_service(tmp_path: Path) -> None:
    with serving(tmp_path / "none", work="wait") as service:
        service.wait_ready(60)
        ticket = service.submit(Generate.greedy([1], 1, wait_s=3600))
        interrupted(ticket.wait)
        stop, service._supervisor.stop = service._supervisor.stop, lambda: None  # type: ignore[method-assign]
        interrupted(service.close)  # it waits for an end that does not come
        service._supervisor.stop = stop  # type: ignore[method-assign]
    assert ticket.ended is not None


def test_and_those_who_wait_for_a_worker(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with serving(tmp_path / "none", work="wait") as service:
        service.wait_ready(60)
        never = Service.__new__(Service)
        never._started, never.error = threading.Event(), None
        interrupted(never.wait_ready)


# -- descriptors ----------------------------------------------------------------------------------------------------


def test_what_can_be_read_or_has_ended_is_returned() -> None:
    (quiet, quiet_end), (ready, ready_end), (over, over_end) = os.pipe(), os.pipe(), os.pipe()
    try:
        assert wait_readable([quiet, ready], 0) == []
        os.write(ready_end, b"x")
        os.close(over_end)
        assert wait_readable([quiet, ready]) == [ready]
        assert set(wait_readable([quiet, over, ready], 1e12)) == {over, ready}, "no timeout is too long"
        with open(ready, "rb", closefd=False) as file:
            assert wait_readable([file], 5) == [file], "what has a fileno comes back itself"
    finally:
        for fd in (quiet, quiet_end, ready, ready_end, over):
            os.close(fd)


def test_a_descriptor_above_1023_is_fine() -> None:
    read_end, write_end = os.pipe()
    high = fcntl.fcntl(read_end, fcntl.F_DUPFD_CLOEXEC, 1024)
    try:
        os.write(write_end, b"x")
        assert wait_readable([high], 5) == [high]
    finally:
        for fd in (read_end, write_end, high):
            os.close(fd)
