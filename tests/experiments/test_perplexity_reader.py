"""The logits of many positions in one step have the bits of one id a step, whatever the types and the position."""

from __future__ import annotations

import numpy as np
import pytest
from engine.naive_models import random_model
from engine.one_sequence import bits

from llmproc.config import EngineOptions
from llmproc.engine.batch import Chunk
from llmproc.engine.loading import open_weights
from llmproc.experiments.perplexity.reader import ROWS, WindowReader

CONTEXT = 320  # beyond 256 positions attention of a chunk of one id is cut into parts
FIRST = 150


def ids_of(count: int) -> list[int]:
    found: list[int] = np.random.default_rng(5).integers(0, 50, count).tolist()
    return found


@pytest.mark.parametrize("kv_type", ["f16", "f32"])
@pytest.mark.parametrize("weight_type", ["int8", "f32"])
def test_rows_of_a_step_have_the_bits_of_single_ids(weight_type: str, kv_type: str) -> None:
    model, ids = random_model(3, weight_type, seq_len=CONTEXT), ids_of(CONTEXT)
    with open_weights(*model, EngineOptions(kv_type=kv_type)) as forward:
        pages = list(range(forward.pages))
        single = [forward.run([Chunk([token], at, pages, True)])[0].copy() for at, token in enumerate(ids)]
    options = EngineOptions(kv_type=kv_type, sequences=ROWS, batch_tokens=48, threads=2)
    with open_weights(*model, options) as forward:
        reader = WindowReader(forward, options.batch_tokens)
        for _ in range(2):  # a second window over the pages of the first
            reader.begin(ids[:FIRST])
            for start in range(FIRST, CONTEXT, ROWS):
                part = ids[start : start + ROWS]
                rows = reader.logits(part, start)
                assert rows.shape == (len(part), 50)
                expected = np.stack(single[start : start + len(part)])
                np.testing.assert_array_equal(bits(rows), bits(expected), f"from position {start}")


def test_more_ids_than_rows_are_refused() -> None:
    with open_weights(*random_model(3, "f32"), EngineOptions(sequences=2)) as forward:
        reader = WindowReader(forward, 128, rows=2)
        with pytest.raises(ValueError, match="3 positions at once: at most 2"):
            reader.logits([1, 2, 3], 0)
