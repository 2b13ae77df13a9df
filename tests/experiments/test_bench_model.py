"""The checkpoint under test: made once, kept, refused by name; and what one step of it reads and computes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from llmproc.apps.bench.options import parse_options
from llmproc.checkpoints.synth import SHAPES, write_synthetic
from llmproc.config import Environment
from llmproc.errors import CheckpointError, UsageError
from llmproc.experiments.bench import benchmark
from llmproc.experiments.bench.model import (
    BenchModel,
    cache_folder,
    given_model,
    peer_file,
    refuse_peer,
    synthetic_model,
)
from llmproc.experiments.bench.work import Work, planned_work


@pytest.fixture(autouse=True)
def a_cache_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def smollm(kind: str) -> BenchModel:
    description = replace(SHAPES["smollm-135m"], weight_type="f32", group_size=0)
    return BenchModel("smollm-135m", Path("x.bin"), description, "version 1", kind, True)


def test_sizes_of_smollm_are_the_known_ones() -> None:
    assert smollm("int8").parameters == 134_515_008
    assert smollm("int8").step_bytes == 142_884_864  # of 143,025,408 that llama.cpp names, norms are the rest
    assert smollm("int8").size == 143_025_408
    assert smollm("q4").step_bytes == 75_644_928
    assert smollm("f32").size == 4 * 134_515_008
    course = BenchModel("smollm-135m", Path("x"), SHAPES["smollm-135m"], "version 2", None, True)
    assert (course.bits, course.label, course.kind) == (8.5, "int8 g64", "int8")
    assert smollm("int8").label == "Q8_0" and smollm("q4").label == "Q4_0" and smollm("f16").label == "F16"


def test_multiply_adds_are_of_the_products_alone() -> None:
    model = smollm("int8")
    one = model.layer_values + model.output_values
    assert one == 134_479_872
    works = planned_work((512,), (128,), (4,), 32, kernels=True)
    assert [model.multiply_adds(work) for work in works] == [
        512 * model.layer_values + model.output_values,
        128 * one,
        128 * one,
        512 * model.layer_values + model.output_values,
        128 * one,
    ]


def test_a_synthetic_model_is_written_once() -> None:
    said: list[tuple[int, int]] = []
    model = synthetic_model("tiny", "q4", lambda *event: said.append(event))
    assert said and model.path.parent == cache_folder() and model.path.is_file()
    assert (model.kind, model.weights, model.version, model.synthetic) == ("q4", "q4", "version 1", True)
    before = model.path.stat()
    again = synthetic_model("tiny", "f32")
    assert again.path == model.path and again.path.stat().st_mtime_ns == before.st_mtime_ns
    assert again.weights is None and again.kind == "f32"
    course = synthetic_model("tiny", "course")
    assert course.path != model.path and (course.version, course.description.group_size) == ("version 2", 64)


@pytest.mark.parametrize("damage", ["cut", "other"])
def test_a_damaged_or_different_file_in_the_cache_is_replaced(damage: str) -> None:
    path = synthetic_model("tiny", "f32").path
    whole = path.read_bytes()
    if damage == "cut":
        path.write_bytes(whole[:-1])
    else:
        write_synthetic(path, replace(SHAPES["tiny"], n_layers=1), 1, "version 1")
    assert synthetic_model("tiny", "f32").path.read_bytes() == whole


def test_a_relative_cache_folder_is_ignored(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "here")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "llmproc" / "synthetic"


def test_a_users_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.bin"
    write_synthetic(path, "tiny", 1)
    model = given_model(path, None)
    assert (model.name, model.kind, model.weights, model.synthetic) == ("mine.bin", "int8", None, False)
    assert given_model(path, "int8").weights is None
    with pytest.raises(UsageError, match=r"--weights is q4: .*mine\.bin holds int8 already"):
        given_model(path, "q4")
    with pytest.raises(CheckpointError):
        given_model(tmp_path / "none.bin", None)
    write_synthetic(path, "tiny", 1, "version 1")
    assert given_model(path, "q4").kind == "q4" and given_model(path, None).kind == "f32"


def test_a_peer_gets_the_same_weights_or_none(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--peer is llama-cpp: .*version-2.*\(version 2\) holds int8 in groups of 64"):
        refuse_peer(replace(synthetic_model("tiny", "course"), path=tmp_path / "tiny-version-2.bin"), "llama-cpp")
    model = synthetic_model("tiny", "q4")
    refuse_peer(model, "llama-cpp")
    assert peer_file(model, tmp_path) == model.path.with_name(f"{model.path.stem}-q4.gguf")
    mine = replace(model, synthetic=False)
    assert peer_file(mine, tmp_path) == tmp_path / f"{model.path.stem}-q4.gguf", "nothing is left beside a user's file"


def test_work_that_the_checkpoint_has_no_positions_for_is_refused() -> None:
    model = synthetic_model("tiny", "f32")  # 256 positions
    benchmark.refuse_work(planned_work((256,), (256,), (2,), 256, True), model)
    benchmark.refuse_work([Work("mm512", "matmuls", 512)], model)
    for sizes, line in (
        (((257,), (), (), 1), "--prompt is 257"),
        (((), (257,), (), 1), "--generate is 257"),
        (((), (), (2,), 257), "--batched-steps is 257"),
    ):
        with pytest.raises(UsageError, match=f"^{line}: tiny has 256 positions$"):
            benchmark.refuse_work(planned_work(*sizes, kernels=False), model)


def test_the_model_of_the_options(tmp_path: Path) -> None:
    def opened(*arguments: str) -> BenchModel:
        return benchmark.make_model(parse_options("bench", arguments, Environment()), lambda done, total: None)

    assert opened("--shape", "tiny").kind == "int8" and opened("--shape", "tiny").weights == "int8"
    assert opened("--shape", "tiny", "--weights", "course").label == "int8 g64"
    write_synthetic(tmp_path / "two.bin", "tiny", 1)
    assert opened("--model", str(tmp_path / "two.bin")).weights is None
    with pytest.raises(UsageError, match=r"--peer is llama-cpp: two\.bin"):
        opened("--model", str(tmp_path / "two.bin"), "--peer", "llama-cpp")
