"""One request under way: its row and its answer.

`notify` runs on the I/O thread; everything else on main's.
"""

from __future__ import annotations

from llmproc.batch.event_queue import EventQueue, EventsReady, Ready
from llmproc.batch.record import ResultRow, answered
from llmproc.batch.rows import PromptRow
from llmproc.service.messages import Finish
from llmproc.session.answer import Answer
from llmproc.session.result import Result


class InFlight:
    """A row whose request has been sent. Made before it is sent: `answer` is set right after."""

    answer: Answer | None = None

    def __init__(self, ready: Ready, events: EventQueue, every_token: bool) -> None:
        """Wait for events. `every_token`: tell main's loop of tokens; else of the end alone."""
        self.row: PromptRow = ready.row
        self._events, self._every_token = events, every_token

    def notify(self) -> None:
        """Tell main's loop that an event can be taken."""
        ended = self.answer is None or self.answer.ticket.ended is not None
        if ended or self._every_token:
            self._events.put(EventsReady(self.row.index))

    @property
    def worker(self) -> int | None:
        """Return the slot of the worker that has it."""
        return None if self.answer is None else self.answer.ticket.worker

    @property
    def tokens(self) -> int:
        """Return how many tokens have come."""
        return 0 if self.answer is None else self.answer.ticket.arrived

    def drain(self) -> list[str]:
        """Return the pieces of text that have come since; after the last one `finish` is there."""
        pieces: list[str] = []
        answer = self.answer
        while answer is not None and answer.finish is None and (piece := answer.next(0)) is not None:
            if piece:
                pieces.append(piece)
        return pieces

    @property
    def finish(self) -> Finish | None:
        """Return the terminal event, once taken."""
        return None if self.answer is None else self.answer.finish

    def result(self) -> ResultRow:
        """Return the result of a request that has ended."""
        answer = self.answer
        assert answer is not None and answer.finish is not None
        return answered(self.row, Result.of(self.row.prompt, answer, answer.finish), answer.ticket)
