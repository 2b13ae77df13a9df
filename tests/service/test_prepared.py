"""A turn can be prepared before it is sent, elsewhere and without a service; a service can be closed unstarted."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from service.serving import collect, sampling, serving, slow_model
from support.orders import order

from llmproc.config import shipped_file
from llmproc.errors import RequestError, ServiceClosedError
from llmproc.service.config import ServiceConfig
from llmproc.service.service import Service
from llmproc.session.conversation import Conversation
from llmproc.session.session import ServiceSession, send
from llmproc.session.turns import PreparedTurn
from llmproc.text.templates.registry import built_in_template
from llmproc.text.tokenizers.tokenizer import load_tokenizer

MODEL, TOKENIZER = shipped_file("model", "model.bin"), shipped_file("tokenizer", "tokenizer.bin")


def test_what_is_prepared_elsewhere_gives_what_asking_gives() -> None:
    tokenizer, template = load_tokenizer(TOKENIZER, 2048), built_in_template("chatml")
    with serving(MODEL) as service:

        def conversation() -> Conversation:
            return Conversation(tokenizer, template, 256, sampling(max_tokens=20))

        asked = "".join(ServiceSession(service, conversation()).ask("What is a pipe?"))
        one = conversation()
        made: list[PreparedTurn] = []
        thread = threading.Thread(target=lambda: made.append(one.prepare("What is a pipe?")))
        thread.start()
        thread.join()
        assert one.turns == [], "nothing has been asked yet"
        answer = send(service, one, made[0])
        assert "".join(answer) == asked != ""
        assert (answer.ticket.worker, answer.ticket.attempts) == (0, 1)
        assert one.turns[0].answer == asked and one.length == len(made[0].order.ids) + len(answer.tokens)


def test_what_does_not_fit_is_refused_before_it_is_sent() -> None:
    conversation = Conversation(load_tokenizer(TOKENIZER, 2048), built_in_template("chatml"), 16, sampling())
    with pytest.raises(RequestError, match="and the context has 16"):
        conversation.prepare("a prompt that is much longer than sixteen positions could ever take")


def test_a_service_that_was_never_started_can_be_closed() -> None:
    before = sorted(os.listdir("/proc/self/fd"))
    service = Service(ServiceConfig(MODEL))
    assert service.close() == [] == service.close(), "twice is fine"
    assert sorted(os.listdir("/proc/self/fd")) == before
    with pytest.raises(ServiceClosedError):
        service.submit(order([1, 2]))


def test_a_ticket_counts_the_workers_it_was_given_to(tmp_path: Path) -> None:
    with serving(slow_model(tmp_path), workers=2) as service:
        ticket = service.submit(order([1, 5, 9], 30))
        assert (ticket.worker, ticket.attempts) == (None, 0)
        assert ticket.next(60) is not None
        first = ticket.worker
        assert first is not None and ticket.attempts == 1
        os.kill(service.workers()[first].pid, 9)
        collect(ticket)
        assert ticket.attempts == 2 and ticket.worker in (0, 1)
