"""The models of the parity tests: one folder of Hugging Face's for each, random and small, every feature in some.

Used by the test and by the script that asked transformers for their logits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from checkpoints.hugging_face_folders import Arrays, small_arrays, stored, write_folder

GOLDEN = Path(__file__).parent / "parity_golden" / "parity.npz"
BOUND = 1e-4  # of the largest |logit| of a position
POSITIONS = 300
CONTEXT = 512
LLAMA3 = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0}
OLD_YARN = {"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 64}
LONGROPE = {"rope_type": "longrope", "short_factor": [1.0, 1.5, 2.0, 3.0], "long_factor": [4.0] * 4}


@dataclass(frozen=True)
class ParityModel:
    """One model: how its folder is made. `biases`: of the tensors that llama's own flags add."""

    model_type: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)
    biases: tuple[str, ...] = ()
    own_output: bool = False

    def all_sizes(self) -> dict[str, int]:
        base = {"dim": 24, "hidden": 40, "layers": 2, "heads": 4, "kv_heads": 2, "head_dim": 8, "vocab": 12}
        return {**base, "context": CONTEXT, **self.sizes}

    def arrays(self) -> Arrays:
        """Every tensor: matrices of a size at which attention looks at some positions more than at others."""
        sizes = self.all_sizes()
        found: Arrays = {}
        for name, (_, array) in small_arrays(self.model_type, 7, "F32", **sizes).items():
            if array.ndim == 2:
                found[name] = stored(array * (1.6 / np.sqrt(array.shape[1])))
            else:
                found[name] = stored(array * 0.3 if name.endswith("bias") else 1 + 0.2 * array)
        random = np.random.default_rng(8)
        for layer in range(sizes["layers"]):
            for part in self.biases:
                name = f"model.layers.{layer}.{part}"
                rows = found[f"{name}.weight"][1].shape[0]
                found[f"{name}.bias"] = stored(random.standard_normal((rows,)) * 0.3)
        if self.own_output:
            found["lm_head.weight"] = stored(random.standard_normal((sizes["vocab"], sizes["dim"])) * 0.4)
        return found

    def write(self, folder: Path) -> Path:
        """Write the folder."""
        changes = {**self.changes, **({"tie_word_embeddings": False} if self.own_output else {})}
        return write_folder(folder, self.model_type, changes, self.arrays(), **self.all_sizes())


ATTENTION = tuple(f"self_attn.{name}_proj" for name in "qkvo")
MLP = tuple(f"mlp.{name}_proj" for name in ("gate", "up", "down"))
MODELS: dict[str, ParityModel] = {
    "llama, one key head a head": ParityModel("llama", {"rope_theta": 500.0}, {"kv_heads": 4}),
    "llama, llama3 scaling, groups of 8": ParityModel(
        "llama",
        {"rope_scaling": {**LLAMA3, "original_max_position_embeddings": 64}, "rope_theta": 10000.0},
        {"heads": 8, "kv_heads": 1, "head_dim": 4},
    ),
    "llama, linear scaling, 3 heads": ParityModel(
        "llama", {"rope_scaling": {"type": "linear", "factor": 4.0}}, {"heads": 3, "kv_heads": 1}
    ),
    "llama, all biases, own output": ParityModel(
        "llama", {"attention_bias": True, "mlp_bias": True}, biases=(*ATTENTION, *MLP), own_output=True
    ),
    "llama, biases of attention alone, 9 heads over 3": ParityModel(
        "llama", {"attention_bias": True},
        {"dim": 45, "hidden": 51, "heads": 9, "kv_heads": 3, "head_dim": 6}, biases=ATTENTION,
    ),
    "llama, biases of the feed-forward alone, whole vectors": ParityModel(
        "llama", {"mlp_bias": True}, {"dim": 64, "hidden": 96, "head_dim": 32}, biases=MLP, own_output=True
    ),
    "llama, yarn in the new form": ParityModel(
        "llama",
        {
            "rope_parameters": {
                "rope_type": "yarn", "rope_theta": 1000.0, "factor": 4.0, "original_max_position_embeddings": 64,
                "beta_fast": 8.0, "beta_slow": 2.0,
            }
        },
    ),
    "llama, dynamic": ParityModel("llama", {"rope_scaling": {"type": "dynamic", "factor": 4.0}}),
    "llama, longrope": ParityModel(
        "llama", {"rope_parameters": {**LONGROPE, "rope_theta": 500.0, "original_max_position_embeddings": 400}}
    ),
    "mistral, window of 8": ParityModel("mistral", {"sliding_window": 8}),
    "mistral, null window": ParityModel("mistral", {"sliding_window": None, "rope_theta": 1e6}),
    "qwen2, groups of 3": ParityModel("qwen2", sizes={"heads": 6, "kv_heads": 2}),
    "qwen2, window in later layers": ParityModel(
        "qwen2", {"use_sliding_window": True, "sliding_window": 16, "max_window_layers": 1, "head_dim": ...},
        {"dim": 32},
    ),
    "qwen3, yarn": ParityModel("qwen3", {"rope_scaling": OLD_YARN}, {"head_dim": 16}, own_output=True),
    "qwen3, layer types": ParityModel(
        "qwen3",
        {
            "use_sliding_window": True, "sliding_window": 32,
            "layer_types": ["sliding_attention", "full_attention", "sliding_attention"],
        },
        {"layers": 3},
    ),
    "qwen3, window in later layers": ParityModel(
        "qwen3", {"use_sliding_window": True, "sliding_window": 16, "max_window_layers": 2},
        {"layers": 3, "heads": 5, "kv_heads": 1, "head_dim": 10}, own_output=True,
    ),
    "smollm3": ParityModel("smollm3", {"head_dim": ..., "pad_token_id": None}, {"dim": 32, "layers": 4}),
    "smollm3, a list of its own": ParityModel(
        "smollm3", {"no_rope_layers": [0, 1, 1], "head_dim": ..., "rope_theta": 100.0, "pad_token_id": None},
        {"dim": 32, "layers": 3},
    ),
    "granite": ParityModel(
        "granite",
        {
            "embedding_multiplier": 1.25, "residual_multiplier": 0.75, "attention_multiplier": 0.5,
            "logits_scaling": 0.125, "head_dim": ...,
        },
        {"dim": 32},
    ),
    "granite, all biases, own output": ParityModel(
        "granite",
        {
            "attention_bias": True, "mlp_bias": True, "embedding_multiplier": 3, "residual_multiplier": 1.5,
            "rope_theta": 500.0,
        },
        {"heads": 3, "kv_heads": 1}, biases=(*ATTENTION, *MLP), own_output=True,
    ),
}  # fmt: skip


def tokens_of(name: str) -> np.ndarray:
    """300 ids."""
    return np.random.default_rng(len(name)).integers(0, 12, POSITIONS)


def golden_arrays() -> dict[str, np.ndarray]:
    """`NAME: logits` of every model, (positions, vocabulary), and `NAME: sum` of its weights."""
    with np.load(GOLDEN) as arrays:
        return dict(arrays)


def worst(found: np.ndarray, expected: np.ndarray) -> float:
    """The largest difference of a position, as a part of its largest logit."""
    return float((np.abs(found - expected).max(axis=1) / np.abs(expected).max(axis=1)).max())
