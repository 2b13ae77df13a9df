"""config.json and generation_config.json as transformers 5 writes them, from a description. No I/O, no NumPy.

Used by synthetic models. `config` and `rope` read the same keys back.
"""

from __future__ import annotations

from typing import Any

from llmproc.checkpoints.architectures import ARCHITECTURES
from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.rope_scaling import Llama3Scaling

_VERSION = "5.24.0"
_DTYPES = {"F32": "float32", "F16": "float16", "BF16": "bfloat16"}


def config_json(
    description: ModelDescription, scaling: Llama3Scaling | None, dtype: str, bos: int | None
) -> dict[str, Any]:
    """Return the content of config.json. `dtype`: of the weights; `scaling`: of RoPE, None for none."""
    d = description
    architecture = ARCHITECTURES[d.features.architecture]
    common = {
        "architectures": [architecture.class_name],
        "attention_dropout": 0.0,
        "bos_token_id": bos,
        "dtype": _DTYPES[dtype],
        "eos_token_id": d.end_tokens[0] if d.end_tokens else None,
        "head_dim": d.head_dim,
        "hidden_act": "silu",
        "hidden_size": d.dim,
        "initializer_range": 0.02,
        "intermediate_size": d.hidden_dim,
        "max_position_embeddings": d.seq_len,
        "model_type": architecture.name,
        "num_attention_heads": d.n_heads,
        "num_hidden_layers": d.n_layers,
        "num_key_value_heads": d.n_kv_heads,
        "rms_norm_eps": d.norm_eps,
        "rope_parameters": _rope(d, scaling),
        "tie_word_embeddings": d.shared_classifier,
        "transformers_version": _VERSION,
        "use_cache": True,
        "vocab_size": d.vocab_size,
    }
    return dict(sorted({**common, **_own(d)}.items()))


def generation_json(description: ModelDescription, bos: int | None) -> dict[str, Any]:
    """Return the content of generation_config.json."""
    ends = list(description.end_tokens)
    return {
        "_from_model_config": True,
        "bos_token_id": bos,
        "eos_token_id": ends[0] if len(ends) == 1 else ends,
        "transformers_version": _VERSION,
    }


def _rope(d: ModelDescription, scaling: Llama3Scaling | None) -> dict[str, Any]:
    if scaling is None:
        return {"rope_theta": d.rope_theta, "rope_type": "default"}
    return {
        "factor": scaling.factor,
        "high_freq_factor": scaling.high_frequency_factor,
        "low_freq_factor": scaling.low_frequency_factor,
        "original_max_position_embeddings": scaling.original_length,
        "rope_theta": d.rope_theta,
        "rope_type": "llama3",
    }


def _own(d: ModelDescription) -> dict[str, Any]:
    """Return the keys that belong to one architecture."""
    features = d.features
    full = ["full_attention"] * d.n_layers
    qwen = {"layer_types": full, "max_window_layers": 28, "sliding_window": None, "use_sliding_window": False}
    without = [int(layer not in features.no_rope_layers) for layer in range(d.n_layers)]
    own: dict[str, dict[str, Any]] = {
        "llama": {"attention_bias": False, "mlp_bias": False, "pretraining_tp": 1},
        "granite": {
            "embedding_multiplier": features.multipliers.embedding,
            "residual_multiplier": features.multipliers.residual,
            "attention_multiplier": features.multipliers.attention or d.head_dim**-0.5,
            "logits_scaling": 1 / features.multipliers.logits,
        },
        "mistral": {"sliding_window": max(features.windows, default=0) or None},
        "qwen2": qwen,
        "qwen3": {**qwen, "attention_bias": False},
        "smollm3": {
            "attention_bias": False, "layer_types": full, "mlp_bias": False, "no_rope_layer_interval": 4,
            "no_rope_layers": without, "pad_token_id": None, "sliding_window": None, "use_sliding_window": False,
        },
    }  # fmt: skip
    return own[features.architecture]
