"""Files as transformers 5.24 and gguf-py 0.19 wrote them, kept in written_golden: read, they are what was written."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from checkpoints.gguf_files import small_arrays
from checkpoints.hugging_face_folders import safetensors_bytes
from checkpoints.parity_models import MODELS

from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.gguf.model_file import GgufFile
from llmproc.checkpoints.model_file import open_model

GOLDEN = Path(__file__).parent / "written_golden"
CONFIGS: dict[str, dict[str, Any]] = json.loads((GOLDEN / "configs.json").read_text())
SAVED = "llama, one key head a head"


def same(one: ModelDescription, other: ModelDescription) -> bool:
    """Equal, the frequencies up to the last bits: 10000 and 10000.0 are the same theta."""
    assert one.inverse_frequencies() == pytest.approx(other.inverse_frequencies(), rel=1e-12)
    return one == other


def test_all_models_were_saved() -> None:
    assert CONFIGS.keys() == MODELS.keys()
    assert all("rope_parameters" in config and "rope_theta" not in config for config in CONFIGS.values())
    assert all(config["dtype"] == "float32" for config in CONFIGS.values())


@pytest.mark.parametrize("name", MODELS)
def test_the_new_form_of_a_config_describes_the_same_model(tmp_path: Path, name: str) -> None:
    old = open_model(MODELS[name].write(tmp_path / "old"))
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "config.json").write_text(json.dumps(CONFIGS[name]))
    (tmp_path / "new" / "model.safetensors").write_bytes(safetensors_bytes(MODELS[name].arrays()))
    assert same(open_model(tmp_path / "new").description, old.description)


def saved(folder: Path) -> Path:
    (folder / "config.json").write_text(json.dumps(CONFIGS[SAVED]))
    shutil.copyfile(GOLDEN / "generation_config.json", folder / "generation_config.json")
    return folder


def test_a_file_in_bfloat16(tmp_path: Path) -> None:
    shutil.copyfile(GOLDEN / "model.safetensors", saved(tmp_path) / "model.safetensors")
    model = open_model(tmp_path)
    assert model.description.weight_type == "f32" and model.notes == ()
    found: Any = model.load().weights.layers[1].w2
    exact = MODELS[SAVED].arrays()["model.layers.1.mlp.down_proj.weight"][1]
    assert not (found.view(np.uint32) & 0xFFFF).any() and np.abs(found - exact).max() <= np.abs(exact).max() / 256


def test_a_sharded_folder(tmp_path: Path) -> None:
    shutil.copytree(GOLDEN / "shards", tmp_path, dirs_exist_ok=True)
    model = open_model(tmp_path)
    assert model.version.startswith("safetensors in ") and model.notes == ()
    weights: Any = model.load().weights
    arrays = MODELS[SAVED].arrays()
    assert np.array_equal(weights.embedding, arrays["model.embed_tokens.weight"][1])
    assert np.array_equal(weights.layers[1].w3, arrays["model.layers.1.mlp.up_proj.weight"][1])
    whole = open_model(MODELS[SAVED].write(tmp_path / "whole"))
    assert same(model.description, whole.description)


def test_a_file_of_the_gguf_package() -> None:
    model = open_model(GOLDEN / "written.gguf")
    assert isinstance(model, GgufFile) and model.version == "version 3"
    d, metadata = model.description, model.metadata
    assert (d.dim, d.hidden_dim, d.n_layers, d.n_heads, d.n_kv_heads, d.head_dim) == (32, 64, 2, 4, 2, 8)
    assert (d.rope_theta, d.end_tokens, d.weight_type) == (5000.0, (3, 19), "f32")
    assert metadata["general.name"] == "written" and metadata["x.f64"] == 0.1 and metadata["x.i64"] == -5
    assert list(metadata["x.floats"]) == [0.5, 1.5]  # type: ignore[arg-type]
    assert metadata["tokenizer.ggml.add_bos_token"] is False
    tokens, merges = (metadata.strings(f"tokenizer.ggml.{key}") for key in ("tokens", "merges"))
    assert tokens is not None and tokens.texts()[18:] == ["t18", "</s>"]
    assert merges is not None and merges.texts() == ["t 1", "t 2"]


def test_the_values_in_it_are_near_those_that_were_quantised() -> None:
    model = open_model(GOLDEN / "written.gguf")
    assert isinstance(model, GgufFile)
    arrays = small_arrays("llama")
    with model.weight_source() as reader:
        kinds = {reader.type_of(name, layer).name for name in ("wq", "wk", "w1", "w2") for layer in (0, 1)}
        assert kinds == {"Q8_0", "Q4_0"}
        for name, theirs in (("wq", "attn_q"), ("wk", "attn_k"), ("w1", "ffn_gate"), ("w2", "ffn_down")):
            for layer in (0, 1):
                exact = arrays[f"blk.{layer}.{theirs}.weight"]
                steps = 127 if reader.type_of(name, layer).name == "Q8_0" else 8
                error = np.abs(reader.values(name, layer) - exact).max()
                assert 0 < error <= np.abs(exact).max() / steps * 1.01, (name, layer)


def test_descriptions_differ_where_models_do() -> None:
    base = open_model(GOLDEN / "written.gguf").description
    assert not same(base, dataclasses.replace(base, end_tokens=()))
