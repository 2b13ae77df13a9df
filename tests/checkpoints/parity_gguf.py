"""The models of the parity tests as GGUF files: rows in GGUF's order, metadata as convert_hf_to_gguf writes it."""

from __future__ import annotations

import numpy as np
from checkpoints import gguf_files
from checkpoints.gguf_files import F32, STRING, U32
from checkpoints.parity_models import ParityModel

GGUF_NAMES = {
    "model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output",
    "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm", "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
    "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm", "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
}  # fmt: skip


def gguf_name(theirs: str) -> str:
    stem, _, part = theirs.rpartition(".")
    if not stem.startswith("model.layers."):
        return f"{GGUF_NAMES[stem]}.{part}"
    _, _, layer, rest = stem.split(".", 3)
    return f"blk.{layer}.{GGUF_NAMES[rest]}.{part}"


def interleaved(array: np.ndarray, heads: int) -> np.ndarray:
    """The rows of half-split heads in the order of neighbouring pairs, as convert_hf_to_gguf permutes them."""
    rows = array.shape[0] // heads
    return array.reshape(heads, 2, rows // 2, *array.shape[1:]).swapaxes(1, 2).reshape(array.shape)


def as_gguf(made: ParityModel, architecture: str, more: gguf_files.Pairs, permuted: bool) -> bytes:
    sizes = made.all_sizes()
    tensors = {}
    for name, (_, array) in made.arrays().items():
        of_heads = {"q_proj": sizes["heads"], "k_proj": sizes["kv_heads"]}.get(name.split(".")[-2], 0)
        tensors[gguf_name(name)] = gguf_files.floats(interleaved(array, of_heads) if of_heads and permuted else array)
    if "llama3" in str(made.changes):
        tensors["rope_freqs.weight"] = gguf_files.floats(LLAMA3_DIVISORS)
    pairs = gguf_files.small_pairs(architecture, **{**sizes, "context": 512})
    return gguf_files.gguf_bytes({**pairs, **more}, tensors)


LLAMA3_DIVISORS = np.array([1, 8])  # of the one model that has it: its pairs turn in 2 pi and 200 pi positions, not 64


def theta(architecture: str, value: float) -> gguf_files.Pairs:
    return {f"{architecture}.rope.freq_base": (F32, value)}


YARN: gguf_files.Pairs = {
    "qwen3.rope.scaling.type": (STRING, "yarn"), "qwen3.rope.scaling.factor": (F32, 4.0),
    "qwen3.rope.scaling.original_context_length": (U32, 64),
}  # fmt: skip
GRANITE: gguf_files.Pairs = {
    "granite.embedding_scale": (F32, 1.25), "granite.residual_scale": (F32, 0.75),
    "granite.attention.scale": (F32, 0.5), "granite.logit_scale": (F32, 0.125),
}  # fmt: skip
GGUF: dict[str, tuple[str, gguf_files.Pairs, bool]] = {
    "llama, one key head a head": ("llama", theta("llama", 500.0), True),
    "llama, llama3 scaling, groups of 8": ("llama", {}, True),
    "llama, linear scaling, 3 heads": ("llama", {"llama.rope.scaling.factor": (F32, 4.0)}, True),
    "llama, all biases, own output": ("llama", {}, True),
    "mistral, window of 8": ("llama", {"llama.attention.sliding_window": (U32, 8)}, True),
    "qwen2, groups of 3": ("qwen2", {}, False),
    "qwen3, yarn": ("qwen3", YARN, False),
    "smollm3": ("smollm3", theta("smollm3", 2e6), True),
    "granite": ("granite", GRANITE, True),
}
