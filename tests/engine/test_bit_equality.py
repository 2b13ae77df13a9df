"""Outputs are bit-equal however they are computed: threads, sequences, ids in a step, prefix hits, lack of pages.

The whole grid is the soak tier's; by default a few of its places are drawn, by a seed that says which.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from engine.many_requests import Outcome, outcome, requests
from engine.one_sequence import OneSequence, bits, one_sequence
from support.paths import DATA

from llmproc.config import EngineOptions, shipped_file
from llmproc.engine.batch import Chunk
from llmproc.engine.engine import Engine
from llmproc.engine.events import Token
from llmproc.engine.forward import Forward
from llmproc.engine.loading import open_forward
from llmproc.engine.sequence import SequenceRequest

MODELS = ("shipped", "stories260K")
CONTEXT = {"shipped": 300, "stories260K": 288}
THREADS, SEQUENCES, BATCH_TOKENS, PRESSURE = (1, 2, 3, 4), (1, 2, 7, 32), (5, 16, 128, 512), (False, True)
GRID = list(itertools.product(THREADS, SEQUENCES, BATCH_TOKENS, PRESSURE))
SAMPLE = np.random.default_rng(3).choice(len(GRID), 5, replace=False).tolist()
COUNT = 34


def place(name: str) -> Path:
    if name == "shipped":
        return shipped_file("model", "model.bin")
    path = DATA / "stories260K.bin"
    if not path.is_file():
        pytest.skip("shared test data is not beside this checkout")
    return path


def options_of(name: str, threads: int = 1, sequences: int = 1, batch_tokens: int = 128) -> EngineOptions:
    return EngineOptions(threads, sequences, context=CONTEXT[name], batch_tokens=batch_tokens)


def ask(name: str, count: int = COUNT) -> list[SequenceRequest]:
    return requests({"shipped": 2048, "stories260K": 512}[name], CONTEXT[name], count)


@pytest.fixture(scope="module")
def alone() -> dict[str, list[list[int]]]:
    """Every request by itself, in an engine of its own pages, on one thread: no prefix is found, nobody shares."""
    found: dict[str, list[list[int]]] = {}
    for name in MODELS:
        with open_forward(place(name), options_of(name)) as forward:
            found[name] = []
            for request in ask(name):
                found[name].append(_fresh(forward, name, request))
    return found


def _fresh(forward: Forward, name: str, request: SequenceRequest) -> list[int]:
    engine, ids = Engine(forward, options_of(name)), []
    engine.add(request)
    while engine.busy:
        ids += [event.token for event in engine.step() if isinstance(event, Token)]
    return ids


def check(name: str, where: tuple[int, int, int, bool], alone: dict[str, list[list[int]]], count: int) -> Outcome:
    threads, sequences, batch_tokens, pressure = where
    full = -(-CONTEXT[name] // 16) + 3 if pressure else 0
    found = outcome(place(name), options_of(name, threads, sequences, batch_tokens), ask(name, count), full)
    different = [number for number, ids in enumerate(found.ids) if ids != alone[name][number]]
    assert not different, (where, different)
    return found


@pytest.mark.parametrize("place_of_grid", SAMPLE, ids=lambda number: "-".join(map(str, GRID[number])))
@pytest.mark.parametrize("name", MODELS)
def test_some_places_of_the_grid(name: str, place_of_grid: int, alone: dict) -> None:
    check(name, GRID[place_of_grid], alone, 12)


@pytest.mark.parametrize("name", MODELS)
def test_crowded_short_of_pages_and_with_prefixes_found(name: str, alone: dict) -> None:
    """The worst of all, and that it is what it says."""
    found = check(name, (3, 32, 16, True), alone, COUNT)
    assert found.preempted > 0 and found.cached > 100
    assert len({token for ids in found.ids for token in ids}) > 50, "a model that repeats itself shows nothing"


@pytest.mark.soak
@pytest.mark.parametrize("name", MODELS)
def test_the_whole_grid(name: str, alone: dict) -> None:
    preempted = cached = 0
    for where in GRID:
        found = check(name, where, alone, COUNT)
        preempted, cached = preempted + found.preempted, cached + found.cached
    assert preempted >= 50 and cached > 1000


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("kv_type", ["f16", "f32"])
def test_long_contexts_have_the_same_logits_by_single_ids_and_by_blocks(make_model, threads: int, kv_type: str) -> None:
    """Beyond 256 positions single ids split attention over ranks and merge; a block goes through it in a row."""
    options = EngineOptions(threads, kv_type=kv_type, batch_tokens=512)
    model = make_model(5, "f32", dim=48, hidden_dim=64, n_heads=6, n_kv_heads=2, vocab_size=90, seq_len=800)
    ids = np.random.default_rng(1).integers(0, 90, 800).tolist()
    with one_sequence(model, options) as sequence:
        single = {position: sequence.forward(token, position) for position, token in enumerate(ids)}
    for cuts in ([512, 288], [255, 1, 1, 300, 243], [270, 7, 500, 23]):
        position = 0
        with one_sequence(model, replace(options, threads=4 - threads)) as sequence:
            for cut in cuts:
                block = sequence.read(ids[position : position + cut], position)
                position += cut
                np.testing.assert_array_equal(bits(block), bits(single[position - 1]), f"{cuts}: {position - 1}")
    assert position == 800


def test_which_pages_and_which_row_of_the_step_change_nothing(make_model) -> None:
    """A long sequence in scattered pages, alone, and between two others that decode and read."""
    options = EngineOptions(2, sequences=3)
    model = make_model(6, "int8", 16, dim=48, hidden_dim=64, n_heads=6, n_kv_heads=2, vocab_size=90, seq_len=320)
    ids, order = np.random.default_rng(2).integers(0, 90, 310).tolist(), np.random.default_rng(3).permutation(60)
    with one_sequence(model, options) as sequence:
        sequence.read(ids[:128], 0)
        sequence.read(ids[128:256], 128)
        expected = [sequence.forward(ids[position], position) for position in range(256, 310)]
    with one_sequence(model, options) as sequence:
        forward = sequence.forward_pass
        mine, first, second = (order[i : i + 20].tolist() for i in (0, 20, 40))
        scattered = OneSequence(forward, mine)
        scattered.read(ids[:128], 0)
        scattered.read(ids[128:256], 128)
        for position in range(256, 310):
            chunks = [
                Chunk([position % 90], position - 256, first, True),
                Chunk([ids[position]], position, mine, True),
                Chunk([3, 4, 5], (position - 256) * 3, second, False),
            ]
            turn = position % 3
            logits = forward.run(chunks[turn:] + chunks[:turn])
            row = sum(chunk.logits for chunk in (chunks[turn:] + chunks[:turn])[: (1 - turn) % 3])
            np.testing.assert_array_equal(bits(logits[row].copy()), bits(expected[position - 256]))
