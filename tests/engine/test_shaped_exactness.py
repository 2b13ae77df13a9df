"""Shaped requests over a real forward pass, hundreds of ids long: each id is the oracle's, alone and in company."""

from __future__ import annotations

import pytest
from engine import shaping_oracle
from engine.naive_models import Model, random_model
from engine.one_sequence import OneSequence, open_engine

from llmproc.config import EngineOptions
from llmproc.engine.engine import Engine
from llmproc.engine.events import Token
from llmproc.engine.loading import open_weights
from llmproc.engine.randomness import RandomStream
from llmproc.engine.sequence import SequenceRequest
from llmproc.engine.shaping import Likely, Shaping

OPTIONS = EngineOptions(threads=1, sequences=3)
PROMPT, LENGTH = (1, 7, 30, 7), 200
SHAPINGS = [
    Shaping(given=4, repetition=1.2, logprobs=3),
    Shaping(given=4, frequency=0.2, presence=0.4, top_k=60, logprobs=0),
    Shaping(
        given=4, bias=[(5, 1.0), (9, -2.0)], min_tokens=200, repetition=1.1, frequency=0.05, presence=-0.1, top_k=90,
        min_p=0.001, logprobs=20,
    ),
]  # fmt: skip
ENDS = frozenset(range(100, 130))


@pytest.fixture(scope="module")
def model() -> Model:
    return random_model(vocab_size=300, seq_len=256)


def asked(number: int, temperature: float) -> SequenceRequest:
    return SequenceRequest(
        number, PROMPT, LENGTH, ENDS if SHAPINGS[number].min_tokens else frozenset(), temperature, 0.95, number,
        shaping=SHAPINGS[number],
    )  # fmt: skip


def by_oracle(model: Model, request: SequenceRequest) -> tuple[list[int], list[Likely]]:
    stream, tokens, said, shaping = RandomStream(request.seed), list(PROMPT), [], request.shaping
    assert shaping is not None
    with open_weights(*model, OPTIONS) as forward:
        sequence = OneSequence(forward)
        logits = sequence.read(PROMPT, 0)
        while len(tokens) < len(PROMPT) + LENGTH:
            coin = stream.coin() if request.temperature else shaping_oracle.F(0)
            token = shaping_oracle.choice(
                logits, shaping, request.end_tokens, tokens, request.temperature, request.top_p, coin
            )
            said.append(shaping_oracle.likely(logits, shaping.logprobs, token))
            tokens.append(token)
            logits = sequence.forward(token, len(tokens) - 1)
    return tokens[len(PROMPT) :], said


def by_engine(engine: Engine, requests: list[SequenceRequest]) -> dict[int, list[tuple[int, Likely]]]:
    found: dict[int, list[tuple[int, Likely]]] = {request.request_id: [] for request in requests}
    for request in requests:
        engine.add(request)
    while engine.busy:
        for event in engine.step():
            if isinstance(event, Token):
                assert event.likely is not None
                found[event.request_id].append((event.token, event.likely))
    return found


@pytest.mark.parametrize("temperature", [0.0, 1.3])
def test_hundreds_of_ids_are_the_oracles(model: Model, temperature: float) -> None:
    requests = [asked(number, temperature) for number in range(3)]
    with open_engine(model, OPTIONS) as engine:
        together = by_engine(engine, requests)
        for request in requests:
            ids, said = by_oracle(model, request)
            found = together[request.request_id]
            assert [token for token, _ in found] == ids and len(set(ids)) > 64
            for (_, likely), expected in zip(found, said, strict=True):
                assert [token for token, _ in likely.top] == [token for token, _ in expected.top]
                values = [likely.logprob, *(value for _, value in likely.top)]
                assert values == pytest.approx([expected.logprob, *(value for _, value in expected.top)], abs=2**-24)
            assert by_engine(engine, [request])[request.request_id] == found, "alone as in company"
