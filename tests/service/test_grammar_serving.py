"""Orders with a grammar through real workers: killed, beside free ones, and before there is a table of tokens."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator

import pytest
from service.serving import collect, serving
from support.orders import order
from support.paths import ROOT
from support.waiting import until

from llmproc.config import EngineOptions, SamplingParams
from llmproc.grammars.token_table import token_bytes
from llmproc.grammars.writing import schema_grammar
from llmproc.service.messages import Finish, Generate, with_grammar
from llmproc.service.service import Service
from llmproc.service.ticket import Tokens
from llmproc.session.model_files import read_model_files

MODEL = ROOT / "model" / "model.bin"
FILES = read_model_files(MODEL)
PROMPT = FILES.tokenizer.encode("Tell me of pipes.")
GRAMMAR = schema_grammar({
    "type": "object", "additionalProperties": False, "required": ["words", "kind"],
    "properties": {
        "words": {"type": "array", "items": {"type": "string", "maxLength": 12}, "minItems": 6, "maxItems": 8},
        "kind": {"enum": ["pipe", "socket", "file"]},
    },
})  # fmt: skip


def made(temperature: float, seed: int = 3) -> Generate:
    sampling = SamplingParams(temperature, 0.95, 250, seed)
    return with_grammar(Generate.sampled(PROMPT, sampling, end_tokens=[2], draws=0), GRAMMAR)


def text(ids: list[int]) -> str:
    return FILES.tokenizer.decode(ids).decode()


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with serving(MODEL, engine=EngineOptions(threads=1, sequences=4)) as found:
        found.wait_ready(60)
        yield found


def test_before_there_is_a_table_an_order_fails_and_only_it(service: Service) -> None:
    plain = service.submit(order(PROMPT, 10))
    ids, finish = collect(service.submit(made(0)))
    assert ids == [] and finish.reason == "failed" and "table of tokens" in finish.message
    assert len(collect(plain)[0]) == 10
    service.share_tokens(lambda: token_bytes(FILES.tokenizer))


def until_the_end(service: Service, asked: Generate) -> tuple[list[int], Finish]:
    """Kill the worker when the first ids have come; return all ids, and the end."""
    ticket, said = service.submit(asked), list[int]()
    for event in ticket:
        if isinstance(event, Finish):
            return said, event
        assert isinstance(event, Tokens)
        if not said:
            gone = len(service.exits)
            os.kill(service.workers()[0].pid, signal.SIGKILL)
            until(lambda: len(service.exits) > gone)  # noqa: B023
        said += event.ids
    raise AssertionError("no terminal event")


def test_killed_in_the_middle_the_same_answer_comes(service: Service) -> None:
    service.share_tokens(lambda: token_bytes(FILES.tokenizer))
    with serving(MODEL, engine=EngineOptions(threads=1, sequences=1)) as dying:
        dying.share_tokens(lambda: token_bytes(FILES.tokenizer))
        dying.wait_ready(60)
        for temperature in (0.0, 0.9):
            ids, finish = collect(service.submit(made(temperature)))
            assert finish.reason == "stop" and json.loads(text(ids))["kind"] in ("pipe", "socket", "file")
            assert finish.draws == (len(ids) if temperature else 0)
            said, ended = until_the_end(dying, made(temperature))
            assert said == ids
            assert (ended.reason, ended.draws, ended.new_tokens) == (finish.reason, finish.draws, finish.new_tokens)
        assert len(dying.exits) == 2


def test_free_orders_keep_their_bytes_beside_constrained_ones(service: Service) -> None:
    service.share_tokens(lambda: token_bytes(FILES.tokenizer))
    free = [order(PROMPT, 60, 0.8, seed=seed) for seed in range(3)]
    alone = [collect(service.submit(one))[0] for one in free]
    tickets = [
        service.submit(one) for pair in zip(free, (made(0.9, seed) for seed in range(3)), strict=True) for one in pair
    ]
    found = [collect(ticket) for ticket in tickets]
    assert [ids for ids, _ in found[::2]] == alone
    assert all(finish.reason == "stop" and json.loads(text(ids)) for ids, finish in found[1::2])


def test_the_longest_grammar_fits_a_slot_of_the_board(service: Service) -> None:
    service.share_tokens(lambda: token_bytes(FILES.tokenizer))
    enum = ["ab", *(f"{number:05}" for number in range(10_000))]
    ids, finish = collect(
        service.submit(with_grammar(order([*PROMPT * 100][:1500], 30), schema_grammar({"enum": enum})))
    )
    assert finish.reason == "stop" and json.loads(text(ids)) in enum
