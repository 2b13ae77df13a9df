"""Weights as read: equal to a naive reader's, without a copy, from a file that did not change, and finite."""

from __future__ import annotations

import math
import mmap
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from checkpoints.invalid_checkpoints import GROUP, LAYOUTS, header, valid
from checkpoints.naive_reader import read_naively

from llmproc.checkpoints import source_file
from llmproc.checkpoints.llama2c.header import read_header
from llmproc.checkpoints.llama2c.layout import file_size, spans
from llmproc.checkpoints.llama2c.reading import read_into, view_weights
from llmproc.checkpoints.model_file import open_model
from llmproc.checkpoints.weights import Int8Matrix, Weights, check_finite, named_floats
from llmproc.errors import CheckpointError

MATRICES = ("wq", "wk", "wv", "wo", "w1", "w2", "w3")


def _labelled(weights: Weights) -> dict[str, Int8Matrix | np.ndarray]:
    found = {"embedding": weights.embedding, "final_norm": weights.final_norm}
    if weights.classifier is not weights.embedding:
        found["classifier"] = weights.classifier
    for number, layer in enumerate(weights.layers):
        for name in ("attention_norm", "ffn_norm", *MATRICES):
            found[f"layer {number} {name}"] = getattr(layer, name)
    return found


def _equals_naive(path: Path) -> None:
    checked = open_model(path)
    weights = checked.load().weights
    fields, naive = read_naively(path)
    views = _labelled(weights)
    assert views.keys() == naive.keys()
    for label, expected in naive.items():
        view = views[label]
        if isinstance(view, Int8Matrix):
            assert view.values.dtype == np.int8 and view.scales.dtype == np.float32
            assert view.values.flags.c_contiguous and view.scales.flags.aligned
            assert view.values.shape[1] == view.scales.shape[1] * fields["group"]
            assert np.array_equal(view.values.ravel(), np.array(expected[0], np.int8)), label
            assert np.array_equal(view.scales.ravel(), np.array(expected[1], np.float32)), label
        else:
            assert view.dtype == np.float32 and view.flags.c_contiguous and view.flags.aligned
            assert np.array_equal(view.ravel(), np.array(expected, np.float32)), label
    assert checked.description.shared_classifier == bool(fields["shared"])


@pytest.mark.parametrize("name", ["course-tiny-v2.bin", "stories260K.bin"])
def test_real_files_equal_a_naive_reader(shared_data: Path, name: str) -> None:
    _equals_naive(shared_data / name)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("shared", [0, 1])
@pytest.mark.parametrize("changes", [{}, {"n_heads": 4, "n_kv_heads": 2, "n_layers": 3}, {"dim": 24, "n_heads": 6}])
def test_small_files_equal_a_naive_reader(tmp_path: Path, layout: str, shared: int, changes: dict[str, int]) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(valid(layout, shared=shared, **changes))
    _equals_naive(path)


