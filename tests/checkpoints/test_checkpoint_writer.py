"""What is written is what is read, in every layout; and a file appears whole or not at all."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from checkpoints.invalid_checkpoints import LAYOUTS, valid
from checkpoints.naive_reader import read_naively
from checkpoints.written_models import _floats, _model
from hypothesis import given, settings
from hypothesis import strategies as st

from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.ggml_types import dequantise
from llmproc.checkpoints.llama2c import writer
from llmproc.checkpoints.llama2c.layout import ROPE_TABLES, Layout, spans
from llmproc.checkpoints.llama2c.quantisation import quantise
from llmproc.checkpoints.llama2c.writer import write_checkpoint
from llmproc.checkpoints.model_file import open_model
from llmproc.checkpoints.tensors import LAYER_TENSORS, MATRICES
from llmproc.checkpoints.weights import Int8Matrix
from llmproc.errors import CheckpointError


@st.composite
def descriptions(draw: st.DrawFn, layout: Layout) -> ModelDescription:
    n_kv_heads, sharing = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    half = draw(st.integers(1, 4)) * (2 if layout == "version 2" else 1)
    head_dim = 2 * half
    dim = n_kv_heads * sharing * head_dim
    group = draw(st.sampled_from([g for g in range(4, dim + 1, 4) if dim % g == 0])) if layout == "version 2" else 0
    return ModelDescription(
        dim=dim,
        hidden_dim=draw(st.integers(1, 5)) * max(1, group),
        n_layers=draw(st.integers(1, 3)),
        n_heads=n_kv_heads * sharing,
        n_kv_heads=n_kv_heads,
        vocab_size=draw(st.integers(2, 30)),
        seq_len=draw(st.integers(1, 9)),
        head_dim=head_dim,
        shared_classifier=draw(st.booleans()),
        weight_type="int8" if layout == "version 2" else "f32",
        group_size=group,
    )


def _same(view: Any, expected: np.ndarray, group: int) -> bool:
    if isinstance(view, Int8Matrix):
        wanted = quantise(expected, group)
        return np.array_equal(view.values, wanted.values) and np.array_equal(view.scales, wanted.scales)
    return np.array_equal(view, expected)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_round_trip(tmp_path: Path, layout: Layout) -> None:
    path, again = tmp_path / "model.bin", tmp_path / "again.bin"

    @given(descriptions(layout), st.integers(0, 1000))
    @settings(max_examples=25, deadline=None)
    def check(description: ModelDescription, seed: int) -> None:
        arrays = _floats(description, layout, seed)
        write_checkpoint(path, description, arrays, layout)
        header = open_model(path)
        weights = header.load().weights
        assert (header.version, header.description) == (layout, description)
        for name, array in arrays.items():
            if name in LAYER_TENSORS:
                for number, layer in enumerate(weights.layers):
                    assert _same(getattr(layer, name), array[number], description.group_size), name
            else:
                assert _same(getattr(weights, name), array, description.group_size), name
        read_naively(path)  # asserts that it ends where the file does
        write_checkpoint(again, description, weights, layout)
        assert again.read_bytes() == path.read_bytes()

    check()


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("shared", [0, 1])
def test_rewriting_a_foreign_file_gives_its_bytes(tmp_path: Path, layout: Layout, shared: int) -> None:
    """The files of invalid_checkpoints were made by `struct` alone."""
    path, again = tmp_path / "model.bin", tmp_path / "again.bin"
    path.write_bytes(valid(layout, shared=shared))
    header = open_model(path)
    weights = header.load().weights
    write_checkpoint(again, header.description, weights, layout)
    one, other = bytearray(path.read_bytes()), bytearray(again.read_bytes())
    for span in spans(header.description, layout):
        if span.name in ROPE_TABLES:  # the struct-made tables hold arbitrary numbers
            one[span.offset : span.offset + span.nbytes] = other[span.offset : span.offset + span.nbytes]
    assert one == other


def test_rewriting_the_course_file(tmp_path: Path, shared_data: Path) -> None:
    path = shared_data / "course-tiny-v2.bin"
    header = open_model(path)
    weights = header.load().weights
    write_checkpoint(tmp_path / "again.bin", header.description, weights, "version 2")
    assert (tmp_path / "again.bin").read_bytes() == path.read_bytes()


def test_rewriting_a_published_legacy_file(tmp_path: Path, shared_data: Path) -> None:
    """Every weight the same bytes; our rope tables equal the published ones as far as float32 goes."""
    path, again = shared_data / "stories260K.bin", tmp_path / "again.bin"
    header = open_model(path)
    weights = header.load().weights
    write_checkpoint(again, header.description, weights, "legacy")
    one, other = path.read_bytes(), again.read_bytes()
    assert len(one) == len(other)
    for span in spans(header.description, "legacy"):
        part = slice(span.offset, span.offset + span.nbytes)
        if span.name in ROPE_TABLES:
            np.testing.assert_allclose(np.frombuffer(one[part], "<f4"), np.frombuffer(other[part], "<f4"), atol=5e-5)
        else:
            assert one[part] == other[part], span.label
    assert one[:28] == other[:28]


def test_quantised_to_float32_and_back(tmp_path: Path) -> None:
    first, second, third = (tmp_path / f"{n}.bin" for n in "abc")
    first.write_bytes(valid("version 2", shared=0))
    header = open_model(first)
    weights = header.load().weights
    plain = dataclasses.replace(header.description, weight_type="f32", group_size=0)
    write_checkpoint(second, plain, weights, "version 1")
    floats = open_model(second).load().weights
    assert np.array_equal(floats.layers[1].w2, dequantise(weights.layers[1].w2))
    write_checkpoint(third, header.description, floats, "version 2")
    twice = open_model(third).load().weights
    np.testing.assert_allclose(dequantise(twice.classifier), dequantise(weights.classifier), atol=0.5)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n_heads": 3}, "n_heads is 3: must divide dim = 8"),
        ({"group_size": 0}, "group_size is 0: must be a positive multiple of 4"),
        ({"group_size": 6}, "group_size is 6: must be a positive multiple of 4"),
        ({"hidden_dim": 18}, "group_size is 4: must divide hidden_dim = 18"),
        ({"vocab_size": 1}, r"vocab_size is 1: must be in 2\.\."),
        ({"seq_len": 0}, r"seq_len is 0: must be in 1\.\."),
    ],
)
def test_never_writes_what_we_would_refuse(tmp_path: Path, changes: dict[str, int], message: str) -> None:
    description, arrays = _model()
    with pytest.raises(CheckpointError, match=message):
        write_checkpoint(tmp_path / "m.bin", dataclasses.replace(description, **changes), arrays, "version 2")
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize(
    "changes",
    [{"head_dim": 8}, {"norm_eps": 1e-6}, {"rope_theta": 500000.0}, {"seq_len": 2**31}, {"weight_type": "f32"}],
)
def test_what_the_format_cannot_say_is_not_dropped(tmp_path: Path, changes: dict[str, Any]) -> None:
    description, arrays = _model()
    with pytest.raises(ValueError, match=r"cannot hold|does not fit"):
        write_checkpoint(tmp_path / "m.bin", dataclasses.replace(description, **changes), arrays, "version 2")
    assert not os.listdir(tmp_path)


def test_end_tokens_may_differ(tmp_path: Path) -> None:
    """They belong to the tokenizer's sidecar."""
    description, arrays = _model()
    write_checkpoint(tmp_path / "m.bin", dataclasses.replace(description, end_tokens=(2,)), arrays, "version 2")
    assert open_model(tmp_path / "m.bin").description == description


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", sorted({*LAYER_TENSORS, *MATRICES, "final_norm"}))
def test_wrong_arrays_are_named(tmp_path: Path, layout: Layout, name: str) -> None:
    description, arrays = _model(layout)
    place = (1, ..., 0) if name in LAYER_TENSORS else (..., 0)
    label = f"layer 1 {name}" if name in LAYER_TENSORS else name
    broken = {**arrays, name: arrays[name].copy()}
    broken[name][place] = np.nan
    with pytest.raises(CheckpointError, match=f"{label} is not finite: every weight must be finite"):
        write_checkpoint(tmp_path / "m.bin", description, broken, layout)
    with pytest.raises(ValueError, match=f"{name} is float32"):
        write_checkpoint(tmp_path / "m.bin", description, {**arrays, name: arrays[name][..., 1:]}, layout)
    assert not os.listdir(tmp_path)


def test_wrong_quantised_arrays_are_named(tmp_path: Path) -> None:
    description, arrays = _model()
    good = quantise(arrays["embedding"], 4)
    wide = good.values.astype(np.int16)
    for matrix, error in (
        (Int8Matrix(wide, good.scales), "embedding is int16"),
        (quantise(arrays["embedding"], 8), "embedding is float32 .12, 1., it must be float32 .12, 2."),
        (Int8Matrix(good.values, good.scales * np.float32(np.nan)), "embedding is not finite"),
    ):
        with pytest.raises((ValueError, CheckpointError), match=error):
            write_checkpoint(tmp_path / "m.bin", description, {**arrays, "embedding": matrix}, "version 2")
    assert not os.listdir(tmp_path)


def test_chunks_of_the_wrong_length_are_noticed(tmp_path: Path) -> None:
    description, _ = _model()
    with pytest.raises(ValueError, match="layer 0 attention_norm ends at byte 260, it must end at 288"):
        writer.write_chunks(tmp_path / "m.bin", description, "version 2", lambda span: [np.zeros(1, "<f4")])
    assert not os.listdir(tmp_path)
