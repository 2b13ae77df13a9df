"""Ids that arrive in batches: streams give the same pieces one by one, whatever was there when they were asked."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Callable

import pytest

from llmproc.api.call import Call, LoopWakeup
from llmproc.api.stream import AsyncStream, Stream
from llmproc.config import EngineOptions, SamplingParams, shipped_file
from llmproc.errors import UsageError
from llmproc.service.messages import Finish
from llmproc.service.ticket import Ticket, Tokens
from llmproc.session.answer import Answer
from llmproc.session.conversation import Conversation
from llmproc.session.model_files import ModelFiles, read_model_files

TEXT = "Pipes carry bytes: é, 我 and 👻.\n"


@pytest.fixture(scope="module")
def files() -> ModelFiles:
    return read_model_files(shipped_file("model", "model.bin"), shipped_file("tokenizer", "tokenizer.bin"))


class Asked:
    """A call whose events the test puts, and what it cancelled."""

    def __init__(self, files: ModelFiles, notify: Callable[[], None] | None = None, stop: str = "") -> None:
        self.cancelled = 0
        self.ticket = Ticket(1, self._cancel, notify)
        context = files.context(EngineOptions())
        self.conversation = Conversation(
            files.tokenizer, files.template, context, SamplingParams(stop=[stop] if stop else ())
        )
        prepared = self.conversation.prepare("Hi")
        self.call = Call(None, "Hi", lambda: Answer(self.conversation, prepared, self.ticket))
        self.ids = files.tokenizer.encode(TEXT)

    def _cancel(self) -> None:
        self.cancelled += 1

    def end(self, reason: str = "end") -> None:
        self.ticket.put(Finish.plain(1, reason, prompt_tokens=3, new_tokens=len(self.ids), draws=0))  # type: ignore[arg-type]


def pieces_of(files: ModelFiles) -> list[str]:
    """The pieces when every id is taken before the next one comes."""
    asked, found = Asked(files), list[str]()
    stream = asked.call
    for token in asked.ids:
        asked.ticket.put(Tokens([token]))
        found += stream.pieces(0) or []
    return found


def test_any_batches_give_the_same_pieces_and_text(files: ModelFiles) -> None:
    wanted = pieces_of(files)
    assert "".join(wanted) == TEXT and len(wanted) > 5
    for seed in range(30):
        chance, asked, rest = random.Random(seed), Asked(files), files.tokenizer.encode(TEXT)
        while rest:
            count = chance.randint(1, 9)
            asked.ticket.put(Tokens(rest[:count]))
            rest = rest[count:]
        asked.end()
        stream = Stream(asked.call)
        assert list(stream) == wanted and stream.result.text == TEXT
        assert stream.result.token_ids == tuple(asked.ids) and asked.conversation.turns[0].answer == TEXT


def test_an_end_token_and_a_closing_id_are_counted_and_not_shown(files: ModelFiles) -> None:
    for closed in (False, True):
        asked = Asked(files)
        end = min(asked.conversation.end_tokens)
        last = asked.ids[0] if closed else end
        asked.ticket.put(Tokens([*asked.ids, last], closed))
        asked.end()
        stream = Stream(asked.call)
        assert "".join(stream) == TEXT and stream.result.token_ids == (*asked.ids, last)


def test_a_result_comes_after_the_last_piece(files: ModelFiles) -> None:
    asked = Asked(files)
    asked.ticket.put(Tokens(asked.ids))
    asked.end()
    stream = Stream(asked.call)
    for _ in pieces_of(files):
        with pytest.raises(UsageError, match="has not ended"):
            _ = stream.result
        next(stream)
    with pytest.raises(StopIteration):
        next(stream)
    assert stream.result.finish_reason == "end" and not asked.cancelled


def test_closing_a_stream_drops_the_pieces_that_were_not_read(files: ModelFiles) -> None:
    asked = Asked(files)
    asked.ticket.put(Tokens(asked.ids))
    stream = Stream(asked.call)
    next(stream)
    asked.end("cancelled")
    stream.close()
    assert list(stream) == [] and asked.cancelled == 1
    assert stream.result.text == TEXT and stream.result.finish_reason == "cancelled"


def test_waiting_for_a_text_that_may_stop_looks_at_it_while_it_comes(
    files: ModelFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Asked(files, stop="bytes")
    monkeypatch.setattr(asked.ticket, "wait", lambda: pytest.fail("it would be generated to its end"))
    monkeypatch.setattr(asked.ticket, "cancel", lambda: asked.end("cancelled"))
    asked.ticket.put(Tokens(asked.ids))
    result = asked.call.wait()
    assert (result.text, result.finish_reason) == ("Pipes carry ", "stop") and result.new_tokens < len(asked.ids)


def test_in_an_event_loop_an_end_after_ids_without_text_is_not_missed(files: ModelFiles) -> None:
    """Both are there, and their one wake-up is over, when the loop first looks: an end token has no text."""

    async def read(text: bool, later: bool) -> tuple[list[str], str]:
        asked = list[Asked]()

        def put() -> None:
            if text:
                asked[0].ticket.put(Tokens(asked[0].ids))
            asked[0].ticket.put(Tokens([min(asked[0].conversation.end_tokens)]))
            asked[0].end()

        async def begin(wakeup: LoopWakeup) -> Call:
            asked.append(Asked(files, wakeup.wake))
            if later:
                asyncio.get_running_loop().call_soon(put)
            else:
                put()
            return asked[0].call

        stream = AsyncStream(begin)
        return [piece async for piece in stream], stream.result.text

    for text, later in itertools.product((False, True), repeat=2):
        found = asyncio.run(asyncio.wait_for(read(text, later), 20))
        assert found == ((pieces_of(files), TEXT) if text else ([], ""))
