"""What is asked of a server, and what its caller sees of it.

A RemoteTicket is written by the service's thread and read by the caller's: single values, and a deque of texts.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from llmproc.client.answer import RemoteAnswer
from llmproc.client.body import RemoteRequest


@dataclass(frozen=True, slots=True)
class RemoteOrder:
    """One request. `cost`: expected, in any one unit, for policies that sort by it."""

    request: RemoteRequest
    cost: float = 1.0
    wants_pieces: bool = False  # while the answer comes; else its text is only in the answer


class RemoteTicket:
    """A submitted request. Moments are seconds on CLOCK_MONOTONIC, None until they have come.

    `server`, `connection`: those it is or was last with; `attempts`: how many times it has been sent.
    """

    def __init__(self, number: int, order: RemoteOrder, submitted: float, notify: Callable[[], None]) -> None:
        """Begin unsent. `notify`: called on the service's thread for every output and for the end."""
        self.number, self.order, self.submitted, self.notify = number, order, submitted, notify
        self.begun: float | None = None  # the first attempt
        self.sent: float | None = None  # the last one
        self.ended: float | None = None
        self.server: int | None = None
        self.connection: int | None = None
        self.attempts = 0
        self.arrived = 0  # tokens of the last attempt so far, counted by chunks until it ends
        self.stolen = False  # by the connection that asked it last, from another's queue
        self.answer: RemoteAnswer | None = None  # of the last attempt, once all is over
        self.error: str | None = None  # one line: it failed for good
        self.cancelled = False  # the service was closed over it
        self._pieces: deque[str] = deque()
        self._shown = ""  # of the text so far: an attempt that begins again repeats it

    def put_text(self, text: str) -> None:
        """Take the whole text of an attempt so far; what has been shown before is not shown again."""
        if text.startswith(self._shown):
            piece, self._shown = text[len(self._shown) :], text
        elif self._shown.startswith(text):
            return  # another attempt, on its way to where the last one was
        else:
            piece, self._shown = "\n" + text, text
        if piece:
            self._pieces.append(piece)

    def take_pieces(self) -> list[str]:
        """Return the texts that have come since the last call."""
        found = []
        while self._pieces:
            found.append(self._pieces.popleft())
        return found

    def end(self, now: float, answer: RemoteAnswer | None = None, error: str | None = None) -> None:
        """Note the end, and tell the caller."""
        self.answer, self.error, self.cancelled = answer, error, answer is None and error is None
        self.ended = now
        self.notify()
