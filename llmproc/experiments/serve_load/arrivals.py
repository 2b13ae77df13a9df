"""When the requests of an open loop are sent: a Poisson process, the same one for the same seed. Pure.

Gaps between arrivals are exponential with the mean 1 / rate, whatever the server does: users do not wait for each
other. A closed loop, where the next request waits for an answer, cannot overload a server and hides its slow moments.
"""

from __future__ import annotations

import random


def poisson_arrivals(rate: float, count: int, seed: int) -> list[float]:
    """Return the seconds after the start at which each of `count` requests is sent; the first one at 0."""
    draws = random.Random(f"arrivals {seed}")
    moments, now = [], 0.0
    for _ in range(count):
        moments.append(now)
        now += draws.expovariate(rate)
    return moments
