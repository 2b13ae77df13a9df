"""One row under way: its requests, one for each of its n answers.

`notify` runs on the I/O thread; everything else on main's.
"""

from __future__ import annotations

from llmproc.batch.event_queue import EventQueue, EventsReady, Ready
from llmproc.batch.record import ResultRow, answered
from llmproc.batch.rows import PromptRow
from llmproc.service.ticket import Ticket
from llmproc.session.answer import Answer
from llmproc.session.result import Result


class InFlight:
    """A row whose requests have been sent. Made before they are sent: each is among `answers` right after."""

    def __init__(self, ready: Ready, events: EventQueue, every_token: bool) -> None:
        """Wait for events. `every_token`: tell main's loop of tokens; else of ends alone, unless a text may stop."""
        self.row: PromptRow = ready.row
        self.answers: list[Answer] = []
        self._events, self._every_token = events, every_token or bool(ready.row.sampling.stop)

    def notify(self, choice: int) -> None:
        """Tell main's loop that an event of an answer can be taken."""
        ended = choice >= len(self.answers) or self.answers[choice].ticket.ended is not None
        if ended or self._every_token:
            self._events.put(EventsReady(self.row.index))

    @property
    def tickets(self) -> list[Ticket]:
        """Return the tickets of its requests, the first answer's first."""
        return [answer.ticket for answer in self.answers]

    @property
    def tokens(self) -> int:
        """Return how many tokens have come."""
        return sum(answer.ticket.arrived for answer in self.answers)

    def tokens_of(self, worker: int) -> int:
        """Return how many tokens have come from a worker."""
        return sum(answer.ticket.arrived for answer in self.answers if answer.ticket.worker == worker)

    def drain(self) -> list[str]:
        """Take what has come since; return the pieces of the first answer's text. After the last one it has `ended`."""
        pieces: list[str] = []
        for answer in self.answers:
            while answer.finish is None and (piece := answer.next(0)) is not None:
                if piece and answer is self.answers[0]:
                    pieces.append(piece)
        return pieces

    @property
    def ended(self) -> bool:
        """Return whether all its requests have ended, and their events have been taken."""
        return all(answer.finish is not None for answer in self.answers)

    def cut_off(self, lost: bool) -> bool:
        """Return whether a request ended for a reason that is not the row's: it has no result. `lost`: the service."""
        reasons = {answer.finish.reason for answer in self.answers if answer.finish is not None}
        return "cancelled" in reasons or (lost and "failed" in reasons)

    def cancel(self) -> None:
        """Ask for the end of all its requests."""
        for answer in self.answers:
            answer.cancel()

    def result(self) -> ResultRow:
        """Return the result of a row that has ended."""
        results = [(Result.of(self.row.prompt, one, one.finish), one.ticket) for one in self.answers if one.finish]
        return answered(self.row, results)
