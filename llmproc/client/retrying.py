"""Whether a failed request is asked again, and after how long. Pure: the clock and the random draw are given.

Waits grow as powers of two with jitter (exponential back-off); a server's Retry-After goes before them. Source of the
header: RFC 9110, section 10.2.3: seconds, or a date.
"""

from __future__ import annotations

import email.utils
import math
from collections.abc import Collection
from dataclasses import dataclass

from llmproc.client.verdict import Failure, FailureKind
from llmproc.errors import UsageError

# a server may serve these the next time; what is in an answer already is not asked for twice
TRANSIENT = frozenset({FailureKind.CONNECT, FailureKind.DISCONNECTED, FailureKind.HTTP_429, FailureKind.HTTP_5XX})


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Bounds of asking again. Seconds; `retries`: after the first attempt; `kinds`: failures that are asked again."""

    retries: int = 0
    first_wait_s: float = 0.5
    longest_wait_s: float = 120.0
    kinds: Collection[FailureKind] = TRANSIENT

    def __post_init__(self) -> None:
        if not 0 <= self.retries <= 100:
            raise UsageError(f"retries is {self.retries}: must be from 0 to 100")

    def wait_s(self, failure: Failure, attempts: int, retry_after_s: float | None, draw: float) -> float | None:
        """Return the seconds before the next attempt; None: there is none.

        `attempts`: made so far; `draw`: a random number from 0 to 1. A Retry-After beyond `longest_wait_s` ends it.
        """
        if attempts > self.retries or failure.kind not in self.kinds:
            return None
        if retry_after_s is not None:
            return retry_after_s if retry_after_s <= self.longest_wait_s else None
        longest = min(self.longest_wait_s, self.first_wait_s * 2.0 ** (attempts - 1))
        return longest * (0.5 + 0.5 * draw)


NO_RETRY = RetryPolicy()


def parse_retry_after(value: str | None, now: float) -> float | None:
    """Return the seconds that a Retry-After header asks for; None if it is absent or unreadable.

    `now`: seconds since the epoch, for the form that is a date.
    """
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = email.utils.parsedate_to_datetime(value).timestamp() - now
        except (ValueError, OverflowError, TypeError, IndexError):
            return None
    return max(0.0, seconds) if math.isfinite(seconds) else None
