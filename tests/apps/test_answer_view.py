"""The lines after an answer, over an answer that has ended: no process, no clock."""

from __future__ import annotations

from typing import Any

import pytest

from llmproc.apps.answer_view import AnswerView
from llmproc.config import SamplingParams
from llmproc.engine.events import Finish
from llmproc.labs.course.rules import COURSE
from llmproc.processes.interrupts import Interrupts
from llmproc.service.ticket import Ticket
from llmproc.session.answer import Answer
from llmproc.session.conversation import Conversation
from llmproc.session.rules import ORDINARY, ChatRules
from llmproc.text.templates.plain import PlainTemplate
from llmproc.text.tokenizers.sidecar import Sidecar
from llmproc.text.tokenizers.tokenizer import Tokenizer
from llmproc.text.tokenizers.vocabulary import Vocabulary


class Lines:
    """A screen that remembers its lines."""

    live = dims = False

    def __init__(self) -> None:
        self.lines: list[str] = []

    def answer(self, text: str) -> None:
        self.lines.append(text)

    write = line = notice = answer


@pytest.fixture
def tokenizer() -> Tokenizer:
    pieces = (b"<unk>", b"<s>", b"</s>", b"a", b" ")
    return Tokenizer(
        Vocabulary(pieces, (0.0,) * 5, 5), Sidecar(bos=1, eos=(2,), unk=0, template="plain"), byte_tokens=False
    )


def speed_line(tokenizer: Tokenizer, rules: ChatRules) -> str:
    """What is said of a turn of 8 positions that a worker took at 10.0 and ended at 12.0, 0.5 s of it decoding."""
    conversation = Conversation(tokenizer, PlainTemplate(), 100, SamplingParams(), rules=rules)
    prepared = conversation.prepare("a")
    ticket = Ticket(1, lambda: None, None)
    answer = Answer(conversation, prepared, ticket)
    count = 8 - len(prepared.order.ids)
    answer.tokens += [3] * count
    ticket.put(
        Finish(
            request_id=1, reason="length", message="", prompt_tokens=2, cached_tokens=0, new_tokens=count, draws=6,
            discarded=None, positions=8, prefill_s=1.5, decode_s=0.5,
        )
    )  # fmt: skip
    ticket.dispatched, ticket.ended = 10.0, 12.0
    screen: Any = Lines()
    interrupts = Interrupts(first_ends=True)
    try:
        service: Any = None
        assert AnswerView(conversation, service, screen, interrupts).show(answer)
    finally:
        interrupts.restore()
    (line,) = [line for line in screen.lines if "Speed" in line]
    return str(line)


def test_the_speed_counts_from_the_first_forward_pass(tokenizer: Tokenizer) -> None:
    assert speed_line(tokenizer, ORDINARY) == "[INFO] SEQ LEN: 8, Speed: 16.0000 tok/s"


def test_the_exercises_speed_counts_the_whole_turn(tokenizer: Tokenizer) -> None:
    """Its C program reads a prompt one position after the other: only so are the figures comparable."""
    assert speed_line(tokenizer, COURSE) == "[INFO] SEQ LEN: 8, Speed: 4.0000 tok/s"
