"""Waking an event loop from a thread: nothing is slept through, and one call does for many."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter

from llmproc.server.wakeups import LoopWakeups

PATIENCE_S = 20.0


def test_many_requests_of_one_frame_need_one_call_into_the_loop() -> None:
    async def main() -> int:
        wakeups = LoopWakeups()
        loop, calls = asyncio.get_running_loop(), Counter[str]()
        whole = loop.call_soon_threadsafe

        def counted(*arguments: object) -> object:
            calls["made"] += 1
            return whole(*arguments)  # type: ignore[arg-type]

        loop.call_soon_threadsafe = counted  # type: ignore[method-assign, assignment]
        each = [wakeups.wakeup() for _ in range(50)]
        thread = threading.Thread(target=lambda: [one.notify() for one in each])
        thread.start()
        thread.join()
        await asyncio.wait_for(asyncio.gather(*(one.wait() for one in each)), PATIENCE_S)
        return calls["made"]

    assert asyncio.run(main()) == 1


def test_nothing_is_slept_through() -> None:
    """A thread counts up and notifies; the loop must see the last number, however the two interleave."""

    async def main() -> list[int]:
        wakeups = LoopWakeups()
        each = [wakeups.wakeup() for _ in range(4)]
        numbers, last = [0] * 4, 3000

        def count() -> None:
            for number in range(1, last + 1):
                for place, one in enumerate(each):
                    numbers[place] = number
                    one.notify()

        async def follow(place: int) -> int:
            while numbers[place] < last:
                await each[place].wait()
            return numbers[place]

        thread = threading.Thread(target=count)
        thread.start()
        found = await asyncio.wait_for(asyncio.gather(*map(follow, range(4))), PATIENCE_S)
        thread.join()
        return found

    assert asyncio.run(main()) == [3000] * 4


def test_a_loop_that_has_ended_is_no_error() -> None:
    async def main() -> LoopWakeups:
        return LoopWakeups()

    asyncio.run(main()).wakeup().notify()
