"""Drawn blocks: valid, of mean 0 and the deviation asked for, every bit of every field in use."""

from __future__ import annotations

import numpy as np
import pytest

from llmproc.checkpoints.gguf.blocks import FORMS
from llmproc.checkpoints.gguf.tensor_types import TYPES_BY_NAME
from llmproc.experiments.against_llama_cpp.gaussian_blocks import DRAWN, gaussian_blocks

DEVIATION = 1 / 16
RANGES = {  # of the whole numbers
    "Q4_0": (-8, 7), "Q4_1": (0, 15), "Q5_0": (-16, 15), "Q5_1": (0, 31), "Q8_0": (-127, 127), "IQ4_NL": (-127, 113),
    "MXFP4": (-12, 12), "Q2_K": (0, 3), "Q3_K": (-4, 3), "Q4_K": (0, 15), "Q5_K": (0, 31), "Q6_K": (-32, 31),
}  # fmt: skip


def values_of(name: str, count: int = 2000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Whole numbers, scales and values of drawn blocks, (blocks, groups, values of a group)."""
    blocks = gaussian_blocks(name, np.random.default_rng(3), count, DEVIATION)
    assert blocks.dtype == np.uint8 and blocks.shape == (count, TYPES_BY_NAME[name].block_bytes)
    whole, scales, minimums = FORMS[name].split(blocks)
    grouped = whole.reshape(count, scales.shape[1], -1)
    values = grouped * scales[:, :, None].astype(np.float64)
    return grouped, scales, values if minimums is None else values + minimums[:, :, None]


def test_every_quantised_type_is_drawn() -> None:
    assert DRAWN.keys() == FORMS.keys() == RANGES.keys()
    assert all(drawn.values == TYPES_BY_NAME[name].block for name, drawn in DRAWN.items())


@pytest.mark.parametrize("name", DRAWN)
def test_values_have_mean_0_and_their_deviation(name: str) -> None:
    """In every place of a group too: a field packed in another order would stand out in one of them."""
    whole, scales, values = values_of(name)
    assert abs(values.mean()) < 0.01 * DEVIATION
    assert values.std() == pytest.approx(DEVIATION, rel=0.1 if name == "MXFP4" else 0.03)  # powers of two
    assert (whole.min(), whole.max()) == RANGES[name]
    assert np.isfinite(scales).all() and (scales != 0).all()
    places = values.std(axis=0) / values.std()
    assert places.min() > 0.8 and places.max() < 1.2
    assert np.abs(values.mean(axis=0)).max() < 0.12 * DEVIATION


@pytest.mark.parametrize("name", DRAWN)
def test_groups_have_scales_of_their_own_and_the_mean_of_independent_values(name: str) -> None:
    """A minimum that belongs to another group would leave means of a whole deviation."""
    _, scales, values = values_of(name)
    group = values.shape[2]
    assert values.mean(axis=2).std() == pytest.approx(values.std() / np.sqrt(group), rel=0.1)
    assert len(np.unique(np.abs(scales))) >= (3 if name == "MXFP4" else 20)


def test_the_same_seed_gives_the_same_bytes() -> None:
    one, other = (gaussian_blocks("Q5_K", np.random.default_rng(seed), 50, 1.0) for seed in (1, 1))
    assert (one == other).all()
    assert (one != gaussian_blocks("Q5_K", np.random.default_rng(2), 50, 1.0)).any()


def test_floats_are_not_drawn() -> None:
    with pytest.raises(KeyError):
        gaussian_blocks("F16", np.random.default_rng(1), 1, 1.0)
