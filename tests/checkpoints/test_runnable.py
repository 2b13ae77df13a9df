"""What the engine does not run yet is refused by name before anything is loaded; everything else is left alone."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from checkpoints import gguf_files, hugging_face_folders

from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.features import PLAIN, ModelFeatures, Multipliers, RotaryEmbedding
from llmproc.checkpoints.model_file import open_model
from llmproc.checkpoints.runnable import check_runnable, unsupported
from llmproc.checkpoints.weight_types import converted_description
from llmproc.config import EngineOptions
from llmproc.engine.loading import plan_model
from llmproc.errors import CheckpointError

BASE = ModelDescription(64, 128, 2, 4, 2, 20, 64, 16, True, "f32", 0)
HALVES = RotaryEmbedding("half-split")


def with_features(**features: Any) -> ModelDescription:
    return dataclasses.replace(BASE, features=ModelFeatures(**features))


@pytest.mark.parametrize(
    ("features", "words"),
    [
        ({"rope": HALVES}, ("half-split RoPE",)),
        ({"rope": RotaryEmbedding(scaling="yarn", inverse_frequencies=(1.0,) * 8)}, ("yarn RoPE scaling",)),
        ({"rope": RotaryEmbedding(scaling="yarn", attention_factor=1.1)}, ("yarn RoPE scaling",)),
        ({"biases": ("wk", "wq")}, ("biases (wk, wq)",)),
        ({"query_key_norm": True}, ("norms of queries and keys",)),
        ({"windows": (0, 8)}, ("a sliding window",)),
        ({"no_rope_layers": (1,)}, ("layers without RoPE",)),
        ({"multipliers": Multipliers(embedding=2.0)}, ("multipliers",)),
        ({"rope": HALVES, "query_key_norm": True}, ("half-split RoPE", "norms of queries and keys")),
    ],
)
def test_each_feature_is_named(features: dict[str, Any], words: tuple[str, ...]) -> None:
    description = with_features(**features)
    assert unsupported(description) == words
    with pytest.raises(CheckpointError, match=r"m\.bin: architecture is llama with") as caught:
        check_runnable(description, "m.bin")
    assert all(word in str(caught.value) for word in words) and str(caught.value).isprintable()
    for weights in (None, "f32", "int8"):
        with pytest.raises(CheckpointError):
            converted_description(description, weights, "m.bin")


@pytest.mark.parametrize(
    "features", [PLAIN, ModelFeatures("mistral", windows=(64, 64)), ModelFeatures("llama", windows=())]
)
def test_what_changes_nothing_is_run(features: ModelFeatures) -> None:
    """A window as long as the context hides nothing."""
    description = dataclasses.replace(BASE, features=features)
    assert unsupported(description) == ()
    assert converted_description(description, None, "m.bin") is description


@pytest.mark.parametrize("architecture", ["qwen2", "qwen3", "smollm3"])
def test_the_engine_refuses_what_it_would_compute_wrong(tmp_path: Path, architecture: str) -> None:
    (tmp_path / "m.gguf").write_bytes(gguf_files.gguf_bytes(*gguf_files.small_model(architecture, layers=4)))
    with pytest.raises(CheckpointError, match=f"architecture is {architecture} with"):
        plan_model(open_model(tmp_path / "m.gguf"), EngineOptions())
    hugging_face_folders.write_folder(tmp_path / "folder", architecture)
    with pytest.raises(CheckpointError, match=f"architecture is {architecture} with half-split RoPE"):
        plan_model(open_model(tmp_path / "folder"), EngineOptions())


def test_the_engine_takes_a_plain_gguf_file(tmp_path: Path) -> None:
    (tmp_path / "m.gguf").write_bytes(gguf_files.gguf_bytes(*gguf_files.small_model()))
    model = open_model(tmp_path / "m.gguf")
    assert plan_model(model, EngineOptions()).description == model.description
