"""Multipliers of granite: read by name from both formats, and brought into one without changing a logit."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from checkpoints import gguf_files, opening_folders
from checkpoints.gguf_files import F32
from checkpoints.parity_models import BOUND, MODELS, golden_arrays, tokens_of, worst
from checkpoints.plain_forward import logits_of
from hypothesis import given, settings
from hypothesis import strategies as st

from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.features import ModelFeatures, Multipliers, RotaryEmbedding
from llmproc.checkpoints.model_file import open_model
from llmproc.checkpoints.multipliers import with_embedding_multiplier_alone
from llmproc.checkpoints.runnable import unsupported
from llmproc.checkpoints.weights import Weights
from llmproc.errors import CheckpointError

FOUR = {
    "embedding_multiplier": 12.0, "residual_multiplier": 0.25, "attention_multiplier": 0.5, "logits_scaling": 4.0,
}  # fmt: skip
READ = Multipliers(12.0, 0.25, 0.5, 0.25)


def of_gguf(folder: Path, architecture: str, **values: float) -> Multipliers:
    pairs, tensors = gguf_files.small_model(architecture)
    more = {f"{architecture}.{key.replace('__', '.')}": (F32, value) for key, value in values.items()}
    (folder / "m.gguf").write_bytes(gguf_files.gguf_bytes({**pairs, **more}, tensors))
    return open_model(folder / "m.gguf").description.features.multipliers


def test_those_of_a_folder(tmp_path: Path) -> None:
    description = opening_folders.opened(tmp_path, "granite", FOUR).description
    assert description.features.multipliers == READ and unsupported(description)[-1] == "multipliers"
    plain = opening_folders.opened(tmp_path, "granite").description.features.multipliers
    assert plain == Multipliers(attention=1.0), "a missing attention_multiplier is 1, not 1 / sqrt(head_dim)"
    assert opening_folders.opened(tmp_path, "llama", FOUR).description.features.multipliers == Multipliers()


def test_those_of_gguf(tmp_path: Path) -> None:
    found = of_gguf(
        tmp_path, "granite", embedding_scale=12.0, residual_scale=0.25, attention__scale=0.5, logit_scale=4.0
    )
    assert found == READ
    assert of_gguf(tmp_path, "granite") == Multipliers(), "in GGUF a missing scale of scores is 1 / sqrt(head_dim)"
    assert of_gguf(tmp_path, "granite", attention__scale=0.0, embedding_scale=0.0) == Multipliers()
    assert of_gguf(tmp_path, "llama", embedding_scale=12.0) == Multipliers()


@pytest.mark.parametrize("key", FOUR)
@pytest.mark.parametrize("value", [0, -1, 1e7, None, "1", True])
def test_what_no_multiplier_can_be_is_refused(tmp_path: Path, key: str, value: Any) -> None:
    assert f"config.json: {key} is" in opening_folders.refused(tmp_path, "granite", {key: value})


@pytest.mark.parametrize("value", [-1.0, 1e7, 1e-7, float("nan"), float("inf")])
def test_nor_in_gguf(tmp_path: Path, value: float) -> None:
    with pytest.raises(CheckpointError, match=r"granite\.residual_scale is"):
        of_gguf(tmp_path, "granite", residual_scale=value)


@pytest.mark.parametrize("value", [None, 0.0])
def test_logits_must_be_divided_by_something(tmp_path: Path, value: float | None) -> None:
    pairs, tensors = gguf_files.small_model("granite")
    del pairs["granite.logit_scale"]
    more: gguf_files.Pairs = {} if value is None else {"granite.logit_scale": (F32, value)}
    (tmp_path / "m.gguf").write_bytes(gguf_files.gguf_bytes({**pairs, **more}, tensors))
    with pytest.raises(CheckpointError, match=r"granite\.logit_scale is"):
        open_model(tmp_path / "m.gguf")


def loaded(folder: Path, name: str) -> tuple[ModelDescription, Weights]:
    model = open_model(MODELS[name].write(folder / "model"))
    return model.description, model.load().weights


@pytest.mark.parametrize("name", [name for name, made in MODELS.items() if made.model_type == "granite"])
def test_one_multiplier_is_enough(tmp_path: Path, name: str) -> None:
    model = loaded(tmp_path, name)
    folded = with_embedding_multiplier_alone(*model)
    left = folded[0].features.multipliers
    assert left == Multipliers(embedding=left.embedding) and left.embedding != model[0].features.multipliers.embedding
    tokens = tokens_of(name)
    found = logits_of(*folded, tokens)
    assert worst(found, golden_arrays()[f"{name}: logits"]) <= BOUND
    assert worst(found, logits_of(*model, tokens)) < 1e-6, "the last norm is rounded to float32"
    wrong = dataclasses.replace(folded[0], norm_eps=model[0].norm_eps)
    assert worst(logits_of(wrong, folded[1], tokens), found) > 1e-6, "the epsilon counts"


FACTOR = st.floats(0.01, 100)


@given(FACTOR, FACTOR, st.none() | FACTOR, FACTOR, st.integers(0, 2**31))
@settings(max_examples=20, deadline=None)
def test_any_multipliers(embedding: float, residual: float, attention: float | None, logits: float, seed: int) -> None:
    from engine.naive_models import random_model  # a plain model

    d, weights = random_model(seed, "f32")
    several = Multipliers(embedding, residual, attention, logits)
    d = dataclasses.replace(d, features=dataclasses.replace(d.features, multipliers=several))
    tokens = np.random.default_rng(seed).integers(0, d.vocab_size, 9)
    expected = logits_of(d, weights, tokens)
    assert worst(logits_of(*with_embedding_multiplier_alone(d, weights), tokens), expected) < 1e-5


def test_a_model_without_is_left_alone(tmp_path: Path) -> None:
    d, weights = loaded(tmp_path, "smollm3")
    found = with_embedding_multiplier_alone(d, weights)
    assert found[0] is d and found[1] is weights


@pytest.mark.parametrize(
    "features",
    [
        ModelFeatures(query_key_norm=True, multipliers=Multipliers(residual=2.0)),
        ModelFeatures(no_rope_layers=(1,), multipliers=Multipliers(attention=2.0)),
    ],
)
def test_where_it_would_change_logits_it_is_refused(tmp_path: Path, features: ModelFeatures) -> None:
    d, weights = loaded(tmp_path, "granite")
    with pytest.raises(ValueError, match="multipliers beside norms of queries and keys, or beside layers without RoPE"):
        with_embedding_multiplier_alone(dataclasses.replace(d, features=features), weights)
    harmless = ModelFeatures(rope=RotaryEmbedding(), query_key_norm=True, multipliers=Multipliers(embedding=2.0))
    kept = with_embedding_multiplier_alone(dataclasses.replace(d, features=harmless), weights)[0].features
    assert kept.multipliers == Multipliers(embedding=2.0)
