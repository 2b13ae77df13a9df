"""The three stages without a model: bounds, order, backpressure, and every way in which one can break."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from batch.local_backends import local_backend
from msgspec import structs
from support.waiting import until

from llmproc.batch.event_queue import Arrived, Broken, EventQueue, InputEnded, Interrupted, Written
from llmproc.batch.generating import Generating, StageLimits
from llmproc.batch.local import LocalPrepared
from llmproc.batch.reader import Reader
from llmproc.batch.record import ResultRow
from llmproc.batch.rows import PromptRow
from llmproc.batch.snapshot import LaneSnapshot, RunSnapshot
from llmproc.batch.source import Source
from llmproc.batch.stages import Stages
from llmproc.batch.stats import BatchStats
from llmproc.batch.writer import Nowhere, Writer
from llmproc.config import SamplingParams
from llmproc.errors import LlmprocError, RequestError, UsageError, WorkersLostError
from llmproc.service.messages import Finish, FinishReason, Generate
from llmproc.service.service import WorkerInfo
from llmproc.service.ticket import Ticket, Tokens
from llmproc.session.conversation import Conversation
from llmproc.text.templates.registry import built_in_template
from llmproc.text.tokenizers.tokenizer import Tokenizer, load_tokenizer


@pytest.fixture(scope="module")
def tokenizer(quick: Path) -> Tokenizer:
    return load_tokenizer(quick.with_name("tokenizer.bin"), 2048)


class FakeService:
    """Requests wait until a test answers them."""

    def __init__(self) -> None:
        self.open: dict[int, tuple[Ticket, Generate]] = {}
        self.error: LlmprocError | None = None
        self.refuses: Exception | None = None
        self.starts = self.most = 0

    def start(self) -> None:
        self.starts += 1

    def workers(self) -> list[WorkerInfo]:
        return [WorkerInfo(0, 4711, "ready", len(self.open))]

    def submit(self, order: Generate, session: int, start: int, notify: Callable[[], None]) -> Ticket:
        if self.refuses:
            raise self.refuses
        ticket = Ticket(len(self.open) + 1000 * self.starts, lambda: None, notify)
        self.open[id(ticket)] = (ticket, order)
        self.most = max(self.most, len(self.open))
        return ticket

    def answer(self, reason: FinishReason = "length", message: str = "", which: int = 0, tokens: int = 2) -> None:
        """End the `which`th open request."""
        ticket, order = self.open.pop(list(self.open)[which])
        ticket.dispatched, ticket.worker, ticket.attempts = time.monotonic(), 0, 1
        for token in range(tokens):
            ticket.put(Tokens([100 + token]))
        end = Finish.plain(
            ticket.request_id, reason, prompt_tokens=len(order.ids), new_tokens=tokens, draws=2, message=message
        )
        ticket.put(structs.replace(end, prefill_s=0.1, decode_s=0.1))


class Shown:
    """Remembers what a user would have seen."""

    def __init__(self, every_token: bool = False) -> None:
        self.every_token = every_token
        self.snapshots, self.pieces_seen, self.rows = list[RunSnapshot](), list[tuple[int, str]](), list[ResultRow]()

    def tick(self, snapshot: RunSnapshot) -> None:
        self.snapshots.append(snapshot)

    def pieces(self, row: PromptRow, text: str) -> None:
        self.pieces_seen.append((row.index, text))

    def ended(self, row: ResultRow) -> None:
        self.rows.append(row)


class Kept:
    """A sink that remembers, and breaks once when it is told to."""

    def __init__(self, breaks_at: int = -1, error: Exception | None = None) -> None:
        self.rows: list[dict[str, Any]] = []
        self.open = threading.Event()
        self.open.set()
        self._breaks_at, self._error = breaks_at, error

    def append(self, index: int, data: bytes, failed: bool) -> int:
        self.open.wait(20)
        if self._error and len(self.rows) == self._breaks_at:
            error, self._error = self._error, None
            raise error
        self.rows.append(json.loads(data))
        return 1


class Bench:
    """The stages put together over a fake service; `run` goes on in a thread."""

    def __init__(
        self, source: Source, tokenizer: Tokenizer, sink: Any, limits: StageLimits, every_token: bool = False,
        format: str = "text",
    ) -> None:  # fmt: skip
        self.service, self.events, self.stages, self.shown = FakeService(), EventQueue(), Stages(), Shown(every_token)
        template = built_in_template("chatml")

        def new_conversation(sampling: SamplingParams, system: str | None) -> Conversation:
            return Conversation(tokenizer, template, 512, sampling, system)

        self.backend = local_backend(self.service, new_conversation)
        self.reader = Reader(
            source, format, b"", SamplingParams(), None, self.backend.prepare, limits.ahead, self.events, self.stages
        )
        self.writer = Writer(sink, self.events, self.stages)
        self.generating = Generating(
            self.backend, self.reader, self.writer, self.events, limits, self.stages, BatchStats(), self.shown
        )
        self.raised: BaseException | None = None
        self.thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        try:
            self.generating.run()
        except BaseException as error:
            self.raised = error

    def start(self) -> None:
        self.writer.start()
        self.reader.start()
        self.thread.start()

    def end(self) -> None:
        """The run ends by itself."""
        self.thread.join(20)
        assert not self.thread.is_alive(), "it does not end"


LIMITS = StageLimits(in_flight=3, ahead=5, unwritten=8)


@contextmanager
def bench(
    folder: Path,
    tokenizer: Tokenizer,
    lines: int | bytes,
    sink: Any = None,
    limits: StageLimits = LIMITS,
    **settings: Any,
) -> Iterator[Bench]:
    path = folder / "in"
    path.write_bytes(lines if isinstance(lines, bytes) else b"".join(b"prompt %d\n" % n for n in range(lines)))
    source = Source(str(path))
    found = Bench(source, tokenizer, sink or Nowhere(), limits, **settings)
    found.start()
    try:
        yield found
    finally:
        found.events.put(Interrupted())
        found.end()
        assert found.reader.stop(20) and found.writer.close(20)
        source.close()


def test_everything_that_goes_in_comes_out_once(tmp_path: Path, tokenizer: Tokenizer) -> None:
    sink = Kept()
    with bench(tmp_path, tokenizer, 40, sink) as run:
        for number in range(40):
            until(lambda: run.service.open)
            run.service.answer(which=-1 if number % 2 else 0)
        run.end()
        assert run.raised is None and run.generating.total == 40
    assert sorted(row["index"] for row in sink.rows) == list(range(40))
    assert run.service.most == LIMITS.in_flight and run.service.starts == 1
    assert run.generating.stats.ok == 40 and [row.index for row in run.shown.rows] == [r["index"] for r in sink.rows]


def test_no_more_is_under_way_or_read_ahead_than_allowed(tmp_path: Path, tokenizer: Tokenizer) -> None:
    """However long the input: the reader stands still when so many rows are ahead of a service that does not answer."""
    with bench(tmp_path, tokenizer, 5000) as run:
        until(lambda: len(run.service.open) == LIMITS.in_flight)
        most = LIMITS.in_flight + LIMITS.ahead
        until(lambda: run.reader.rows == most)
        before = run.stages.reading.waiting_s
        until(lambda: run.stages.reading.waiting_s > before)
        assert run.reader.rows == most and len(run.service.open) == LIMITS.in_flight
        run.service.answer()
        until(lambda: run.reader.rows == most + 1)


def test_what_is_not_yet_written_is_bounded(tmp_path: Path, tokenizer: Tokenizer) -> None:
    """A disk or a reader of stdout that stands still: nothing more is sent."""
    sink = Kept()
    sink.open.clear()
    with bench(tmp_path, tokenizer, 100, sink) as run:
        for _ in range(LIMITS.unwritten):
            until(lambda: run.service.open)
            run.service.answer()
        until(lambda: len(run.shown.rows) == LIMITS.unwritten)
        run.events.put(Written(0))
        until(lambda: run.events.empty())
        assert not run.service.open and not sink.rows
        sink.open.set()
        until(lambda: len(run.service.open) == LIMITS.in_flight)


def test_refused_rows_need_no_service(tmp_path: Path, tokenizer: Tokenizer) -> None:
    sink = Kept()
    with bench(tmp_path, tokenizer, b"{\n" * 30, sink, format="jsonl") as run:
        run.end()
    assert run.service.starts == 0 and [row["status"] for row in sink.rows] == ["error"] * 30
    assert run.generating.stats.failed == 30 and run.generating.stats.work_s == 0


def test_a_prompt_that_does_not_fit_is_its_own_error(tmp_path: Path, tokenizer: Tokenizer) -> None:
    sink = Kept()
    with bench(tmp_path, tokenizer, b"word " * 3000 + b"\nfine\n", sink) as run:
        until(lambda: run.service.open)
        run.service.answer()
        run.end()
    by_index = {row["index"]: row for row in sink.rows}
    assert by_index[0]["error"].startswith("line 1: the conversation would need") and by_index[1]["status"] == "ok"


def test_a_request_that_fails_is_a_row_and_the_rest_goes_on(tmp_path: Path, tokenizer: Tokenizer) -> None:
    sink = Kept()
    with bench(tmp_path, tokenizer, 2, sink) as run:
        until(lambda: len(run.service.open) == 2)
        run.service.answer("failed", "3 workers in a row\ndied on this request", tokens=1)
        run.service.answer("end")
        run.end()
    bad, good = sink.rows
    assert (bad["status"], bad["finish_reason"], good["status"]) == ("error", "failed", "ok")
    assert bad["error"] == "3 workers in a row died on this request" and bad["text"] and bad["new_tokens"] == 1


def test_a_request_that_the_service_refuses_is_a_row(tmp_path: Path, tokenizer: Tokenizer) -> None:
    sink = Kept()
    path = tmp_path / "in"
    path.write_bytes(b"one\n")
    with bench(tmp_path, tokenizer, 0, sink) as run:
        run.service.refuses = RequestError("no room")
        conversation = Conversation(tokenizer, built_in_template("chatml"), 512, SamplingParams())
        row = PromptRow(0, 1, 4, "k" * 16, "a", "one", SamplingParams())
        run.end()
        again = Generating(run.backend, run.reader, run.writer, run.events, LIMITS, Stages(), BatchStats(), run.shown)
        run.events.put(Arrived(LocalPrepared(row, conversation, conversation.prepare("one"), run.backend.service)))
        run.events.put(InputEnded(1))
        again.run()
    assert sink.rows[0]["error"] == "no room" and sink.rows[0]["id"] == "a"


def test_a_service_that_is_lost_takes_no_row_with_it(tmp_path: Path, tokenizer: Tokenizer) -> None:
    """What it had under way has no result, so that a resume asks it again; what was done is written."""
    sink = Kept()
    with bench(tmp_path, tokenizer, 10, sink) as run:
        until(lambda: len(run.service.open) == LIMITS.in_flight)
        run.service.answer()
        until(lambda: len(run.service.open) == LIMITS.in_flight)
        run.service.error = WorkersLostError("gone")
        for _ in range(LIMITS.in_flight):
            run.service.answer("failed", "gone")
        run.events.put(Broken(run.service.error))
        run.end()
        assert run.raised is run.service.error
    assert [row["index"] for row in sink.rows] == [0]


@pytest.mark.parametrize("error", [LlmprocError("the disk is full"), BrokenPipeError(32, "Broken pipe")])
def test_a_sink_that_breaks_ends_the_run(tmp_path: Path, tokenizer: Tokenizer, error: Exception) -> None:
    sink = Kept(1, error)
    with bench(tmp_path, tokenizer, 10, sink) as run:
        for _ in range(3):
            until(lambda: run.service.open)
            run.service.answer()
        run.end()
        assert run.raised is error
    assert len(sink.rows) == 1, "nothing is written behind a hole"


def test_an_input_that_breaks_ends_the_run(tmp_path: Path, tokenizer: Tokenizer) -> None:
    with bench(tmp_path, tokenizer, b"a,b\n1,2\n", format="csv") as run:
        run.end()
        assert isinstance(run.raised, UsageError) and "header" in str(run.raised)


def test_a_reader_that_waits_for_input_can_be_ended(tokenizer: Tokenizer) -> None:
    read, write = os.pipe()
    source = Source(f"/dev/fd/{read}")
    run = Bench(source, tokenizer, Nowhere(), LIMITS)
    run.start()
    try:
        os.write(write, b"one\ntw")
        until(lambda: run.service.open)
        run.events.put(Interrupted())
        run.end()
        assert run.reader.stop(20) and run.writer.close(20)
        assert run.stages.reading.busy_s > 0
    finally:
        source.close()
        os.close(read)
        os.close(write)


def test_a_signal_ends_it_and_what_has_ended_is_kept(tmp_path: Path, tokenizer: Tokenizer) -> None:
    sink = Kept()
    with bench(tmp_path, tokenizer, 10, sink) as run:
        until(lambda: len(run.service.open) == LIMITS.in_flight)
        run.events.put(Interrupted())
        run.end()
        assert run.generating.interrupted and run.raised is None
        run.service.answer()
        run.service.answer("cancelled", "the service was closed")
        run.generating.drain_ended()
    assert [row["index"] for row in sink.rows] == [0]


def test_pieces_are_shown_as_they_come_only_when_they_are_wanted(tmp_path: Path, tokenizer: Tokenizer) -> None:
    for wanted in (True, False):
        with bench(tmp_path, tokenizer, 1, every_token=wanted) as run:
            until(lambda: run.service.open)
            ticket, _ = next(iter(run.service.open.values()))
            ticket.put(Tokens([tokenizer.encode("A")[0]]))
            if wanted:
                until(lambda: run.shown.pieces_seen)
            flight = next(iter(run.generating.in_flight.values()))
            assert flight.tokens == 1 and len(run.shown.pieces_seen) == wanted
            run.service.answer()
            run.end()
        assert "".join(text for _, text in run.shown.pieces_seen) == run.shown.rows[0].text != ""


def test_a_snapshot_is_the_run_as_it_stands_and_stays_so(tmp_path: Path, tokenizer: Tokenizer) -> None:
    with bench(tmp_path, tokenizer, 3, every_token=True) as run:
        until(lambda: len(run.service.open) == 3)
        ticket, _ = next(iter(run.service.open.values()))
        ticket.dispatched, ticket.worker = 1.0, 0
        ticket.put(Tokens([tokenizer.encode("A")[0]]))
        until(lambda: run.shown.pieces_seen)
        early = run.generating.snapshot()
        assert (early.done, early.finished_tokens, sorted(early.unfinished_tokens)) == (0, 0, [0, 0, 1])
        assert early.tokens == 1 and early.started and early.lanes == (LaneSnapshot(0, "worker 0", "ready", 3, 1, 0),)
        for _ in range(3):
            run.service.answer()
        run.end()
        late = run.generating.snapshot()
    assert (late.done, late.failed, late.unfinished_tokens, late.rows_read) == (3, 0, (), 3) and late.input_ended
    assert late.finished_tokens == late.lanes[0].tokens == 6 and late.lanes[0].rows == 3
    assert early.done == 0 and run.shown.snapshots, "what was drawn does not change behind the display"


def test_the_clocks_tell_who_waited_for_whom(tmp_path: Path, tokenizer: Tokenizer) -> None:
    with bench(tmp_path, tokenizer, 50) as run:
        until(lambda: len(run.service.open) == LIMITS.in_flight)
        for _ in range(50):
            until(lambda: run.service.open)
            run.service.answer()
        run.end()
    report = run.stages.report()
    assert report["reading"]["waiting_s"] > 0 and report["generating"]["waiting_s"] > 0
    assert 0 < report["reading"]["tokenizing_s"] <= report["reading"]["busy_s"]
    assert report["writing"]["waiting_s"] > report["writing"]["busy_s"]
