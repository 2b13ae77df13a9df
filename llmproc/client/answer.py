"""What became of one request: times, text, tokens, failure, and the attempts before the last. Plain records.

Two clocks: moments are of time.perf_counter, whose differences are exact; `started_at` is the wall clock's at the
moment `sent`, for traces. Times are those of the last attempt alone; what failed before it, and the waits between, are
`attempts`.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from llmproc.client.reading import TokenCounts
from llmproc.client.verdict import Failure


@dataclass(frozen=True, slots=True)
class FailedAttempt:
    """An attempt after which the request was sent again. Seconds it took, and waited after it."""

    failure: Failure
    status: int
    seconds: float
    waited_s: float


@dataclass(frozen=True, slots=True)
class RemoteAnswer:
    """One request, finished or failed. Connecting is part of its time, where a new connection was needed."""

    started_at: float  # seconds since the epoch
    sent: float
    ended: float
    status: int  # 0: no response
    streamed: bool
    model: str  # as the server names it; as it was asked for if it does not
    text: str
    reasoning: str
    finish_reason: str | None
    tokens: TokenCounts
    moments: Sequence[float]  # of each chunk that brought output
    first_content: float | None  # of the first text that is not reasoning
    failure: Failure | None
    attempts: Sequence[FailedAttempt] = ()
    retry_after_s: float | None = None  # of the last attempt: when the server wants to be asked again

    @property
    def total_s(self) -> float:
        """Return the end-to-end latency (E2E)."""
        return self.ended - self.sent

    @property
    def ttft_s(self) -> float | None:
        """Return the time to the first token: the first chunk with output. None if not streamed, or none came."""
        return self.moments[0] - self.sent if self.moments else None

    @property
    def itl_s(self) -> list[float]:
        """Return the inter-token latencies: gaps between chunks with output."""
        return [after - before for before, after in itertools.pairwise(self.moments)]

    @property
    def tpot_s(self) -> float | None:
        """Return the time per output token after the first: from first to last chunk with output, over tokens - 1.

        As vLLM's benchmark has it. None if not streamed, or for fewer than two tokens.
        """
        count = self.tokens.completion or 0
        return (self.moments[-1] - self.moments[0]) / (count - 1) if self.moments and count > 1 else None
