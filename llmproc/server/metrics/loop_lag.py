"""How late the event loop is: a timer that says by how much it was missed. Used by `running`, beside the server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

LOOK_EVERY_S = 0.25


async def measure_loop_lag(tell: Callable[[float], object], every_s: float = LOOK_EVERY_S) -> None:
    """Tell, four times a second and until it is cancelled, how many seconds late the loop ran this. Never returns."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + every_s
        await asyncio.sleep(every_s)
        tell(max(0.0, loop.time() - due))
