"""A model in several GGUF files: opened by its first, and every way in which the others do not go with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from checkpoints import gguf_files as files
from checkpoints.gguf_files import I32, U16

from llmproc.checkpoints.gguf.model_file import GgufFile
from llmproc.checkpoints.model_file import open_model
from llmproc.errors import CheckpointError

COUNT = 3


def name(index: int, count: int = COUNT) -> str:
    return f"small-{index + 1:05}-of-{count:05}.gguf"


def split(folder: Path, **first: tuple[int, object]) -> Path:
    """Write a model of three files: the first without tensors, as one option of llama.cpp's own tool does it."""
    pairs, tensors = files.small_model()
    names = list(tensors)
    parts = [[], names[:7], names[7:]]
    for index, part in enumerate(parts):
        numbers: files.Pairs = {"split.no": (U16, index), "split.count": (U16, COUNT)}
        if index == 0:
            numbers = {**pairs, **numbers, "split.tensors.count": (I32, len(tensors)), **first}
        content = files.gguf_bytes(numbers, {key: tensors[key] for key in part})
        (folder / name(index)).write_bytes(content)
    return folder / name(0)


def rewrite(folder: Path, index: int, pairs: files.Pairs, tensors: files.Tensors) -> None:
    (folder / name(index)).write_bytes(files.gguf_bytes(pairs, tensors))


def test_all_files_are_one_model(tmp_path: Path) -> None:
    first = split(tmp_path)
    model = open_model(first)
    assert isinstance(model, GgufFile) and model.path == first
    assert model.size == sum(path.stat().st_size for path in tmp_path.iterdir())
    (tmp_path / "whole.gguf").write_bytes(files.gguf_bytes(*files.small_model()))
    whole = open_model(tmp_path / "whole.gguf")
    assert model.description == whole.description
    ours, theirs = model.load(), whole.load()
    mine: Any = ours.weights.layers[1].w3
    assert np.array_equal(mine, files.small_arrays("llama")["blk.1.ffn_up.weight"])
    assert ours.fingerprint == model.fingerprint() != theirs.fingerprint
    assert model.tensors.keys() == files.small_model()[1].keys()


def test_a_change_in_any_file_changes_the_fingerprint(tmp_path: Path) -> None:
    first = split(tmp_path)
    before = open_model(first).fingerprint()
    last = tmp_path / name(2)
    last.write_bytes(last.read_bytes()[:-1] + b"\x01")
    assert open_model(first).fingerprint() != before


def test_a_file_changed_later_is_refused(tmp_path: Path) -> None:
    model = open_model(split(tmp_path))
    with (tmp_path / name(1)).open("ab") as file:
        file.write(bytes(32))
    with pytest.raises(CheckpointError, match=f"{name(1)}: file is changed"):
        model.load()


@pytest.mark.parametrize("index", [1, 2])
def test_the_first_file_is_asked_for_by_name(tmp_path: Path, index: int) -> None:
    split(tmp_path)
    with pytest.raises(CheckpointError, match=f"split.no is {index}: must be 0: give the first file, {name(0)}"):
        open_model(tmp_path / name(index))


@pytest.mark.parametrize("other", ["small.gguf", "small-00001-of-00002.gguf", "small-1-of-3.gguf"])
def test_the_name_must_say_how_many_there_are(tmp_path: Path, other: str) -> None:
    split(tmp_path).rename(tmp_path / other)
    with pytest.raises(CheckpointError, match=r"must be NAME-00001-of-00003\.gguf"):
        open_model(tmp_path / other)


def test_a_file_of_another_format_is_named(tmp_path: Path) -> None:
    first = split(tmp_path)
    (tmp_path / name(1)).write_bytes(b"PK\3\4" + bytes(100))
    with pytest.raises(CheckpointError, match=rf'{name(1)}: magic is .*: must be "GGUF"'):
        open_model(first)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    first = split(tmp_path)
    (tmp_path / name(2)).unlink()
    with pytest.raises(CheckpointError, match=f"{name(2)}: no such file"):
        open_model(first)


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ({"split.no": (U16, 2), "split.count": (U16, COUNT)}, "split.no is 2: must be 1, as its name says"),
        ({"split.no": (U16, 1), "split.count": (U16, 4)}, "split.count is 4: must be 3, as its name says"),
        ({"split.count": (U16, COUNT)}, "split.no is missing: must be 1"),
    ],
)
def test_a_file_of_another_set_is_refused(tmp_path: Path, numbers: files.Pairs, words: str) -> None:
    first = split(tmp_path)
    rewrite(tmp_path, 1, numbers, {})
    with pytest.raises(CheckpointError, match=words):
        open_model(first)


def test_a_tensor_in_two_files_is_refused(tmp_path: Path) -> None:
    first = split(tmp_path)
    tensors = files.small_model()[1]
    key = list(tensors)[8]
    rewrite(tmp_path, 1, {"split.no": (U16, 1), "split.count": (U16, COUNT)}, {key: tensors[key]})
    with pytest.raises(CheckpointError, match=f"tensor is {key}: must stand in one file, it is in {name(1)} too"):
        open_model(first)


def test_the_number_of_tensors_must_be_the_stated_one(tmp_path: Path) -> None:
    first = split(tmp_path, **{"split.tensors.count": (I32, 5)})
    with pytest.raises(CheckpointError, match=r"split.tensors.count is 5: must be the 20 tensors"):
        open_model(first)


@pytest.mark.parametrize("count", [1001, -1])
def test_the_number_of_files_is_bounded(tmp_path: Path, count: int) -> None:
    first = split(tmp_path, **{"split.count": (I32, count)})
    with pytest.raises(CheckpointError, match=r"split.count is .*: must be in 0..1000"):
        open_model(first)
