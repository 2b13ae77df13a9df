"""GGUF's names of tensors. A table, used by reader and writer."""

from __future__ import annotations

NAMES = {
    "embedding": "token_embd", "final_norm": "output_norm", "classifier": "output",
    "attention_norm": "attn_norm", "wq": "attn_q", "wk": "attn_k", "wv": "attn_v", "wo": "attn_output",
    "ffn_norm": "ffn_norm", "w1": "ffn_gate", "w2": "ffn_down", "w3": "ffn_up",
    "q_norm": "attn_q_norm", "k_norm": "attn_k_norm",
}  # fmt: skip
ROPE_DIVISORS = "rope_freqs.weight"


def file_name(ours: str, layer: int | None, part: str = "weight") -> str:
    """Return the name in the file; `part` is `weight` or `bias`."""
    return f"{NAMES[ours]}.{part}" if layer is None else f"blk.{layer}.{NAMES[ours]}.{part}"
