"""Every tensor type taken apart: bit for bit what the gguf package makes of it, and d * q + m exactly."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from checkpoints.ggml_cases import take_q4_0_apart, take_q8_0_apart

from llmproc.checkpoints.gguf import dequantising
from llmproc.checkpoints.gguf.blocks import FORMS
from llmproc.checkpoints.gguf.dequantising import dequantised, grouped_parts
from llmproc.checkpoints.gguf.tensor_types import TENSOR_TYPES, TensorType, read_types, type_name

GOLDEN = Path(__file__).parent / "gguf_golden" / "dequantised.npz"
KINDS = {kind.name: kind for kind in TENSOR_TYPES.values()}
QUANTISED = sorted(FORMS)
MINIMUMS = {"Q4_1", "Q5_1", "Q2_K", "Q4_K", "Q5_K"}
GROUPS_OF_16 = {"Q2_K", "Q3_K", "Q6_K"}
RANGES = {  # of the whole numbers
    "Q4_0": (-8, 7), "Q4_1": (0, 15), "Q5_0": (-16, 15), "Q5_1": (0, 31), "Q8_0": (-128, 127), "IQ4_NL": (-127, 113),
    "MXFP4": (-12, 12), "Q2_K": (0, 3), "Q3_K": (-4, 3), "Q4_K": (0, 15), "Q5_K": (0, 31), "Q6_K": (-32, 31),
}  # fmt: skip


@pytest.fixture(scope="module")
def golden() -> Iterator[dict[str, np.ndarray]]:
    with np.load(GOLDEN) as arrays:
        yield dict(arrays)


def bits(array: np.ndarray) -> np.ndarray:
    """Bytes, so that -0 and 0 differ."""
    return np.ascontiguousarray(array).view(np.uint32)


def case(golden: dict[str, np.ndarray], name: str) -> tuple[TensorType, np.ndarray, tuple[int, int], np.ndarray]:
    back = golden[f"{name}_back"]
    return KINDS[name], golden[f"{name}_bytes"].reshape(-1), (back.shape[0], back.shape[1]), back


def test_every_type_is_in_the_golden_file(golden: dict[str, np.ndarray]) -> None:
    assert {key.removesuffix("_back") for key in golden if key.endswith("_back")} == KINDS.keys() - {"F32"}
    assert FORMS.keys() == {kind.name for kind in KINDS.values() if kind.block > 1}


@pytest.mark.parametrize("name", sorted(KINDS.keys() - {"F32"}))
def test_as_the_gguf_package(golden: dict[str, np.ndarray], name: str) -> None:
    kind, raw, shape, back = case(golden, name)
    assert np.array_equal(bits(dequantised(kind, raw, shape)), bits(back))


@pytest.mark.parametrize("name", sorted(KINDS.keys() - {"F32"}))
def test_many_random_blocks_as_the_gguf_package(name: str) -> None:
    """Any bytes whatever: scales that are NaN or infinite as well, of which only the place must agree."""
    quants = pytest.importorskip("gguf.quants", reason="the gguf package is not installed")
    from gguf import GGMLQuantizationType

    kind, random = KINDS[name], np.random.default_rng(5)
    blocks = 1 << 18 >> kind.block.bit_length()  # a quarter of a million values, about
    raw = random.integers(0, 256, (16, blocks // 16 * kind.block_bytes), np.uint8)
    with np.errstate(all="ignore"):
        theirs = quants.dequantize(raw.view("<f2") if name == "F16" else raw, GGMLQuantizationType[name])
    ours = dequantised(kind, raw.reshape(-1), (16, blocks // 16 * kind.block))
    finite = np.isfinite(theirs)
    assert np.array_equal(finite, np.isfinite(ours)) and finite.mean() > 0.8
    assert np.array_equal(bits(ours)[finite], bits(np.asarray(theirs, np.float32))[finite])


def test_float32_is_as_it_is() -> None:
    values = np.arange(12, dtype=np.float32)
    found = dequantised(KINDS["F32"], values.view(np.uint8), (3, 4))
    assert np.array_equal(found, values.reshape(3, 4)) and found.base is not None, "a view"


@pytest.mark.parametrize("name", QUANTISED)
def test_whole_times_scale_plus_minimum_is_the_value(golden: dict[str, np.ndarray], name: str) -> None:
    kind, raw, shape, back = case(golden, name)
    parts = grouped_parts(kind, raw, shape)
    assert parts.group == (16 if name in GROUPS_OF_16 else 32)
    assert parts.values.shape == shape and parts.values.dtype == np.int8
    assert parts.scales.shape == (shape[0], shape[1] // parts.group) and parts.scales.dtype == np.float32
    assert (parts.minimums is not None) == (name in MINIMUMS)
    low, high = RANGES[name]
    assert low <= parts.values.min() and parts.values.max() <= high
    assert np.array_equal(bits(parts.dequantise()), bits(back))
    slow = np.empty(shape, np.float32)
    for row, column in np.ndindex(shape):
        group = column // parts.group
        slow[row, column] = np.float32(parts.values[row, column]) * parts.scales[row, group]
        if parts.minimums is not None:
            slow[row, column] += parts.minimums[row, group]
    assert np.array_equal(bits(slow), bits(back))


@pytest.mark.parametrize("name", QUANTISED)
def test_scales_and_minimums_are_exact(golden: dict[str, np.ndarray], name: str) -> None:
    """A half times at most a signed byte: recomputed in double, nothing was rounded away."""
    kind, raw, shape, _ = case(golden, name)
    parts = grouped_parts(kind, raw, shape)
    halves = {"Q2_K": 80, "Q3_K": 108, "Q6_K": 208, "MXFP4": None}.get(name, 0)
    if halves is None:
        mantissa, _ = np.frexp(parts.scales)
        assert set(np.unique(mantissa)) == {0.5}, "powers of two"
        return
    blocks = raw.reshape(-1, kind.block_bytes)
    d = np.ascontiguousarray(blocks[:, halves : halves + 2]).view("<f2").astype(np.float64)
    ratio = parts.scales.reshape(len(blocks), -1).astype(np.float64) / np.where(d == 0, 1, d)
    assert np.array_equal(ratio, np.rint(ratio)) and np.abs(ratio).max() <= 128


@pytest.mark.parametrize("piece", [1, 100, 1 << 30])
@pytest.mark.parametrize("name", ["Q4_1", "Q6_K"])
def test_the_size_of_a_piece_changes_nothing(
    golden: dict[str, np.ndarray], name: str, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dequantising, "_PIECE", piece)
    kind, raw, shape, back = case(golden, name)
    assert np.array_equal(bits(dequantised(kind, raw, shape)), bits(back))
    assert np.array_equal(bits(grouped_parts(kind, raw, shape).dequantise()), bits(back))


def test_the_simple_types_by_hand(golden: dict[str, np.ndarray]) -> None:
    kind, raw, shape, _ = case(golden, "Q8_0")
    values, scales = take_q8_0_apart(raw)
    parts = grouped_parts(kind, raw, shape)
    assert np.array_equal(parts.values.reshape(-1, 32), values)
    assert np.array_equal(parts.scales.reshape(-1), scales.view(np.float16).astype(np.float32))
    kind, raw, shape, _ = case(golden, "Q4_0")
    values, _ = take_q4_0_apart(raw)
    assert np.array_equal(grouped_parts(kind, raw, shape).values.reshape(-1, 32) + 8, values)


def test_a_damaged_scale_is_seen(golden: dict[str, np.ndarray]) -> None:
    for name in QUANTISED:
        kind, raw, shape, back = case(golden, name)
        scale = {"Q2_K": 80, "Q3_K": 108, "Q6_K": 208}.get(name, 0)
        hurt = raw.copy()
        hurt[scale] ^= 0x40
        assert not np.array_equal(bits(dequantised(kind, hurt, shape)), bits(back)), name


def test_names_of_types() -> None:
    assert type_name(12) == "Q4_K" and type_name(16) == "IQ2_XXS" and type_name(99) == "type 99"
    assert read_types().startswith("F32, F16, Q4_0") and "MXFP4" in read_types()


def test_the_table_is_the_packages() -> None:
    if importlib.util.find_spec("gguf") is None:
        pytest.skip("the gguf package is not installed")
    import gguf

    for number, kind in TENSOR_TYPES.items():
        theirs = gguf.GGMLQuantizationType(number)
        assert (theirs.name, gguf.GGML_QUANT_SIZES[theirs]) == (kind.name, (kind.block, kind.block_bytes))
