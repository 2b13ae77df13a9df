"""Hugging Face folders read: formats.md's rules 9 to 12, and what a right folder gives."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from checkpoints import hugging_face_folders as folders
from checkpoints.hugging_face_folders import small_arrays, stored, write_folder, write_shards
from checkpoints.opening_folders import opened, refused

from llmproc.checkpoints.fingerprint import fingerprint_file
from llmproc.checkpoints.model_file import open_model
from llmproc.errors import CheckpointError

OURS = {
    "attention_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm", "wq": "self_attn.q_proj",
    "wk": "self_attn.k_proj", "wv": "self_attn.v_proj", "wo": "self_attn.o_proj", "w1": "mlp.gate_proj",
    "w2": "mlp.down_proj", "w3": "mlp.up_proj",
}  # fmt: skip


def test_what_is_known_without_loading(tmp_path: Path) -> None:
    model, d = opened(tmp_path), opened(tmp_path).description
    assert (model.path, model.format, model.version, model.notes) == (tmp_path, "Hugging Face", "safetensors", ())
    assert model.size == (tmp_path / "model.safetensors").stat().st_size
    assert (d.dim, d.hidden_dim, d.n_layers, d.n_heads, d.n_kv_heads, d.head_dim) == (32, 64, 2, 4, 2, 8)
    assert (d.vocab_size, d.seq_len, d.weight_type, d.group_size, d.end_tokens) == (20, 64, "f32", 0, (2,))
    assert d.shared_classifier and d.norm_eps == 1e-5
    assert (d.features.architecture, d.features.rope.pairs) == ("llama", "half-split")


@pytest.mark.parametrize("model_type", ["llama", "mistral", "qwen2", "qwen3", "smollm3", "granite"])
def test_every_tensor_comes_to_its_place(tmp_path: Path, model_type: str) -> None:
    model = opened(tmp_path, model_type)
    arrays, loaded = small_arrays(model_type), model.load()
    assert loaded.fingerprint == model.fingerprint() == fingerprint_file(tmp_path / "model.safetensors")
    w = loaded.weights
    assert np.array_equal(w.embedding, arrays["model.embed_tokens.weight"][1]) and w.classifier is w.embedding
    assert np.array_equal(w.final_norm, arrays["model.norm.weight"][1])
    for number, layer in enumerate(w.layers):
        for ours, theirs in OURS.items():
            assert np.array_equal(getattr(layer, ours), arrays[f"model.layers.{number}.{theirs}.weight"][1]), ours
        assert set(layer.biases) == ({"wq", "wk", "wv"} if model_type == "qwen2" else set())
        for ours, bias in layer.biases.items():
            assert np.array_equal(bias, arrays[f"model.layers.{number}.{OURS[ours]}.bias"][1])
        assert (layer.q_norm is not None) == (layer.k_norm is not None) == (model_type == "qwen3")
        if layer.k_norm is not None:
            assert np.array_equal(layer.k_norm, arrays[f"model.layers.{number}.self_attn.k_norm.weight"][1])


def test_numpy_stays_out(tmp_path: Path) -> None:
    write_folder(tmp_path)
    code = (
        "import sys; from llmproc.checkpoints.model_file import open_model\n"
        f"model = open_model({str(tmp_path)!r}); model.fingerprint(); print({{'numpy', 'numba'}} & set(sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"


def with_head(dtype: str = "F32") -> folders.Arrays:
    return {**small_arrays(), "lm_head.weight": stored(np.full((20, 32), 0.5), dtype)}


@pytest.mark.parametrize("tied", [True, False, ...])
def test_rule_09_lm_head_counts_whatever_the_flag_says(tmp_path: Path, tied: Any) -> None:
    model = opened(tmp_path, changes={"tie_word_embeddings": tied}, arrays=with_head())
    assert not model.description.shared_classifier and (model.load().weights.classifier == 0.5).all()


def test_rule_09_without_lm_head_the_embedding_if_tied(tmp_path: Path) -> None:
    assert opened(tmp_path).description.shared_classifier
    for flag in (False, ...):
        message = refused(tmp_path, changes={"tie_word_embeddings": flag})
        assert "lm_head.weight is missing" in message and "would be invented" in message
    assert "must be true or false" in refused(tmp_path, changes={"tie_word_embeddings": 1})


def test_rule_10_the_single_file_before_the_index_and_said(tmp_path: Path) -> None:
    write_shards(write_folder(tmp_path), small_arrays(seed=9))
    (tmp_path / "model.safetensors").write_bytes(folders.safetensors_bytes(small_arrays()))
    model = open_model(tmp_path)
    assert model.notes == ("model.safetensors is read, model.safetensors.index.json beside it is ignored",)
    expected = small_arrays()["model.norm.weight"][1]
    assert np.array_equal(model.load().weights.final_norm, expected)
    for path in tmp_path.glob("model-*"):
        path.unlink()
    assert open_model(tmp_path) == model, "the index may name files that are gone"


def test_rule_10_shards_by_the_index(tmp_path: Path) -> None:
    whole = opened(tmp_path / "whole")
    paths = write_shards(write_folder(tmp_path / "shards"), small_arrays())
    model = open_model(tmp_path / "shards")
    assert model.version == "safetensors in 3 files" and model.size == sum(path.stat().st_size for path in paths)
    assert model.description == whole.description
    expected = small_arrays()["model.layers.1.mlp.up_proj.weight"][1]
    loaded: Any = model.load()
    assert np.array_equal(loaded.weights.layers[1].w3, expected)
    assert loaded.fingerprint == model.fingerprint() != whole.fingerprint()


def test_rule_10_sizes_are_the_tensors(tmp_path: Path) -> None:
    assert opened(tmp_path, changes={"vocab_size": 999}).description.vocab_size == 20
    assert opened(tmp_path, changes={"vocab_size": ...}).description.vocab_size == 20


def test_rule_11_biases_by_tensors_present(tmp_path: Path) -> None:
    assert opened(tmp_path, changes={"attention_bias": True, "mlp_bias": True}).description.features.biases == ()
    arrays = small_arrays()
    for layer in range(2):
        for name, size in (("self_attn.o_proj", 32), ("mlp.down_proj", 32)):
            arrays[f"model.layers.{layer}.{name}.bias"] = stored(np.ones(size))
    changes = {"attention_bias": False}
    assert opened(tmp_path, changes=changes, arrays=arrays).description.features.biases == ("w2", "wo")
    del arrays["model.layers.1.mlp.down_proj.bias"]
    message = refused(tmp_path, arrays=arrays)
    assert "model.layers.1.mlp.down_proj.bias is missing: must be there" in message


@pytest.mark.parametrize(("dtype", "weight_type"), [("F32", "f32"), ("BF16", "f32"), ("F16", "f16")])
def test_rule_12_the_dtype_is_the_headers(tmp_path: Path, dtype: str, weight_type: str) -> None:
    model = opened(tmp_path, changes={"dtype": "float64", "torch_dtype": "int8"}, arrays=small_arrays(dtype=dtype))
    assert model.description.weight_type == weight_type
    w, raw = model.load().weights, small_arrays(dtype=dtype)["model.layers.0.mlp.down_proj.weight"][1]
    wide = (raw.astype("<u4") << 16).view("<f4") if dtype == "BF16" else raw
    assert np.array_equal(w.layers[0].w2, wide) and w.layers[0].w2.dtype == wide.dtype
    assert w.final_norm.dtype == np.float32


def test_rule_12_a_mixture_is_float32(tmp_path: Path) -> None:
    arrays = {**small_arrays(dtype="F16"), "model.embed_tokens.weight": small_arrays()["model.embed_tokens.weight"]}
    model = opened(tmp_path, arrays=arrays)
    assert model.description.weight_type == "f32"
    assert model.load().weights.layers[0].wq.dtype == np.float32


def test_tensors_that_old_files_hold_beside_are_ignored(tmp_path: Path) -> None:
    arrays = {**small_arrays(), "model.layers.1.self_attn.rotary_emb.inv_freq": stored(np.ones(4))}
    assert opened(tmp_path, arrays=arrays).description == opened(tmp_path).description


def test_a_model_type_may_follow_from_the_class(tmp_path: Path) -> None:
    found = opened(tmp_path, "qwen3", {"model_type": ...}).description.features
    assert found.architecture == "qwen3" and found.query_key_norm


def test_a_file_changed_after_it_was_opened_is_refused(tmp_path: Path) -> None:
    model = opened(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(folders.safetensors_bytes(small_arrays(seed=3)))
    with pytest.raises(CheckpointError, match="file is changed"):
        model.load()


def test_a_file_that_changes_while_its_header_is_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = iter(range(100))
    monkeypatch.setattr("llmproc.checkpoints.huggingface.safetensors.identity", lambda status: (0, 0, 0, next(found)))
    assert "file is changed: must not be written to while it is read" in refused(tmp_path)


def test_a_file_that_changes_while_it_is_loaded_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = opened(tmp_path)

    def fingerprint_meanwhile(fds: list[int]) -> str:
        with Path(f"/proc/self/fd/{fds[0]}").open("ab") as file:
            file.write(b"x")
        return ""

    monkeypatch.setattr("llmproc.checkpoints.huggingface.loading.fingerprint_opened", fingerprint_meanwhile)
    with pytest.raises(CheckpointError, match="file is changed"):
        model.load()


@pytest.mark.parametrize("dtype", ["F32", "F16", "BF16"])
def test_nan_is_refused_by_name(tmp_path: Path, dtype: str) -> None:
    array = np.ones((32, 32))
    array[3, 4] = np.nan
    arrays = {**small_arrays(dtype=dtype), "model.layers.1.self_attn.q_proj.weight": stored(array, dtype)}
    with pytest.raises(CheckpointError, match="layer 1 wq is nan at index 100: must be finite"):
        opened(tmp_path, arrays=arrays).load()
