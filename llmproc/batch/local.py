"""Rows answered by worker processes of this machine: the Backend over a `service.Service`.

`LocalRow.notify` runs on the I/O thread, `prepare` on the reader's; everything else on main's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Any

from llmproc.batch.backend import LaneStatus
from llmproc.batch.local_spans import row_record
from llmproc.batch.record import ResultRow, answered
from llmproc.batch.rows import PromptRow
from llmproc.config import SamplingParams
from llmproc.errors import RequestError
from llmproc.service.service import Service
from llmproc.service.ticket import Ticket
from llmproc.session.answer import Answer
from llmproc.session.choices import choices_of
from llmproc.session.conversation import Conversation
from llmproc.session.launch import Launch
from llmproc.session.prompts import place_prompt
from llmproc.session.result import Result
from llmproc.session.session import send
from llmproc.session.turns import PreparedTurn
from llmproc.telemetry.record import RequestRecord

NewConversation = Callable[[SamplingParams, "str | None"], Conversation]


@dataclass(frozen=True, slots=True)
class TracedModel:
    """A model as a trace names it. `raw`: it continues prompts as plain text."""

    name: str
    raw: bool = False


UNNAMED = TracedModel("")


class LocalBackend:
    """A service that answers rows; it is started with the first one."""

    def __init__(
        self, launch: Launch, new_conversation: NewConversation, sequences: int, model: TracedModel = UNNAMED
    ) -> None:
        """Prepare it. `launch`: not started; `sequences`: of each worker; `model`: for traces."""
        self.service, self._launch, self._model = launch.service, launch, model
        self._new_conversation, self._sequences = new_conversation, sequences

    def __enter__(self) -> LocalBackend:
        self._launch.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._launch.__exit__(kind, error, trace)

    def prepare(self, row: PromptRow) -> LocalPrepared:
        """Turn a row into ids. RequestError."""
        conversation = self._new_conversation(row.sampling, row.system)
        prepared = conversation.prepare(place_prompt(conversation, row.prompt))
        return LocalPrepared(row, conversation, prepared, self.service, self._model)

    def start(self) -> None:
        self.service.start()

    def lanes(self) -> list[LaneStatus]:
        return [
            LaneStatus(info.slot, f"worker {info.slot}", info.state, info.requests) for info in self.service.workers()
        ]

    def about(self) -> dict[str, Any]:
        workers = len(self.service.workers())
        return {"workers": workers, "threads": self.service.threads, "sequences": self._sequences}


@dataclass(frozen=True, slots=True)
class LocalPrepared:
    """A row with its ids."""

    row: PromptRow
    conversation: Conversation
    prepared: PreparedTurn
    service: Service
    model: TracedModel = UNNAMED

    def send(self, notify: Callable[[], None], every_token: bool) -> LocalRow:
        request = LocalRow(self.row, self.service, notify, every_token, self.model)
        try:
            for index, choice in enumerate(choices_of(self.conversation, self.prepared)):
                request.answers.append(send(self.service, *choice, partial(request.notify, index)))
        except RequestError:
            request.cancel()
            raise
        return request


class LocalRow:
    """A row whose requests have been sent. Made before they are sent: each is among `answers` right after."""

    def __init__(
        self,
        row: PromptRow,
        service: Service,
        notify: Callable[[], None],
        every_token: bool,
        model: TracedModel = UNNAMED,
    ) -> None:
        """Wait for events. `every_token`: tell of tokens; else of ends alone, unless a text may stop."""
        self.row, self._model = row, model
        self.answers: list[Answer] = []
        self._service, self._notify = service, notify
        self._every_token = every_token or bool(row.sampling.stop)

    def notify(self, choice: int) -> None:
        """Tell main's loop that an event of an answer can be taken."""
        ended = choice >= len(self.answers) or self.answers[choice].ticket.ended is not None
        if ended or self._every_token:
            self._notify()

    @property
    def requests(self) -> int:
        return len(self.answers)

    @property
    def tickets(self) -> list[Ticket]:
        """Return the tickets of its requests, the first answer's first."""
        return [answer.ticket for answer in self.answers]

    @property
    def tokens(self) -> int:
        return sum(ticket.arrived for ticket in self.tickets)

    def tokens_of(self, lane: int) -> int:
        return sum(ticket.arrived for ticket in self.tickets if ticket.worker == lane)

    def moments(self) -> tuple[float | None, float | None]:
        begun = [ticket.dispatched for ticket in self.tickets if ticket.dispatched is not None]
        ended = [ticket.ended for ticket in self.tickets if ticket.ended is not None]
        return min(begun, default=None), max(ended, default=None)

    def drain(self) -> list[str]:
        pieces: list[str] = []
        for answer in self.answers:
            while answer.finish is None and (piece := answer.next(0)) is not None:
                if piece and answer is self.answers[0]:
                    pieces.append(piece)
        return pieces

    @property
    def ended(self) -> bool:
        return all(answer.finish is not None for answer in self.answers)

    def cut_off(self) -> bool:
        """Return whether a request ended for a reason that is not the row's: it has no result."""
        reasons = {answer.finish.reason for answer in self.answers if answer.finish is not None}
        return "cancelled" in reasons or (self._service.error is not None and "failed" in reasons)

    def cancel(self) -> None:
        """Ask for the end of all its requests."""
        for answer in self.answers:
            answer.cancel()

    def result(self) -> ResultRow:
        results = [(Result.of(self.row.prompt, one, one.finish), one.ticket) for one in self.answers if one.finish]
        return answered(self.row, results)

    def span(self, content: bool) -> RequestRecord | None:
        return row_record(self.row, self.answers, self._model.name, self._model.raw, content)
