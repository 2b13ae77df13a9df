"""The parts of the recipe that need PyTorch: export, update, packing, the training command itself."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from support.paths import ROOT

from llmproc.checkpoints.llama2c.header import read_header
from llmproc.checkpoints.llama2c.reading import read_into, view_weights
from llmproc.engine.reference import Reference

torch = pytest.importorskip("torch", reason="PyTorch is needed only to train the shipped model")

TOKENIZER = ROOT / "tokenizer" / "tokenizer.bin"
Load = Callable[[str], ModuleType]


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def small_shape(script: Load) -> object:
    return script("model/recipe/network.py").Shape(
        dim=64, hidden=128, layers=2, heads=4, kv_heads=2, vocab=96, seq_len=32
    )


def test_the_exported_checkpoint_computes_what_the_network_does(script: Load, tmp_path: Path) -> None:
    torch.manual_seed(3)
    network = script("model/recipe/network.py").Network(small_shape(script))
    for value in network.parameters():
        value.data.mul_(1.5)
    weights = {name: value.detach().clone() for name, value in network.named_parameters()}
    torch.save({"shape": network.shape.as_dict(), "averaged": weights}, tmp_path / "state.pt")
    script("model/recipe/export.py").export(tmp_path / "state.pt", tmp_path / "model.bin")
    header = read_header(tmp_path / "model.bin")
    buffer = memoryview(bytearray(header.size))
    read_into(header, buffer)
    reference = Reference(header.description, view_weights(header.description, header.layout, buffer), c_order=False)
    ids = [1, 5, 17, 80, 2, 1, 44, 9]
    expected = network(torch.tensor([ids]))[0].detach().numpy()
    for position, token in enumerate(ids):
        logits = reference.forward(token, position)
        # int8 weights and activations: close, but a wrong order of heads, pairs or rows is far off
        assert np.corrcoef(logits, expected[position])[0, 1] > 0.99, position
        assert np.abs(logits - expected[position]).max() < 0.1 * np.abs(expected[position]).max() + 0.05


def test_interleaving_puts_pairs_side_by_side(script: Load) -> None:
    rows = torch.arange(8.0)[:, None].repeat(1, 3)  # two heads of four rows
    found = script("model/recipe/export.py").interleave(rows, 2)[:, 0].tolist()
    assert found == [0, 2, 1, 3, 4, 6, 5, 7]


def test_orthogonalise_makes_singular_values_nearly_one(script: Load) -> None:
    torch.manual_seed(0)
    found = script("model/recipe/muon.py").orthogonalise(torch.randn(3, 16, 40))
    sizes = torch.linalg.svdvals(found)
    assert float(sizes.min()) > 0.4 and float(sizes.max()) < 1.4


def test_muon_treats_a_stack_of_two_as_two(script: Load) -> None:
    torch.manual_seed(0)
    muon = script("model/recipe/muon.py")
    gradient = torch.randn(96, 16)
    stack, apart = torch.zeros(96, 16), [torch.zeros(48, 16), torch.zeros(48, 16)]
    muon.muon_step([(stack, gradient, torch.zeros(96, 16))], 0.1)
    # a tall matrix of 48 x 16 would be cut again, so the halves are given as wide ones
    halves = [muon.orthogonalise(part.T[None].mul(0.05 + 0.95 * 0.05))[0].T for part in gradient.chunk(2)]
    expected = torch.cat([part - 0.1 * 3**0.5 * half for part, half in zip(apart, halves, strict=True)])
    assert torch.allclose(stack, expected, atol=1e-3)


def test_rows_are_packed_and_only_answers_are_spoken(script: Load) -> None:
    data = script("model/recipe/data.py")
    encoding = script("model/recipe/encoding.py")
    rows = data.Rows(encoding.WordTokenizer(TOKENIZER), 5, "train")
    ids, targets, chosen, spoken = rows.batch(3, 128)
    assert ids.shape == targets.shape == (3, 128)
    assert torch.equal(ids[:, 1:], targets[:, :-1])
    assert (ids[:, 0] == encoding.START).all(), "a row starts with a conversation"
    assert len(chosen) == int(data.LEARNT * 3 * 128) == len(set(chosen.tolist()))
    assert targets.flatten()[spoken].ne(encoding.START).all(), "an answer never opens a turn"


def test_two_processes_train_save_and_resume(tmp_path: Path) -> None:
    sizes = ["--dim=64", "--hidden=64", "--layers=1", "--heads=2", "--kv-heads=1", "--eager", "--minutes"]
    command = [sys.executable, str(ROOT / "model" / "recipe" / "train.py"), "--out", str(tmp_path), *sizes]
    subprocess.run([*command, "0.08"], check=True, capture_output=True, timeout=120)
    first = torch.load(tmp_path / "state.pt", weights_only=True)
    subprocess.run([*command, "0.16"], check=True, capture_output=True, timeout=120)
    second = torch.load(tmp_path / "state.pt", weights_only=True)
    assert first["done"]["started"] == 0 and second["done"]["started"] == 1
    assert second["done"]["step"] > first["done"]["step"] > 0
    assert torch.equal(second["averaged"]["embedding"].flatten(), second["vectors"]["averaged"][: 2048 * 64])
    reports = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert reports[-1]["dev_loss"] < 7.6 < math.log(2048)  # better than chance
    assert reports[-1]["tokens"] == 3072 * reports[-1]["step"]


def test_the_schedule_warms_up_holds_and_ends_at_nothing(script: Load) -> None:
    train = script("model/recipe/train.py")
    assert train.rate_at(0.0) < 0.1 and train.rate_at(0.2) == 1.0 and train.rate_at(1.0) == 0.0
    assert train.plan_at(0.1, 4).length < train.plan_at(0.9, 4).length
    sizes = {plan.batches * plan.rows * plan.length for plan in (train.plan_at(0.1, 4), train.plan_at(0.9, 4))}
    assert len(sizes) == 1


def test_the_shape_that_ships_is_the_default(script: Load) -> None:
    shape = script("model/recipe/network.py").Shape()
    description = read_header(ROOT / "model" / "model.bin").description
    wanted = script("model/recipe/export.py").description(shape.as_dict())
    assert json.dumps(str(description)) == json.dumps(str(wanted))
