"""A transformer over tiles gives the serial one's logits bit by bit, for prompts in blocks and token by token."""

from __future__ import annotations

import numpy as np
import pytest

from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.synth import write_synthetic
from llmproc.checkpoints.weights import load_checkpoint
from llmproc.engine.products import arrange_weights
from llmproc.engine.transformer import Transformer

SHAPES = {
    "usual": ModelDescription(64, 192, 2, 4, 2, 96, 64, 16, True, "int8", 64),
    "rows that fill no tile": ModelDescription(24, 40, 2, 3, 1, 37, 64, 8, False, "int8", 8),
    "small groups": ModelDescription(32, 48, 1, 2, 2, 50, 64, 16, True, "int8", 4),
}


@pytest.mark.parametrize("name", SHAPES)
def test_tiles_change_no_bit(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("tiled") / "model.bin"
    write_synthetic(path, SHAPES[name], seed=3)
    description, serial_weights = load_checkpoint(path)[0].description, load_checkpoint(path)[1]
    tiled_weights = load_checkpoint(path)[1]
    arrange_weights(tiled_weights)
    serial, tiled = Transformer(description, serial_weights), Transformer(description, tiled_weights, tiled=True)
    one, other = serial.new_cache(), tiled.new_cache()
    ids = np.random.default_rng(1).integers(0, description.vocab_size, 40).tolist()
    serial.prefill(ids[:23], 0, one)
    tiled.prefill(ids[:23], 0, other)
    for position in range(23, 40):
        expected = serial.forward(ids[position], position, one)
        assert expected.tobytes() == tiled.forward(ids[position], position, other).tobytes()
