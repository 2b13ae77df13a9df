"""Whether a row of a batch may be asked now: rows take only places that no single request wants.

With n answers at the same time (workers times sequences), rows are asked while fewer than n - 1 are open, of batches
and of single requests together: a single request that comes finds a free place at once. With one place, a row is asked
when nothing is open, and a single request waits for that row at most. Rows that are under way are not interrupted.

    gate.state() --may_start--> BatchGate.admit --> Admission.admit

Used by `course` (before it asks) and, by the gate, at the moment of admission, so that no two rows take one place.
"""

from __future__ import annotations

from collections.abc import Callable

from llmproc.server.refusals import RefusedError
from llmproc.server.responding import Admitted, Gate


def rows_at_a_time(slots: int) -> int:
    """Return how many rows may be under way. `slots`: answers at the same time."""
    return max(1, slots - 1)


def may_start(slots: int, open_now: int, choices: int) -> bool:
    """Return whether `choices` answers more may be made. `open_now`: answers that run or wait, of everybody."""
    return open_now == 0 or open_now + choices <= rows_at_a_time(slots)


class BatchGate:
    """The gate of rows: behind it is that of all requests."""

    def __init__(self, gate: Gate, slots: int, open_now: Callable[[], int]) -> None:
        """Take the gate of all requests, and how many answers are open now."""
        self._gate, self._slots, self._open_now = gate, slots, open_now

    def has_room(self, choices: int) -> bool:
        """Return whether a row of `choices` answers may be asked now."""
        return may_start(self._slots, self._open_now(), choices)

    def admit(self, now: float, prompt_tokens: int, max_tokens: int, choices: int) -> Admitted:
        """Take a place. RefusedError 429 or 503."""
        if not self.has_room(choices):
            raise RefusedError("other requests come first", 429, code="batch_waits", retry_after_s=0.0)
        return self._gate.admit(now, prompt_tokens, max_tokens, choices)
