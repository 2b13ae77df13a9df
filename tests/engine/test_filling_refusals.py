"""Files that are refused while memory is filled from them: by file, tensor and row.

No number that is not finite, and no half of one file beside half of another, may reach the kernels.
"""

from __future__ import annotations

import dataclasses
import os
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from checkpoints import gguf_files, invalid_checkpoints
from checkpoints.hugging_face_folders import small_arrays, stored, write_folder
from engine.filled_files import OWN, filled, mixed_gguf, small_file, weights_of

from llmproc.checkpoints.llama2c.header import read_header
from llmproc.checkpoints.llama2c.layout import spans
from llmproc.checkpoints.model_file import ModelFile, open_model
from llmproc.config import EngineOptions
from llmproc.engine import filling
from llmproc.errors import CheckpointError

PLAIN = EngineOptions(threads=1)
BAD = (float("nan"), float("inf"), float("-inf"))
RULE = "is NaN or infinity: must be finite"


def refused(model: ModelFile, options: EngineOptions = PLAIN) -> str:
    """What the error says after the path."""
    with pytest.raises(CheckpointError) as caught:
        filled(model, options)
    text = str(caught.value)
    assert text.startswith(f"{model.path}: ") and "\n" not in text
    return text.removeprefix(f"{model.path}: ")


# -- NaN and infinity

NAMES = {  # GGUF's name, Hugging Face's and ours
    "token_embd.weight": ("model.embed_tokens.weight", "embedding"),
    "output_norm.weight": ("model.norm.weight", "final norm"),
    **{
        f"blk.1.{theirs}": (f"model.layers.1.{hugging_face}", f"layer 1 {ours}")
        for theirs, hugging_face, ours in (
            ("attn_norm.weight", "input_layernorm.weight", "attention_norm"),
            ("ffn_norm.weight", "post_attention_layernorm.weight", "ffn_norm"),
            ("attn_q.weight", "self_attn.q_proj.weight", "wq"), ("attn_q.bias", "self_attn.q_proj.bias", "wq bias"),
            ("attn_k.weight", "self_attn.k_proj.weight", "wk"), ("attn_k.bias", "self_attn.k_proj.bias", "wk bias"),
            ("attn_v.weight", "self_attn.v_proj.weight", "wv"), ("attn_v.bias", "self_attn.v_proj.bias", "wv bias"),
            ("attn_output.weight", "self_attn.o_proj.weight", "wo"), ("ffn_gate.weight", "mlp.gate_proj.weight", "w1"),
            ("ffn_up.weight", "mlp.up_proj.weight", "w3"), ("ffn_down.weight", "mlp.down_proj.weight", "w2"),
            ("attn_q_norm.weight", "self_attn.q_norm.weight", "q_norm"),
            ("attn_k_norm.weight", "self_attn.k_norm.weight", "k_norm"),
        )
    },
}  # fmt: skip
CASES = [
    (architecture, name, BAD[number % 3])
    for architecture in ("qwen2", "qwen3")
    for number, name in enumerate(gguf_files.small_arrays(architecture))
    if not name.startswith("blk.0.")
]


WRITTEN = (
    (gguf_files.floats, None), (gguf_files.half_floats, None), (gguf_files.brain_floats, None),
    (gguf_files.floats, "f16"), (gguf_files.brain_floats, "int8"),
)  # fmt: skip


def poisoned(array: np.ndarray, bad: float) -> tuple[np.ndarray, int]:
    """A copy with one bad value, the last of a row near the end, and the number of the row (of a value of a vector)."""
    found, row = array.copy(), len(array) - 3
    found[(row, -1) if array.ndim == 2 else row] = bad
    return found, row


def what_is_said(label: str, array: np.ndarray, row: int) -> str:
    return f"{label} {'row ' if array.ndim == 2 else ''}{row} {RULE}"


@pytest.mark.parametrize(("architecture", "name", "bad"), CASES)
def test_in_gguf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, architecture: str, name: str, bad: float) -> None:
    """Rows are the file's, though those of queries and keys change places, and count from the first piece on."""
    monkeypatch.setattr(filling, "PIECE", 1)
    for write, weights in WRITTEN:
        arrays = gguf_files.small_arrays(architecture)
        arrays[name], row = poisoned(arrays[name], bad)
        tensors = {n: (write if a.ndim == 2 else gguf_files.floats)(a) for n, a in arrays.items()}
        (tmp_path / "m.gguf").write_bytes(gguf_files.gguf_bytes(gguf_files.small_pairs(architecture), tensors))
        said = refused(open_model(tmp_path / "m.gguf"), dataclasses.replace(PLAIN, weights=weights))
        assert said == what_is_said(NAMES[name][1], arrays[name], row)


@pytest.mark.parametrize("dtype", ["F32", "F16", "BF16"])
@pytest.mark.parametrize(("architecture", "name", "bad"), CASES)
def test_in_safetensors(tmp_path: Path, architecture: str, name: str, bad: float, dtype: str) -> None:
    theirs, ours = NAMES[name]
    arrays = {n: array for n, (_, array) in small_arrays(architecture).items()}
    arrays[theirs], row = poisoned(arrays[theirs], bad)
    made = {n: stored(array, dtype) for n, array in arrays.items()}
    model = open_model(write_folder(tmp_path / "m", architecture, None, made))
    assert refused(model) == what_is_said(ours, arrays[theirs], row)
    assert refused(model, dataclasses.replace(PLAIN, weights="q4")) == what_is_said(ours, arrays[theirs], row)


