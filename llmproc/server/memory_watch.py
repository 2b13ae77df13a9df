"""How much memory is left, read every two seconds: what admission refuses requests by. Used by `running`.

Half a millisecond of file reading, on a thread: it is the event loop that waits for nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from llmproc.hardware.memory import usable_memory

READ_EVERY_S = 2.0


def _usable() -> int | None:
    return usable_memory().usable


async def watch_memory(
    tell: Callable[[int | None], object], read: Callable[[], int | None] = _usable, every_s: float = READ_EVERY_S
) -> None:
    """Tell, on the event loop, the bytes that this process may still use, until this is cancelled. Never returns.

    They are those of its control groups and of the machine, whichever are fewer; None where neither says.
    """
    while True:
        tell(await asyncio.to_thread(read))
        await asyncio.sleep(every_s)