def test_shapes(tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(valid("version 2", n_heads=4, shared=0))
    weights = open_model(path).load().weights
    layer = weights.layers[1]
    shapes = [getattr(layer, name).values.shape for name in MATRICES]
    assert shapes == [(8, 8), (2, 8), (2, 8), (8, 8), (16, 8), (8, 16), (16, 8)]
    assert layer.w2.scales.shape == (8, 16 // GROUP)
    assert weights.classifier.values.shape == weights.embedding.values.shape == (12, 8)
    assert layer.ffn_norm.shape == layer.attention_norm.shape == weights.final_norm.shape == (8,)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_views_do_not_copy(tmp_path: Path, layout: str) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(valid(layout))
    checked = read_header(path)
    buffer = bytearray(checked.size)
    read_into(checked, memoryview(buffer))
    assert buffer == path.read_bytes()
    weights = view_weights(checked.description, checked.layout, memoryview(buffer))
    buffer[:] = bytes(len(buffer))
    for label, array in named_floats(weights):
        assert not array.any(), label


def test_views_are_as_writable_as_their_buffer(tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(valid("version 2"))
    checked = read_header(path)
    for readonly in (False, True):
        buffer = memoryview(bytearray(path.read_bytes()))
        weights = view_weights(checked.description, checked.layout, buffer.toreadonly() if readonly else buffer)
        assert weights.embedding.values.flags.writeable is not readonly
        assert weights.final_norm.flags.writeable is not readonly


def test_shared_memory_serves_as_buffer(tmp_path: Path) -> None:
    """As the template does it: a memfd, mapped, rounded up by nobody; and it can be unmapped again."""
    path = tmp_path / "model.bin"
    path.write_bytes(valid("version 2"))
    checked = read_header(path)
    fd = os.memfd_create("weights")
    try:
        os.ftruncate(fd, checked.size)
        with mmap.mmap(fd, checked.size) as memory:
            with memoryview(memory) as buffer:
                read_into(checked, buffer)
                scales = view_weights(checked.description, checked.layout, buffer).embedding.scales.copy()
            assert scales.all()
        assert os.pread(fd, checked.size, 0) == path.read_bytes()
    finally:
        os.close(fd)


def test_buffers_that_do_not_do(tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(valid("version 2"))
    checked = read_header(path)
    for buffer in (memoryview(bytearray(checked.size - 1)), memoryview(bytes(checked.size))):
        with pytest.raises(ValueError, match="the buffer must be writable and hold"):
            read_into(checked, buffer)
    with pytest.raises(ValueError, match="bytes, the description implies"):
        view_weights(checked.description, "version 2", memoryview(bytes(checked.size - 1)))
    larger = memoryview(bytearray(checked.size + 4096))
    read_into(checked, larger)
    assert larger[: checked.size] == path.read_bytes() and not any(larger[checked.size :])


def _append(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"x")


def _other_shape(path: Path) -> None:
    """As many bytes, another meaning: seq_len stands in the header alone."""
    path.write_bytes(valid("version 2", seq_len=7))


BEFORE: list[tuple[Callable[[Path], object], str]] = [
    (lambda path: os.truncate(path, 300), "file size is 300 bytes: must still be the"),
    (_append, "file size is .* bytes: must still be the"),
    (_other_shape, "header is changed: must still be the one that was checked"),
    (lambda path: path.write_bytes(header("version 2", n_heads=3) + valid("version 2")[256:]), "n_heads is 3"),
    (lambda path: path.unlink(), "no such file"),
]


@pytest.mark.parametrize(("change", "message"), BEFORE)
def test_file_changed_since_its_header_was_checked(
    tmp_path: Path, change: Callable[[Path], object], message: str
) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(valid("version 2"))
    checked = read_header(path)
    change(path)
    with pytest.raises(CheckpointError, match=message):
        read_into(checked, memoryview(bytearray(checked.size)))


def _touch_later(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(400)
        file.write(b"\1")
    os.utime(path, (1, 1))


DURING: list[tuple[Callable[[Path], object], str]] = [
    (lambda path: os.truncate(path, 500), "file size is 500 bytes: must stay .* while it is read"),
    (_append, "file is changed: must not be written to while it is read"),
    (_touch_later, "file is changed: must not be written to while it is read"),
]


@pytest.mark.parametrize(("change", "message"), DURING)
def test_file_changed_while_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path], object], message: str
) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(valid("version 2"))
    checked = read_header(path)
    real, calls = os.readv, []

    def changing(fd: int, buffers: list[memoryview]) -> int:
        calls.append(fd)
        if len(calls) == 3:
            change(path)
        return real(fd, buffers)

    monkeypatch.setattr(source_file, "CHUNK", 100)
    monkeypatch.setattr(source_file.os, "readv", changing)
    with pytest.raises(CheckpointError, match=message):
        read_into(checked, memoryview(bytearray(checked.size)))


def test_partial_reads_are_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel may give fewer bytes than asked for."""
    path = tmp_path / "model.bin"
    path.write_bytes(valid("version 2"))
    checked = read_header(path)
    real = os.readv
    monkeypatch.setattr(source_file.os, "readv", lambda fd, buffers: real(fd, [buffers[0][:7]]))
    buffer = bytearray(checked.size)
    read_into(checked, memoryview(buffer))
    assert buffer == path.read_bytes()


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_every_float_is_judged(tmp_path: Path, layout: str, value: float) -> None:
    """First and last element of every float32 array, one at a time."""
    path = tmp_path / "model.bin"
    path.write_bytes(valid(layout, shared=0))
    weights = open_model(path).load().weights
    for label, array in named_floats(weights):
        flat = array.reshape(-1)
        for index in (0, flat.size - 1):
            saved, flat[index] = flat[index], value
            with pytest.raises(CheckpointError, match=f"{label} is {value} at index {index}: must be finite"):
                check_finite(weights, path)
            flat[index] = saved
    check_finite(weights, path)


def test_finite_check_looks_beyond_the_first_chunk(tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(valid("version 1", vocab_size=20000))
    weights = open_model(path).load().weights
    weights.embedding[19999, 7] = np.nan
    with pytest.raises(CheckpointError, match="embedding is nan at index 159999"):
        check_finite(weights, path)


def test_rope_tables_are_nobodys_business(tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(valid("legacy"))
    description = read_header(path).description
    with path.open("r+b") as file:
        for span in spans(description, "legacy"):
            if span.name.startswith("rope"):
                file.seek(span.offset)
                file.write(np.full(span.nbytes // 4, np.nan, "<f4").tobytes())
    open_model(path).load()


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("shared", [0, 1])
def test_spans_leave_no_gap(tmp_path: Path, layout: str, shared: int) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(valid(layout, shared=shared))
    checked = read_header(path)
    position = checked.offset
    for span in spans(checked.description, checked.layout):
        assert span.offset == position and span.offset % 4 == 0
        assert span.scales_offset is None or span.scales_offset % 4 == 0
        position += span.nbytes
    assert position == checked.size == file_size(checked.description, checked.layout)
