"""The architectures that are read: one row each, whatever the format of the file. A table: no I/O, no NumPy.

A new architecture of this family is a row here. `defaults` are those of the model type in transformers (5.24 and
4.57): what a config.json without the key means; None: derived from other keys, or absent.
In GGUF, files of mistral models say llama.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from llmproc.checkpoints.features import Pairs

WindowRule = Literal["never", "always", "from max_window_layers", "without rope"]
_SHARED = {
    "num_key_value_heads": None, "head_dim": None, "max_position_embeddings": 32768, "rms_norm_eps": 1e-6,
    "rope_theta": 10000.0, "tie_word_embeddings": False, "sliding_window": None, "hidden_act": "silu",
    "embedding_multiplier": 1.0, "residual_multiplier": 1.0, "attention_multiplier": 1.0, "logits_scaling": 1.0,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Architecture:
    """One architecture: how its files differ from those of the others."""

    name: str  # model_type in config.json, general.architecture in GGUF
    class_name: str  # in config.json's architectures
    gguf_pairs: Pairs | None  # how GGUF files store rows of q and k (Hugging Face's are half-split); None: not there
    query_key_norm: bool = False
    window: WindowRule = "never"
    no_rope_interval: int = 0  # every n-th layer is without RoPE, where the file does not list them
    multipliers: bool = False  # the file may state those of `features.Multipliers`
    defaults: Mapping[str, Any] = field(default_factory=dict)

    def default(self, key: str) -> Any:
        """Return what a config.json without `key` means."""
        return self.defaults.get(key, _SHARED[key])


ARCHITECTURES: Mapping[str, Architecture] = {
    row.name: row
    for row in (
        Architecture("llama", "LlamaForCausalLM", "interleaved", defaults={"max_position_embeddings": 2048}),
        Architecture(
            "mistral", "MistralForCausalLM", None, window="always",
            defaults={"num_key_value_heads": 8, "sliding_window": 4096, "max_position_embeddings": 131072},
        ),
        Architecture(
            "qwen2", "Qwen2ForCausalLM", "half-split", window="from max_window_layers",
            defaults={"num_key_value_heads": 32, "sliding_window": 4096},
        ),
        Architecture(
            "qwen3", "Qwen3ForCausalLM", "half-split", query_key_norm=True, window="from max_window_layers",
            defaults={"num_key_value_heads": 32, "head_dim": 128, "sliding_window": 4096},
        ),
        Architecture(
            "smollm3", "SmolLM3ForCausalLM", "interleaved", window="without rope", no_rope_interval=4,
            defaults={"num_key_value_heads": 4, "rope_theta": 2e6, "tie_word_embeddings": True},
        ),
        Architecture(
            "granite", "GraniteForCausalLM", "interleaved", multipliers=True,
            defaults={"max_position_embeddings": 2048},
        ),
    )
}  # fmt: skip


def read_architectures(gguf: bool) -> str:
    """Return the names of the architectures that are read, for messages. `gguf`: those in GGUF files."""
    return ", ".join(name for name, row in ARCHITECTURES.items() if row.gguf_pairs or not gguf)
