"""A run at one moment, frozen: what the display draws. Made by main's loop, read by nothing but the display."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LaneSnapshot:
    """One worker or server."""

    worker: int  # slot, or place among the servers
    name: str
    state: str  # ready, or what it is instead
    running: int  # requests
    tokens: int  # made in this run so far, those of unfinished answers included
    rows: int  # finished


@dataclass(frozen=True, slots=True)
class RunSnapshot:
    """The whole run."""

    done: int  # rows answered or refused by this run
    failed: int  # of them
    reused: int  # rows whose result was there before
    reused_failed: int  # of them
    finished_tokens: int  # of finished answers
    unfinished_tokens: tuple[int, ...]  # of each request under way
    first_dispatch: float | None  # moment on CLOCK_MONOTONIC
    rows_read: int
    position: int  # bytes of the input that they fill
    input_ended: bool
    started: bool  # the backend
    lanes: tuple[LaneSnapshot, ...]

    @property
    def tokens(self) -> int:
        """Return all tokens that have come."""
        return self.finished_tokens + sum(self.unfinished_tokens)
