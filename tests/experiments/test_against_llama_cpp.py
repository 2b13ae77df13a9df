"""Our logits are as near to float64 as llama.cpp's on the same files, and one wrong scale is seen.

llama.cpp's figures are golden, made by llama_cpp_errors/make_llama_cpp_errors.py; where the package is installed,
everything is measured again. Two types by default, all of them in the soak tier.
"""

from __future__ import annotations

import dataclasses
import importlib.util
import math
from pathlib import Path

import numpy as np
import pytest
from experiments.against_golden import GOLDEN, exact_of, own_figures, peer_figures, written

from llmproc.checkpoints.gguf.model_file import GgufFile
from llmproc.checkpoints.gguf.tensor_types import TENSOR_TYPES
from llmproc.checkpoints.model_file import open_model
from llmproc.errors import StartError, UsageError
from llmproc.experiments.against_llama_cpp import comparison
from llmproc.experiments.against_llama_cpp.comparison import CompareLogitsOptions, compare_logits
from llmproc.experiments.against_llama_cpp.errors import broken_bars
from llmproc.experiments.against_llama_cpp.models import POSITIONS, SHAPES, TYPES, describe_model, ids_of, write_model
from llmproc.experiments.against_llama_cpp.peer_process import ask_peer

BY_DEFAULT = ("q8_0", "q4_k_m")


@pytest.mark.parametrize("name", BY_DEFAULT)
def test_our_logits_keep_every_bar(tmp_path: Path, name: str) -> None:
    files = written(tmp_path, name)
    own = own_figures(files, exact_of(files))
    assert own.positions == POSITIONS * len(SHAPES) == peer_figures(name).positions
    assert broken_bars(own, peer_figures(name)) == []
    assert own.root_mean_square > 0, "the reference is another computation"


@pytest.mark.soak
def test_all_types_keep_every_bar(tmp_path: Path) -> None:
    """Counts of changed positions are summed over all types: of one type they are about ten, and differ by chance."""
    changed, of_peer = 0, 0
    for name in TYPES:
        (tmp_path / name).mkdir()
        files, peer = written(tmp_path / name, name), peer_figures(name)
        own = own_figures(files, exact_of(files))
        assert broken_bars(dataclasses.replace(own, changed=0), peer) == [], name
        changed, of_peer = changed + own.changed, of_peer + peer.changed
    assert 0 < changed <= of_peer


PLANTED = {  # a type, a tensor of the first model, a block of it, and the byte of its scale
    "in a projection": ("q8_0", "blk.1.attn_v.weight", 77, 0),
    "in the last matrix of the last layer": ("q8_0", "blk.1.ffn_down.weight", 1000, 0),
    "in the output layer": ("q4_k_m", "token_embd.weight", 300, 208),
    "in the first layer": ("q4_k_m", "blk.0.attn_output.weight", 40, 0),
}


@pytest.mark.parametrize("where", PLANTED)
def test_one_wrong_scale_of_one_tensor_turns_it_red(tmp_path: Path, where: str) -> None:
    """The scale of one block of one of five models is four times as large for us: nothing else differs."""
    name, tensor, block, at = PLANTED[where]
    files = written(tmp_path, name)
    exact = exact_of(files)
    plant(files[0], tensor, block, at)
    assert broken_bars(own_figures(files, exact), peer_figures(name)) != []


def plant(file: Path, tensor: str, block: int, at: int) -> None:
    model = open_model(file)
    assert isinstance(model, GgufFile)
    info = model.tensors[tensor]
    data = bytearray(file.read_bytes())
    place = info.offset + block * info.type.block_bytes + at
    scale = np.frombuffer(data, "<f2", 1, place)[0]
    assert 0 < abs(scale) < 0.1
    data[place : place + 2] = np.float16(scale * 4).tobytes()
    file.write_bytes(data)


def test_the_golden_file_is_of_every_type() -> None:
    assert GOLDEN["types"].keys() == TYPES.keys() and GOLDEN["kv_type"] == "f16"
    assert {kind.name for kind in TENSOR_TYPES.values()} <= set(TYPES.values())


@pytest.mark.parametrize("name", ["q3_k", "q5_k_m"])
def test_no_tensor_falls_back_to_another_type(tmp_path: Path, name: str) -> None:
    write_model(tmp_path / "m.gguf", name, 3)
    model = open_model(tmp_path / "m.gguf")
    assert isinstance(model, GgufFile)
    found = {info.type.name for label, info in model.tensors.items() if len(info.shape) == 2}
    assert found == ({"Q3_K"} if name == "q3_k" else {"Q5_K", "Q6_K"})


@pytest.mark.parametrize("number", range(len(SHAPES)))
def test_logits_are_sane(tmp_path: Path, number: int) -> None:
    """Spread by a few units at every position, and the models differ in what is compared."""
    write_model(tmp_path / "m.gguf", "q4_0", number)
    logits = exact_of_one(tmp_path / "m.gguf", number)
    spread = logits.std(axis=1)
    assert spread.min() > 2 and spread.max() < 4.5
    assert len(set(logits.argmax(axis=1))) > POSITIONS / 4, "positions have likeliest ids of their own"
    d = describe_model(number)
    assert d.dim % 256 == d.hidden_dim % 256 == d.n_heads * d.head_dim % 256 == 0


def exact_of_one(file: Path, number: int) -> np.ndarray:
    from llmproc.experiments.against_llama_cpp.own_logits import exact_logits

    return exact_logits(file, ids_of(number))


def test_without_the_package_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparison, "PACKAGE", "no-such-package")
    with pytest.raises(UsageError, match="the package no-such-package is not installed"):
        compare_logits(CompareLogitsOptions(), "x", lambda done, total, what: None)


def test_a_peer_that_dies_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(StartError, match=r"llama\.cpp ended with status 1: ") as caught:
        ask_peer([{"file": str(tmp_path / "none.gguf"), "ids": [1], "to": str(tmp_path / "x.npy")}], "f16", 1)
    assert "\n" not in str(caught.value)


@pytest.mark.soak
def test_llama_cpp_itself_gives_the_golden_figures() -> None:
    """On a CPU with other instructions its sums differ a little."""
    if importlib.util.find_spec("llama_cpp") is None:
        pytest.skip("llama-cpp-python is not installed")
    result = compare_logits(CompareLogitsOptions(), "test", lambda done, total, what: None)
    for row in result["results"]:
        golden = peer_figures(row["type"])
        assert row["broken"] == [], row["type"]
        assert math.isclose(row["peer"]["root_mean_square"], golden.root_mean_square, rel_tol=0.1), row["type"]
        assert len(row["samples"]) == len(SHAPES)
