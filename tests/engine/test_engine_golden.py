"""The course's C engine, id by id: both golden turns, by kernels and by the reference (contract section 1)."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from engine.one_sequence import C_ORDER, open_engine
from support.paths import DATA

from llmproc.engine.engine import Engine
from llmproc.engine.events import Finish, Token
from llmproc.engine.loading import open_forward
from llmproc.engine.randomness import RandomStream
from llmproc.engine.reference import Reference, reference_sample
from llmproc.engine.sequence import SequenceRequest

NEW = 256  # ids of a turn after its template: 255 sampled, one closing
CLOSING = 2


@pytest.fixture(scope="module")
def golden() -> dict:
    path = DATA / "course-golden.json"
    if not path.is_file():
        pytest.skip("shared test data is not beside this checkout")
    return json.loads(path.read_text())


def template(next_ids: list[int]) -> list[int]:
    """The ids of a turn's template: the file leaves out the first, which is always 1."""
    return [1, *next_ids[: len(next_ids) - NEW - 1]]


def turns(engines: list[Engine], golden: dict) -> tuple[list[list[int]], list[Finish]]:
    """Run every golden turn, each on the next engine of the list: (ids as the file has them, finishes)."""
    ids: list[int] = []
    draws, found, finishes = 0, [], []
    for number, expected in enumerate(golden["next_ids"]):
        prompt = template(expected)
        engine = engines[number % len(engines)]
        engine.add(
            SequenceRequest(
                number, tuple(ids + prompt), NEW - 1, frozenset(), golden["temperature"], golden["top_p"],
                golden["seed"], draws, CLOSING,
            )
        )  # fmt: skip
        new: list[Token] = []
        while engine.busy:
            for event in engine.step():
                if isinstance(event, Token):
                    new.append(event)
                else:
                    finishes.append(event)
        assert [token.sampled for token in new] == [True] * (NEW - 1) + [False]
        ids += prompt + [token.token for token in new]
        draws = finishes[-1].draws
        found.append(prompt[1:] + [token.token for token in new] + [finishes[-1].discarded])
    return found, finishes


@pytest.mark.parametrize("threads", [1, 2])
def test_kernels_give_both_turns_of_the_c_engine(golden: dict, shared_models: dict, threads: int) -> None:
    with open_engine(shared_models["course-tiny-v2"], replace(C_ORDER, threads=threads)) as engine:
        found, finishes = turns([engine], golden)
    assert sum(map(len, golden["next_ids"])) == 532
    assert found == golden["next_ids"]
    assert [finish.positions for finish in finishes] == golden["seq_len_after_turn"]
    assert [finish.draws for finish in finishes] == [256, 512]
    assert [finish.cached_tokens for finish in finishes] == [0, 256]
    assert {finish.reason for finish in finishes} == {"length"}


def test_a_fresh_engine_continues_from_ids_and_coins_alone(golden: dict, shared_models: dict) -> None:
    model = shared_models["course-tiny-v2"]
    with open_engine(model) as first, open_engine(model, replace(C_ORDER, batch_tokens=7)) as second:
        found, finishes = turns([first, second], golden)
    assert found == golden["next_ids"]
    assert [finish.cached_tokens for finish in finishes] == [0, 0]


def test_the_projects_own_reader_gives_the_same(golden: dict, shared_data: Path) -> None:
    with open_forward(shared_data / "course-tiny-v2.bin", C_ORDER) as forward:
        found, _ = turns([Engine(forward, C_ORDER)], golden)
    assert found == golden["next_ids"]


def reference_turns(model: tuple, golden: dict, count: int) -> list[list[int]]:
    """The first `count` golden turns by the reference alone, as the course's program runs them."""
    reference, stream, position, found = Reference(*model), RandomStream(golden["seed"]), 0, []
    for expected in golden["next_ids"][:count]:
        forced = [*template(expected), *[None] * (NEW - 1), CLOSING]
        ids: list[int] = []
        token = forced[0]
        for i in range(len(forced)):
            logits = reference.forward(token, position)
            position += 1
            known = forced[i + 1] if i + 1 < len(forced) else None
            token = known
            if known is None:
                token = reference_sample(logits, golden["temperature"], golden["top_p"], stream.coin())
            ids.append(token)
        found.append(ids)
    return found


def test_the_reference_gives_the_beginning_of_the_first_turn(golden: dict, shared_models: dict) -> None:
    model, expected = shared_models["course-tiny-v2"], golden["next_ids"][0]
    reference, stream = Reference(*model), RandomStream(golden["seed"])
    ids = template(expected)
    for position in range(100):
        logits = reference.forward(ids[position], position)
        if position + 1 == len(ids):
            ids.append(reference_sample(logits, golden["temperature"], golden["top_p"], stream.coin()))
    assert ids[1:101] == expected[:100]
    assert np.isfinite(logits).all()


@pytest.mark.soak
def test_the_reference_gives_both_turns(golden: dict, shared_models: dict) -> None:
    assert reference_turns(shared_models["course-tiny-v2"], golden, 2) == golden["next_ids"]
