"""Rows with several answers, log probabilities and stop texts, through the stages over a fake service."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from batch.local_backends import local_backend
from msgspec import structs
from session.answering import ids_of, said, small_tokenizer

from llmproc.batch.answers import AnswerText
from llmproc.batch.event_queue import EventQueue, EventsReady
from llmproc.batch.generating import Generating, StageLimits
from llmproc.batch.local import LocalPrepared, LocalRow
from llmproc.batch.record import ChoiceRow, ResultRow, encode
from llmproc.batch.rows import PromptRow
from llmproc.batch.stages import Stages
from llmproc.batch.stats import BatchStats
from llmproc.config import SamplingParams
from llmproc.errors import LlmprocError, RequestError
from llmproc.service.messages import Finish, FinishReason, Generate
from llmproc.service.ticket import Ticket, Tokens
from llmproc.session.conversation import Conversation
from llmproc.text.templates.plain import PlainTemplate


class OpenRequests:
    """A service whose requests the test answers, in any order."""

    def __init__(self, refuses_from: int = 99) -> None:
        self.tickets: list[Ticket] = []
        self.orders: list[Generate] = []
        self.cancelled: list[int] = []
        self.error: LlmprocError | None = None
        self._refuses_from = refuses_from

    def start(self) -> None:
        """Do nothing."""

    def workers(self) -> list[Any]:
        return []

    def submit(self, order: Generate, session: int, start: int, notify: Callable[[], None]) -> Ticket:
        number = len(self.tickets)
        if number == self._refuses_from:
            raise RequestError("no room")
        ticket = Ticket(number + 1, lambda: self.cancelled.append(number), notify)
        self.tickets.append(ticket)
        self.orders.append(order)
        return ticket

    def put(self, number: int, *pieces: str, likely: bool = False) -> None:
        ids = ids_of(*pieces)
        self.tickets[number].put(Tokens(ids, likely=said(ids) if likely else []))

    def end(self, number: int, reason: FinishReason = "length", count: int = 1, message: str = "") -> None:
        ticket = self.tickets[number]
        ticket.dispatched, ticket.worker, ticket.attempts = ticket.submitted, number % 2, 1
        end = Finish.plain(ticket.request_id, reason, prompt_tokens=3, new_tokens=count, draws=count, message=message)
        ticket.put(structs.replace(end, cached_tokens=number))


class Collected:
    """What becomes of the rows: stands for reader, writer and display."""

    every_token = False

    def __init__(self) -> None:
        self.rows: list[ResultRow] = []
        self.pieces_seen: list[str] = []

    def put(self, row: ResultRow) -> None:
        self.rows.append(row)

    def taken(self) -> None: ...

    def tick(self, snapshot: object) -> None: ...

    def ended(self, row: ResultRow) -> None: ...

    def pieces(self, row: PromptRow, text: str) -> None:
        self.pieces_seen.append(text)


class Middle:
    """The middle stage over both, driven by hand."""

    def __init__(self, in_flight: int = 8, refuses_from: int = 99) -> None:
        self.service, self.collected, self.events = OpenRequests(refuses_from), Collected(), EventQueue()
        seen: Any = self.collected
        self.backend = local_backend(self.service)
        self.generating = Generating(
            self.backend, seen, seen, self.events, StageLimits(in_flight, 99, 99), Stages(), BatchStats(), seen
        )
        self._index = 0

    def add(self, **options: Any) -> None:
        params = SamplingParams(seed=7, **options)
        row = PromptRow(self._index, 1, 1, "k" * 16, f"r{self._index}", "a", params)
        conversation = Conversation(small_tokenizer(), PlainTemplate(), 500, params)
        prepared = conversation.prepare("a")
        self.generating._waiting.append(LocalPrepared(row, conversation, prepared, self.backend.service))
        self._index += 1
        self.generating._send()

    def go_on(self) -> list[ResultRow]:
        while not self.events.empty():
            self.generating._handle(self.events.take())
        self.generating._send()
        return self.collected.rows


def test_a_row_of_several_answers_has_one_result_when_all_have_ended() -> None:
    run = Middle()
    run.add(n=3)
    assert [order.seed for order in run.service.orders] == [7, 8, 9]
    for number, piece in ((1, "b"), (2, "S"), (0, "a")):
        assert not run.go_on()
        run.service.put(number, piece)
        run.service.end(number)
    (row,) = run.go_on()
    assert (row.status, row.error, row.text, row.request, row.prompt_tokens) == ("ok", None, "a", 1, 3)
    assert [(c.seed, c.text, c.request, c.cached_tokens, c.worker) for c in row.choices or ()] == [
        (7, "a", 1, 0, 0), (8, "b", 2, 1, 1), (9, "S", 3, 2, 0),
    ]  # fmt: skip
    assert b'"choices":[{"seed":7,' in encode(row) and row.logprobs is not None and b"logprobs" not in encode(row)
    stats = run.generating.stats
    assert (stats.ok, stats.new_tokens, stats.prompt_tokens) == (1, 3, 3)
    assert {worker: (own.rows, own.new_tokens) for worker, own in stats.workers.items()} == {0: (1, 2), 1: (0, 1)}
    assert not run.generating.in_flight and "".join(run.collected.pieces_seen) == "a", "the first is shown"


def test_one_failed_answer_makes_an_error_of_the_row_and_the_others_are_there() -> None:
    run = Middle()
    run.add(n=2)
    run.service.put(0, "a")
    run.service.end(0)
    run.service.end(1, "failed", 0, "3 workers in a row\ndied")
    (row,) = run.go_on()
    assert (row.status, row.error, row.text, row.finish_reason) == ("error", "3 workers in a row died", "a", "length")
    assert [(choice.error, choice.finish_reason) for choice in row.choices or ()] == [
        (None, "length"), ("3 workers in a row died", "failed"),
    ]  # fmt: skip


@pytest.mark.parametrize(("reason", "lost"), [("cancelled", False), ("failed", True)])
def test_a_row_of_which_one_answer_was_cut_off_has_no_result(reason: FinishReason, lost: bool) -> None:
    run = Middle()
    run.add(n=2)
    run.service.error = LlmprocError("gone") if lost else None
    run.service.end(0)
    run.service.end(1, reason)
    assert run.go_on() == [] and not run.generating.in_flight


def test_several_answers_count_as_several_in_flight() -> None:
    run = Middle(in_flight=4)
    for _ in range(3):
        run.add(n=3)
    assert len(run.service.orders) == 6, "the second row began below the bound"
    for number in range(3):
        run.service.end(number)
    assert len(run.go_on()) == 1 and len(run.service.orders) == 9


def test_answers_of_a_row_that_is_refused_in_the_middle_are_cancelled() -> None:
    run = Middle(refuses_from=2)
    run.add(n=3)
    (row,) = run.go_on()
    assert (row.status, row.error) == ("error", "no room") and run.service.cancelled == [0, 1]
    run.service.end(0, "cancelled")
    assert len(run.go_on()) == 1 and run.generating._requests == 0


def test_a_text_that_may_stop_is_looked_at_while_it_comes() -> None:
    """Else a row would be generated to its end before anything is looked at."""
    run = Middle()
    run.add(stop="S")
    run.service.put(0, "a", "S", "b")
    assert run.go_on() == [] and run.service.cancelled == [0]
    run.service.end(0, "cancelled", 3)
    (row,) = run.go_on()
    assert (row.text, row.finish_reason, row.status, row.new_tokens) == ("a", "stop", "ok", 2)


def test_without_stop_texts_only_ends_wake_main() -> None:
    events, params = EventQueue(), SamplingParams()
    conversation = Conversation(small_tokenizer(), PlainTemplate(), 500, params)
    row = PromptRow(4, 1, 1, "k" * 16, "r", "a", params)
    service: Any = OpenRequests()
    request = LocalRow(row, service, lambda: events.put(EventsReady(4)), every_token=False)
    request.notify(0)
    assert events.take(0) == EventsReady(4), "what came before the answer is known may be all that comes"
    from llmproc.session.session import send

    request.answers.append(send(service, conversation, conversation.prepare("a"), lambda: request.notify(0)))
    service.put(0, "a")
    assert events.empty() and request.tokens == 1
    service.end(0)
    assert events.take(0) == EventsReady(4)


def test_log_probabilities_stand_in_the_result() -> None:
    run = Middle()
    run.add(logprobs=1)
    run.service.put(0, "a", "b", likely=True)
    run.service.end(0, count=2)
    (row,) = run.go_on()
    a, b = (float(token) for token in ids_of("a", "b"))
    assert f'"logprobs":[[{a:g},{-a},[[{a:g},{-a}]]],[{b:g},{-b},[[{b:g},{-b}]]]]'.encode() in encode(row)


def choice(text: str) -> ChoiceRow:
    return ChoiceRow(
        seed=1, text=text, finish_reason="end", error=None, cached_tokens=0, new_tokens=1, queue_s=0, prefill_s=0,
        decode_s=0, total_s=0, worker=0, attempts=1, request=1,
    )  # fmt: skip


@pytest.mark.parametrize("one", [True, False])
def test_streaming_shows_the_first_answer_as_it_grows_and_the_others_at_the_end(one: bool) -> None:
    show = AnswerText(one, width=26)
    told = show.pieces(0, "q", "Once")
    row = ResultRow(
        id="q", index=0, status="ok", choices=[choice("Once"), choice("two\nlines"), choice("z " * 5 + "zzz")]
    )
    told += show.ended(row)
    assert told == "[q] Once\n[q, answer 2] two\n[q, answer 2] lines\n[q, answer 3] z z z z z\n[q, answer 3] zzz\n"
