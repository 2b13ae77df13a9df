"""CPU time by stage, on a clock that goes when it is told to."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any

import pytest

from llmproc.experiments.serving_overhead.stage_times import StageTimes


class Clock:
    def __init__(self) -> None:
        self.now = 0

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def times(clock: Clock) -> StageTimes:
    return StageTimes(clock)


def test_a_stage_within_another_counts_for_itself_alone(times: StageTimes, clock: Clock) -> None:
    def inner() -> str:
        clock.now += 5
        return "made"

    timed_inner = times.timed("inner", inner)

    def outer(more: int) -> str:
        clock.now += 1
        made: str = timed_inner()
        clock.now += more
        return made

    assert times.timed("outer", outer)(more=2) == "made"
    clock.now += 100
    assert times.timed("inner", inner)() == "made"
    assert times.ns == {"outer": 3, "inner": 10} and times.calls == {"outer": 1, "inner": 2}


def test_an_error_ends_its_stages(times: StageTimes, clock: Clock) -> None:
    def fails() -> None:
        clock.now += 4
        raise KeyError("x")

    with pytest.raises(KeyError):
        times.timed("outer", times.timed("inner", fails))()
    clock.now += 50
    times.timed("inner", lambda: None)()
    assert times.ns == {"outer": 0, "inner": 4}


def test_a_coroutine_does_not_count_while_it_waits(times: StageTimes, clock: Clock) -> None:
    """Other tasks run then, in stages of their own."""

    async def step(cost: int) -> int:
        clock.now += cost
        await asyncio.sleep(0)
        clock.now += cost
        return cost

    async def both() -> list[int]:
        return await asyncio.gather(times.timed("a", step)(1), times.timed("b", step)(10))

    assert asyncio.run(both()) == [1, 10] and times.ns == {"a": 2, "b": 20} and times.calls == {"a": 1, "b": 1}


def test_a_coroutine_within_a_coroutine(times: StageTimes, clock: Clock) -> None:
    async def send(cost: int) -> None:
        clock.now += cost

    timed_send = times.timed("send", send)

    async def respond() -> None:
        for cost in (1, 2, 3):
            clock.now += 10
            await timed_send(cost)
            await asyncio.sleep(0)

    asyncio.run(times.timed("respond", respond)())
    assert times.ns == {"respond": 30, "send": 6}


def test_cancelling_goes_through(times: StageTimes, clock: Clock) -> None:
    seen: list[str] = []

    async def waits() -> None:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            clock.now += 7
            seen.append("cancelled")
            raise

    async def cancel() -> None:
        task = asyncio.create_task(times.timed("waits", waits)())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel())
    assert seen == ["cancelled"] and times.ns == {"waits": 7}


def test_what_is_timed_looks_as_before(times: StageTimes) -> None:
    async def work(a: int) -> Any:
        """Do it."""

    timed = times.timed("x", work)
    assert inspect.iscoroutinefunction(timed) and timed.__name__ == "work" and timed.__doc__ == "Do it."
    assert not inspect.iscoroutinefunction(times.timed("x", len)) and times.timed("x", len)("abc") == 3
