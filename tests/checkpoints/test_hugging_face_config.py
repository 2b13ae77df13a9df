"""config.json and generation_config.json: formats.md's rules 3 and 6 to 8."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from checkpoints.opening_folders import opened, refused


def generation(folder: Path, **values: Any) -> None:
    (folder / "generation_config.json").write_text(json.dumps(values))


@pytest.mark.parametrize(("value", "ends"), [(3, (3,)), ([7, 3], (3, 7)), (None, ()), (..., ()), ([], ()), (3.0, (3,))])
def test_rule_03_without_a_generation_config_config_json_counts(tmp_path: Path, value: Any, ends: tuple[int]) -> None:
    model = opened(tmp_path, changes={"eos_token_id": value})
    assert model.description.end_tokens == ends and model.notes == ()


def test_rule_03_a_generation_config_replaces_it(tmp_path: Path) -> None:
    generation(tmp_path, eos_token_id=[9, 4])
    assert opened(tmp_path).description.end_tokens == (4, 9)
    generation(tmp_path, eos_token_id=9)
    assert opened(tmp_path).description.end_tokens == (9,)


@pytest.mark.parametrize("values", [{}, {"eos_token_id": None}, {"top_p": 0.9}])
def test_rule_03_missing_there_it_is_config_jsons_and_said(tmp_path: Path, values: dict[str, Any]) -> None:
    generation(tmp_path, **values)
    model = opened(tmp_path)
    assert model.description.end_tokens == (2,)
    assert model.notes == ("generation_config.json names no eos_token_id: that of config.json ends a text ([2])",)


@pytest.mark.parametrize("value", [20, -1, "2", True, 2.5, [2, None], list(range(20)) * 60])
def test_rule_03_an_end_that_is_not_a_token_is_refused(tmp_path: Path, value: Any) -> None:
    assert "config.json: eos_token_id is" in refused(tmp_path, changes={"eos_token_id": value})


def test_rule_06_a_mistral_file_without_sliding_window_has_4096(tmp_path: Path) -> None:
    assert opened(tmp_path, "mistral").description.features.windows == (4096, 4096)
    assert opened(tmp_path, "mistral", {"sliding_window": None}).description.features.windows == ()
    assert opened(tmp_path, "llama", {"sliding_window": 8}).description.features.windows == ()


def test_rule_06_qwen2_without_kv_heads_has_32(tmp_path: Path) -> None:
    message = refused(tmp_path, "qwen2", {"num_key_value_heads": ...})
    assert "num_key_value_heads is 32: must divide the 4 query heads" in message


def test_rule_06_other_defaults_by_model_type(tmp_path: Path) -> None:
    assert "num_key_value_heads is 8" in refused(tmp_path, "mistral", {"num_key_value_heads": ...})
    assert "q_proj.weight: shape is [32, 32]: must be [512, 32]" in refused(tmp_path, "qwen3", {"head_dim": ...})
    missing = {"num_key_value_heads": ..., "head_dim": ..., "rms_norm_eps": ..., "max_position_embeddings": ...}
    d = opened(tmp_path, "llama", missing, kv_heads=4).description
    assert (d.n_kv_heads, d.head_dim, d.norm_eps, d.seq_len) == (4, 8, 1e-6, 2048)
    smollm3 = {"num_key_value_heads": ..., "tie_word_embeddings": ..., "max_position_embeddings": ...}
    d = opened(tmp_path, "smollm3", smollm3, kv_heads=4).description
    assert (d.n_kv_heads, d.shared_classifier, d.seq_len, d.rope_theta) == (4, True, 32768, 2e6)
    assert opened(tmp_path, "qwen2", {"num_key_value_heads": None}, kv_heads=4).description.n_kv_heads == 4
    assert opened(tmp_path, "qwen3", {"head_dim": None}).description.head_dim == 8


QWEN: dict[str, Any] = {"use_sliding_window": True, "sliding_window": 8}


@pytest.mark.parametrize(
    ("changes", "windows"),
    [
        ({"sliding_window": 8}, ()),
        ({"sliding_window": 8, "use_sliding_window": False, "max_window_layers": 0}, ()),
        ({**QWEN}, ()),  # max_window_layers is 28
        ({**QWEN, "max_window_layers": 2}, (0, 0, 8)),
        ({**QWEN, "max_window_layers": 0}, (8, 8, 8)),
        ({**QWEN, "sliding_window": None, "max_window_layers": 0}, ()),
        ({**QWEN, "max_window_layers": 0, "layer_types": ["full_attention", "sliding_attention"] * 2}, None),
        (
            {**QWEN, "max_window_layers": 0, "layer_types": ["full_attention", "sliding_attention", "full_attention"]},
            (0, 8, 0),
        ),
        ({**QWEN, "layer_types": ["full_attention"] * 3}, ()),
        ({**QWEN, "layer_types": ["chunked_attention"] * 3}, None),
        ({**QWEN, "layer_types": [["full_attention"]] * 3}, None),
        ({**QWEN, "layer_types": {}}, None),
        ({**QWEN, "sliding_window": 0}, None),
        ({**QWEN, "use_sliding_window": 1}, None),
    ],
)
@pytest.mark.parametrize("model_type", ["qwen2", "qwen3"])
def test_rule_07_windows_of_qwen(
    tmp_path: Path, model_type: str, changes: dict[str, Any], windows: tuple[int, ...] | None
) -> None:
    if windows is None:
        assert "config.json: " in refused(tmp_path, model_type, changes, layers=3)
    else:
        assert opened(tmp_path, model_type, changes, layers=3).description.features.windows == windows


@pytest.mark.parametrize(
    ("changes", "without"),
    [
        ({}, (3, 7)),
        ({"no_rope_layer_interval": 2}, (1, 3, 5, 7)),
        ({"no_rope_layers": [0, 1, 1, 1, 1, 1, 1, 0]}, (0, 7)),
        ({"no_rope_layers": [1] * 8}, ()),
        ({"no_rope_layers": None}, (3, 7)),
    ],
)
def test_rule_08_one_means_with_rope(tmp_path: Path, changes: dict[str, Any], without: tuple[int, ...]) -> None:
    assert opened(tmp_path, "smollm3", changes, layers=8).description.features.no_rope_layers == without
    assert opened(tmp_path, "llama", changes, layers=8).description.features.no_rope_layers == ()


@pytest.mark.parametrize("listed", [[1] * 7, "1111", [1, 1, 1, 1, 1, 1, 1, None], 3])
def test_rule_08_a_list_that_does_not_fit_is_refused(tmp_path: Path, listed: Any) -> None:
    assert "no_rope_layers is" in refused(tmp_path, "smollm3", {"no_rope_layers": listed}, layers=8)


def test_windows_of_smollm3_are_in_layers_without_rope(tmp_path: Path) -> None:
    found = opened(tmp_path, "smollm3", QWEN, layers=4).description.features
    assert found.windows == (0, 0, 0, 8) and found.no_rope_layers == (3,)
