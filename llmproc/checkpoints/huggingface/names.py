"""Hugging Face's names of tensors, the same for all architectures that are read. A table."""

from __future__ import annotations

import re

SINGLE = {"embedding": "model.embed_tokens", "final_norm": "model.norm", "classifier": "lm_head"}
OF_LAYER = {
    "attention_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm",
    "wq": "self_attn.q_proj", "wk": "self_attn.k_proj", "wv": "self_attn.v_proj", "wo": "self_attn.o_proj",
    "w1": "mlp.gate_proj", "w2": "mlp.down_proj", "w3": "mlp.up_proj",
    "q_norm": "self_attn.q_norm", "k_norm": "self_attn.k_norm",
}  # fmt: skip
IGNORED = re.compile(r"model\.layers\.\d+\.self_attn\.rotary_emb\.inv_freq")  # old Llama files: computed anyway


def file_name(ours: str, layer: int | None, part: str = "weight") -> str:
    """Return the name in the file; `part` is `weight` or `bias`."""
    return f"{SINGLE[ours]}.{part}" if layer is None else f"model.layers.{layer}.{OF_LAYER[ours]}.{part}"