@pytest.mark.parametrize("layout", ["legacy", "version 1", "version 2"])
def test_in_llama2c(tmp_path: Path, layout: str) -> None:
    path, whole = tmp_path / "m.bin", invalid_checkpoints.valid(layout, shared=0)
    path.write_bytes(whole)
    header, seen = read_header(path), set()
    for number, span in enumerate(spans(header.description, header.layout)):
        if span.name.startswith("rope"):
            continue  # not read
        one_row = span.shape[-1] if len(span.shape) == 2 else 1
        row = span.shape[0] - 2
        at = span.offset + 4 * row * one_row
        if span.scales_offset is not None:
            at = span.scales_offset + 4 * row * (one_row // header.description.group_size)
        data = bytearray(whole)
        struct.pack_into("<f", data, at, BAD[number % 3])
        path.write_bytes(data)
        name = span.name.replace("_", " ") if span.layer is None else f"layer {span.layer} {span.name}"
        assert refused(open_model(path)) == what_is_said(name, np.empty(span.shape), row)
        seen.add(span.name)
    assert len(seen) == 12


HALVES = {  # the types with half scales, and where those are in a block (ggml-common.h)
    "Q8_0": (0,), "Q4_0": (0,), "Q5_0": (0,), "IQ4_NL": (0,), "Q4_1": (0, 2), "Q5_1": (0, 2), "Q2_K": (80, 82),
    "Q3_K": (108,), "Q4_K": (0, 2), "Q5_K": (0, 2), "Q6_K": (208,),
}  # fmt: skip
BLOCK = {"Q8_0": 34, "Q4_0": 18, "Q5_0": 22, "IQ4_NL": 18, "Q4_1": 20, "Q5_1": 24}
BLOCK |= {"Q2_K": 84, "Q3_K": 110, "Q4_K": 144, "Q5_K": 176, "Q6_K": 210}


@pytest.mark.parametrize("kind", HALVES)
@pytest.mark.parametrize("weights", [None, "f32"])
def test_in_scales_and_minimums_of_blocks(tmp_path: Path, kind: str, weights: str | None) -> None:
    path = mixed_gguf(tmp_path / "m.gguf", {"": kind}, "qwen2")
    whole, info = path.read_bytes(), open_model(path).tensors["blk.1.attn_k.weight"]  # type: ignore[attr-defined]
    row_bytes, row = info.nbytes // 128, 77  # half-split: in memory it is another one
    for half in HALVES[kind]:
        for bits in (0x7E00, 0x7C00, 0xFC00):
            data = bytearray(whole)
            struct.pack_into("<H", data, info.offset + (row + 1) * row_bytes - BLOCK[kind] + half, bits)
            path.write_bytes(data)
            said = refused(open_model(path), dataclasses.replace(PLAIN, weights=weights))
            assert said == f"layer 1 wk row {row} {RULE}"


# -- files that change while they are read


def touch(path: Path) -> None:
    os.utime(path, ns=(1, 1))


def write_in_place(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"x")


def truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def replace(path: Path) -> None:
    data = path.read_bytes()
    new = path.with_name("new")
    new.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    new.replace(path)


CHANGES: dict[str, tuple[Callable[[Path], None], str]] = {
    "touched": (touch, "is changed: must"),
    "written to": (write_in_place, "is changed: must"),
    "cut short": (truncate, "file size is "),
    "grown": (grow, "is changed: must"),
}


@pytest.mark.parametrize("when", ["at the first matrix", "at the last"])
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("form", OWN)
def test_a_file_that_changes(tmp_path: Path, form: str, change: str, when: str) -> None:
    model = small_file(tmp_path, form)
    how, said = CHANGES[change]

    def progress(done: int, total: int) -> None:
        if done == (0 if when == "at the first matrix" else total - 1):
            how(weights_of(model))

    with pytest.raises(CheckpointError) as caught:
        filled(model, PLAIN, progress)
    assert str(caught.value).startswith(str(weights_of(model))) and said in str(caught.value)


@pytest.mark.parametrize("form", OWN)
def test_another_file_in_its_place_does_not_lend_its_fingerprint(tmp_path: Path, form: str) -> None:
    """What was read is the old file: it is refused, or its own fingerprint is given."""
    model = small_file(tmp_path, form)
    before = model.fingerprint()
    with model.weight_source() as source:
        source.rows("embedding", None, 0, 1)
        replace(weights_of(model))
        assert model.fingerprint() != before
        try:
            found = source.fingerprint()
        except CheckpointError:
            found = before
    assert found == before


@pytest.mark.parametrize("form", OWN)
def test_a_file_that_changes_before_it_is_read(tmp_path: Path, form: str) -> None:
    model = small_file(tmp_path, form)
    truncate(weights_of(model))
    with pytest.raises(CheckpointError, match="changed"):
        filled(model, PLAIN)
    assert not open_descriptors(tmp_path)


def open_descriptors(folder: Path) -> list[str]:
    def links() -> Iterator[str]:
        for name in os.listdir("/proc/self/fd"):
            try:
                yield os.readlink(f"/proc/self/fd/{name}")
            except FileNotFoundError:  # that of the list itself
                continue

    return [link for link in links() if link.startswith(str(folder))]


@pytest.mark.parametrize("form", OWN)
def test_no_file_is_open_afterwards(tmp_path: Path, form: str) -> None:
    model, seen = small_file(tmp_path, form), list[int]()
    filled(model, PLAIN, lambda done, total: seen.append(len(open_descriptors(tmp_path))))
    assert set(seen) == {1} and not open_descriptors(tmp_path)
